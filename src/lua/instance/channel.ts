// Go-style channels between the coroutines of an instance, and from the host to them. Sealed.
// C1: waiting receivers and senders are served in the order in which they came.
// C2: select takes the first case that is ready, in the order of its cases; a waiting select leaves no trace in the channels that lost.
// C3: closing wakes all: receivers get `nil, false`, senders an error. What is buffered can still be received.
// C4: the host never waits: `pushFromHost` goes over the capacity rather than lose a value.
// C5: the budget of a step begins anew once for each value that the host has put in, however much of its own the program sends
//     and receives there.
import type { HostCall } from '../instance-context.js';
import { Suspend } from '../suspend.js';
import type { Wait, Wake } from '../suspend.js';
import { defineUserdata, LuaTable } from '../values.js';
import type { HostResult, LuaValue, LuaError } from '../values.js';
import { luaErrorAt, typeName } from './arguments.js';
import { ValueQueue } from './value-queue.js';

const RECEIVED_CLOSED: readonly LuaValue[] = [undefined, false];

export class Channel {
  readonly capacity: number;
  /** What comes here, for people: `a message on 'approve'`; undefined: what the program's coroutines say to each other. */
  readonly brings: string | undefined;
  #buffer: ValueQueue | undefined;
  // Made when somebody waits: many channels are only ever ready.
  #receivers: WaitingLine | undefined;
  #senders: WaitingLine | undefined;
  #closed = false;

  constructor(capacity = 0, brings?: string) {
    this.capacity = capacity;
    this.brings = brings;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Values that can be received at once. */
  get length(): number {
    return this.#buffer === undefined ? 0 : this.#buffer.length;
  }

  get canReceive(): boolean {
    return this.length > 0 || this.#senders?.first !== undefined || this.#closed;
  }

  get canSend(): boolean {
    return this.#closed || this.#receivers?.first !== undefined || this.length < this.capacity;
  }

  /** Puts in a value from outside Lua; false when the channel is closed. `origin`: see `origins`. */
  pushFromHost(value: LuaValue, origin?: object): boolean {
    if (this.#closed) return false;
    const receiver = this.#receivers?.first;
    if (receiver !== undefined) receiver.done(value, true);
    else this.keep(value, origin).brought += 1;
    return true;
  }

  /** Whether a value is about to be received for which the budget begins anew. */
  takeBrought(): boolean {
    const buffer = this.#buffer;
    if (buffer === undefined || buffer.brought === 0 || buffer.length === 0) return false;
    buffer.brought -= 1;
    return true;
  }

  /** Origins of the buffered values that the host put in with one, the oldest first. */
  origins(): object[] {
    return this.#buffer?.origins() ?? [];
  }

  /** The value that is received next; undefined where none is buffered. */
  get oldest(): LuaValue {
    return this.#buffer?.oldest;
  }

  /** `value` takes the place of the `count` oldest ones that are buffered. */
  replaceOldest(count: number, value: LuaValue): void {
    this.#buffer?.replaceOldest(count, value);
  }

  /** `value` takes the place of the buffered one that the host gave with `origin`. */
  replace(origin: object, value: LuaValue, by: object): void {
    this.#buffer?.replace(origin, value, by);
  }

  /** Drops what is buffered. */
  discard(): void {
    this.#buffer = undefined;
  }

  private keep(value: LuaValue, origin?: object): ValueQueue {
    const buffer = (this.#buffer ??= new ValueQueue());
    buffer.push(value, origin);
    return buffer;
  }

  /** Only when `canSend` and not closed. */
  send(value: LuaValue): void {
    const receiver = this.#receivers?.first;
    if (receiver === undefined) this.keep(value);
    else receiver.done(value, true);
  }

  /** Only when `canReceive`. */
  receive(): readonly LuaValue[] {
    const sender = this.#senders?.first;
    if (this.#buffer !== undefined && this.#buffer.length > 0) {
      const value = this.#buffer.shift();
      // A sender that waited for room takes the place that became free.
      if (sender !== undefined && this.length < this.capacity) {
        this.keep(sender.value);
        sender.done(sender.value, true);
      }
      return [value, true];
    }
    if (sender === undefined) return RECEIVED_CLOSED;
    sender.done(sender.value, true);
    return [sender.value, true];
  }

  /** Closing twice does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (let receiver = this.#receivers?.first; receiver !== undefined; receiver = this.#receivers?.first)
      receiver.done(undefined, false);
    for (let sender = this.#senders?.first; sender !== undefined; sender = this.#senders?.first)
      sender.refused();
  }

  waitToReceive(waiter: Waiter): void {
    (this.#receivers ??= new WaitingLine()).add(waiter);
  }

  waitToSend(waiter: Waiter): void {
    (this.#senders ??= new WaitingLine()).add(waiter);
  }
}

export type SelectCase =
  | { readonly op: 'receive'; readonly channel: Channel }
  | { readonly op: 'send'; readonly channel: Channel; readonly value: LuaValue };

/** Which case happened, and with what. */
export interface Selected {
  readonly channel: Channel;
  readonly value: LuaValue;
  readonly ok: boolean;
}

const closedError = (call: HostCall): LuaError => luaErrorAt(call, 'send on a closed channel');

/** The first ready case, done; undefined when all would wait. */
export function selectNow(call: HostCall, cases: readonly SelectCase[]): Selected | undefined {
  for (const one of cases) {
    const { channel } = one;
    if (one.op === 'receive') {
      if (!channel.canReceive) continue;
      if (channel.takeBrought()) call.renewBudget();
      const [value, ok] = channel.receive();
      return { channel, value, ok: ok === true };
    }
    if (!channel.canSend) continue;
    if (channel.closed) throw closedError(call);
    channel.send(one.value);
    return { channel, value: one.value, ok: true };
  }
  return undefined;
}

/** Waits until one of the cases happens; `results` makes what Lua gets of it. */
export function selectLater(
  call: HostCall,
  cases: readonly SelectCase[],
  describe: string,
  results: Results,
): Suspend {
  const sends = cases.some((one) => one.op === 'send');
  const refusal = sends ? closedError(call).value : undefined;
  return new Suspend({ on: 'wait', describe, begin: (wake) => new Selecting(wake, cases, results, refusal) });
}

type Results = (selected: Selected) => readonly LuaValue[];

/** Somebody who waits in one or more channels; taken once. */
class Selecting implements Wait {
  readonly #wake: Wake;
  readonly #results: Results;
  /** What is raised when the channel that a send waits for is closed. */
  readonly #refusal: LuaValue;
  readonly #waiters: readonly CaseWaiter[];

  constructor(wake: Wake, cases: readonly SelectCase[], results: Results, refusal: LuaValue) {
    this.#wake = wake;
    this.#results = results;
    this.#refusal = refusal;
    this.#waiters = cases.map((one) => new CaseWaiter(this, one));
    for (const waiter of this.#waiters) {
      const { channel, op } = waiter.selectCase;
      if (op === 'receive') channel.waitToReceive(waiter);
      else channel.waitToSend(waiter);
    }
  }

  withdraw(): void {
    for (const waiter of this.#waiters) waiter.line?.remove(waiter);
  }

  done(channel: Channel, value: LuaValue, ok: boolean): void {
    this.withdraw();
    this.#wake.done(this.#results({ channel, value, ok }));
  }

  refuse(): void {
    this.withdraw();
    this.#wake.fail(this.#refusal);
  }
}

/** A place in the line of a channel. */
abstract class Waiter {
  line: WaitingLine | undefined = undefined;
  before: Waiter | undefined = undefined;
  after: Waiter | undefined = undefined;
  /** What a send brings. */
  abstract readonly value: LuaValue;
  /** A receive or a send of this waiter has happened. */
  abstract done(value: LuaValue, ok: boolean): void;
  /** The channel that a send waits for was closed. */
  abstract refused(): void;
}

/** One of the cases that somebody waits for. */
class CaseWaiter extends Waiter {
  readonly #selecting: Selecting;
  readonly selectCase: SelectCase;

  constructor(selecting: Selecting, selectCase: SelectCase) {
    super();
    this.#selecting = selecting;
    this.selectCase = selectCase;
  }

  get value(): LuaValue {
    return this.selectCase.op === 'send' ? this.selectCase.value : undefined;
  }

  done(value: LuaValue, ok: boolean): void {
    this.#selecting.done(this.selectCase.channel, value, ok);
  }

  refused(): void {
    this.#selecting.refuse();
  }
}

/** Somebody who waits for one channel, and nothing else: as actors do most of the time. */
class Receiving extends Waiter implements Wait {
  readonly #wake: Wake;

  constructor(wake: Wake, channel: Channel) {
    super();
    this.#wake = wake;
    channel.waitToReceive(this);
  }

  get value(): undefined {
    return undefined;
  }

  withdraw(): void {
    this.line?.remove(this);
  }

  done(value: LuaValue, ok: boolean): void {
    this.withdraw();
    this.#wake.done([value, ok]);
  }

  refused(): void {
    throw new TypeError('a receive was refused as a send is');
  }
}

/** Waiters in the order in which they came. */
class WaitingLine {
  first: Waiter | undefined;
  #last: Waiter | undefined;

  add(waiter: Waiter): void {
    waiter.line = this;
    waiter.before = this.#last;
    if (this.#last === undefined) this.first = waiter;
    else this.#last.after = waiter;
    this.#last = waiter;
  }

  remove(waiter: Waiter): void {
    const { before, after } = waiter;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    waiter.line = waiter.before = waiter.after = undefined;
  }
}

const SENT: readonly LuaValue[] = [true];

/** `ch:receive()` for modules that have a channel inside. */
export function receiveFrom(
  call: HostCall,
  channel: Channel,
  describe = channel.brings ?? 'channel receive',
): HostResult {
  call.instance.mustNotRead(describe);
  while (!channel.canReceive && channel.brings !== undefined && call.instance.pull());
  if (channel.canReceive) {
    if (channel.takeBrought()) call.renewBudget();
    return channel.receive();
  }
  return new Suspend({ on: 'wait', describe, begin: (wake) => new Receiving(wake, channel) });
}

export const ChannelType = defineUserdata<Channel>('channel', {
  send(call, self, value) {
    call.instance.mustNotRead('channel send');
    if (self.closed) throw closedError(call);
    if (self.canSend) {
      self.send(value);
      return true;
    }
    return selectLater(call, [{ op: 'send', channel: self, value }], 'channel send', () => SENT);
  },
  receive: (call, self) => receiveFrom(call, self),
  close(call, self) {
    call.instance.mustNotRead('channel close');
    self.close();
    return [];
  },
  case_send: (_call, self, value) => CaseType.wrap({ op: 'send', channel: self, value }),
  case_receive: (_call, self) => CaseType.wrap({ op: 'receive', channel: self }),
});

export const CaseType = defineUserdata<SelectCase>('channel case', {});

/** Instructions of a case of channel.select. */
const CASE_COST = 10;

/** `channel.select{ case, ..., default = true }` */
export function select(call: HostCall, cases: LuaValue, orDefault?: LuaValue): HostResult {
  call.instance.mustNotRead('channel.select');
  if (!(cases instanceof LuaTable))
    throw luaErrorAt(call, `channel.select takes a table of cases, got ${typeName(cases)}`);
  const list: SelectCase[] = [];
  const count = cases.length();
  call.charge(count * CASE_COST);
  for (let index = 1; index <= count; index++) {
    const value = cases.get(index);
    const one = CaseType.unwrap(value);
    if (one === undefined)
      throw luaErrorAt(
        call,
        `case ${index} of channel.select is a ${typeName(value)}; use ch:case_receive() or ch:case_send(value)`,
      );
    list.push(one);
  }
  const otherwise = isTrue(cases.get('default')) || isTrue(orDefault);
  if (list.length === 0 && !otherwise)
    throw luaErrorAt(call, 'channel.select has no case, it would wait for ever');
  const waitsForHost = !otherwise && list.some(({ channel }) => channel.brings !== undefined);
  let ready = selectNow(call, list);
  while (ready === undefined && waitsForHost && call.instance.pull()) ready = selectNow(call, list);
  if (ready !== undefined) return selectedTable(call, ready);
  if (otherwise) {
    const table = call.instance.newTable();
    table.set('default', true);
    table.set('ok', true);
    return table;
  }
  const { instance } = call;
  return selectLater(call, list, describeCases(list), (selected) => [selectedTable({ instance }, selected)]);
}

function describeCases(cases: readonly SelectCase[]): string {
  if (!cases.some(({ channel }) => channel.brings !== undefined))
    return `channel.select of ${cases.length} cases`;
  const shown = cases.map(
    ({ op, channel }) => channel.brings ?? (op === 'send' ? 'a channel send' : 'a channel receive'),
  );
  return `the first of: ${shown.join(', ')}`;
}

function selectedTable(call: Pick<HostCall, 'instance'>, { channel, value, ok }: Selected): LuaTable {
  const table = call.instance.newTable();
  table.set('channel', ChannelType.wrap(channel));
  table.set('value', value);
  table.set('ok', ok);
  return table;
}

const isTrue = (value: LuaValue): boolean => value !== undefined && value !== false;
