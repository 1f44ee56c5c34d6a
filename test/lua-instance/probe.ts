// A module that does everything a module can do.
import type { Data } from '../../src/core/data.js';
import { allToData, fromData, toData } from '../../src/lua/instance/convert.js';
import { errorFromData, failure } from '../../src/lua/instance/error-object.js';
import { newPayload } from '../../src/lua/instance/payload.js';
import { constant, defineModuleSpec, fn, table } from '../../src/lua/module.js';
import { callLua, command, Suspend, wait } from '../../src/lua/suspend.js';
import type { Wake } from '../../src/lua/suspend.js';
import type { Answer } from '../../src/lua/suspend.js';
import type { Background, HostCall } from '../../src/lua/instance-context.js';
import { defineUserdata, LuaError, LuaFloat, LuaTable } from '../../src/lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../src/lua/values.js';

export interface Box {
  n: number;
}
const numberOf = (value: LuaValue): number =>
  BoxType.unwrap(value)?.n ?? (typeof value === 'number' ? value : NaN);

export const BoxType: UserdataType<Box> = defineUserdata<Box>(
  'box',
  {
    get: (_call, self) => self.n,
    ask: (call, self) => ask(call, self.n),
    same: (_call, self, other) => BoxType.unwrap(other) === self,
  },
  {
    tostring: (self) => `box ${self.n}`,
    eq: (a, b) => a.n === b.n,
    lt: (a, b) => a.n < b.n,
    le: (a, b) => a.n <= b.n,
    len: (self) => self.n,
    add: (a, b) => BoxType.wrap({ n: numberOf(a) + numberOf(b) }),
    unm: (a) => BoxType.wrap({ n: -numberOf(a) }),
    call: (_call, self, x) => [self.n, x],
    index: (self, key) => (key === 'value' ? self.n : undefined),
  },
);

function ask(call: HostCall, ...args: LuaValue[]): Suspend {
  return command({ type: 'probe.ask', args: allToData(args) }, (answer) => result(call, answer));
}

function result(call: HostCall, answer: Answer): HostResult {
  if (!answer.ok) return [undefined, errorFromData(answer.error)];
  return fromData(answer.value, () => call.instance.newTable());
}

const kept = new WeakMap<object, { wake: Wake | undefined }>();

export const probeSpec = defineModuleSpec({
  name: 'probe',
  summary: 'A module for tests.',
  workflow: 'sealed',
  types: [BoxType],
  members: {
    PI: constant(3.5),
    THREE: constant(new LuaFloat(3)),
    nested: table({ name: constant('deep') }),
    ask: fn('Asks the host.', ['...: any'], ['any'], ask),
    must: fn('Asks the host, and raises its error.', ['...: any'], ['any'], (call, ...args) =>
      command({ type: 'probe.ask', args: allToData(args) }, (answer) => {
        if (!answer.ok) throw new LuaError(errorFromData(answer.error));
        return fromData(answer.value, () => call.instance.newTable());
      }),
    ),
    twice: fn('Asks twice, one after the other.', [], ['any', 'any'], (call) =>
      command({ type: 'probe.ask', args: [1] }, (first) =>
        command(
          { type: 'probe.ask', args: [2] },
          (second) => [result(call, first), result(call, second)] as LuaValue[],
        ),
      ),
    ),
    echo: fn('Its arguments.', ['...: any'], ['any'], (_call, ...args) => args),
    none: fn('No result at all.', [], [], () => []),
    nothing: fn('One nil.', [], ['nil'], () => undefined),
    raise: fn('Raises its argument.', ['value: any'], [], (_call, value) => {
      throw new LuaError(value);
    }),
    fail: fn('Returns nil and an error.', [], ['nil', 'error'], () =>
      failure('NotFound', 'no such thing', { id: 7 }),
    ),
    bug: fn('Breaks as only a bug can.', [], [], () => {
      throw new TypeError('a bug of the host');
    }),
    where: fn('Where it is called.', [], ['string'], (call) => call.where()),
    stack: fn('The Lua stack.', [], ['string'], (call) => call.traceback()),
    data: fn('A value across the border and back.', ['value: any'], ['any'], (call, value) =>
      fromData(toData(value), () => call.instance.newTable()),
    ),
    box: fn('A box.', ['n: integer'], ['box'], (_call, n) =>
      BoxType.wrap({ n: typeof n === 'number' ? n : NaN }),
    ),
    payload: fn('A payload.', ['value: any', 'format?: string'], ['payload'], (_call, value, format) =>
      newPayload(toData(value), typeof format === 'string' ? format : undefined),
    ),
    map: fn(
      'Calls a function for each item, in turn.',
      ['items: table', 'fn: function'],
      ['table'],
      (call, items, each) => {
        if (!(items instanceof LuaTable) || typeof each !== 'function') throw new LuaError('bad arguments');
        const results = call.instance.newTable();
        const next = (index: number): HostResult =>
          index > items.length()
            ? results
            : callLua(each, [items.get(index)], ([value]) => {
                results.set(index, value);
                return next(index + 1);
              });
        return next(1);
      },
    ),
    try: fn(
      'Calls a function and gives its error as second result.',
      ['fn: function'],
      ['any', 'any'],
      (_call, each) =>
        new Suspend({
          on: 'call',
          fn: each as never,
          args: ['tried'],
          then: (results) => results,
          caught: (error) => [undefined, error],
        }),
    ),
    pause: fn('Waits until `go` is called.', [], ['...'], (call) =>
      wait('pause', (wake) => {
        kept.set(call.instance, { wake });
        return { withdraw: () => void kept.delete(call.instance) };
      }),
    ),
    go: fn('Wakes who waits in `pause`.', ['...: any'], ['boolean'], (call, ...values) => {
      const waiting = kept.get(call.instance);
      waiting?.wake?.done(values);
      return waiting !== undefined;
    }),
    later: fn('Asks in the background and calls nobody.', ['log: table'], [], (call, log) => {
      const background = call.instance.background({ type: 'probe.later' }, (answer) => {
        if (log instanceof LuaTable) log.set('answer', answer.ok ? 'ok' : 'failed');
      });
      call.instance.state(probeSpec, () => ({ background }));
      return [];
    }),
    forget: fn('Withdraws what `later` asked.', [], [], (call) => {
      call.instance
        .state<{ background: Background }>(probeSpec, () => {
          throw new Error('nothing was asked');
        })
        .background.cancel();
      return [];
    }),
    listen: fn(
      'Collects payloads of a topic in a table.',
      ['topic: string', 'into: table'],
      [],
      (call, topic, into) => {
        call.instance.listen(topic as string, (message) => {
          for (const payload of message.payloads as Data[]) {
            const to = into as LuaTable;
            to.set(
              to.length() + 1,
              fromData(payload, () => call.instance.newTable()),
            );
          }
        });
        return [];
      },
    ),
  },
});
