// Futures: calls that go on while the program does something else. Sealed.
// F1: the channel gives the result once, as a payload (several results: a table of payloads), and is then closed; it is
//     closed without one when the call failed or was cancelled: `future:error()` says why.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { Channel, ChannelType } from '../../lua/instance/channel.js';
import { errorFromData, newError } from '../../lua/instance/error-object.js';
import type { ErrorObject } from '../../lua/instance/error-object.js';
import { newPayload } from '../../lua/instance/payload.js';
import type { Background, HostCall, InstanceContext } from '../../lua/instance-context.js';
import type { Answer } from '../../lua/suspend.js';
import { defineUserdata } from '../../lua/values.js';
import type { HostResult, LuaUserdata, LuaValue } from '../../lua/values.js';
import { prepare, resultsOf } from './executor.js';
import type { Executor } from './executor.js';

type State =
  | { readonly is: 'pending'; readonly background: Background }
  | { readonly is: 'done'; readonly value: LuaValue }
  | { readonly is: 'failed' | 'canceled'; readonly error: LuaUserdata<ErrorObject> };

export class Future {
  readonly channel: Channel;
  readonly #target: string;
  #state: State;

  constructor(instance: InstanceContext, command: Command, target: string) {
    this.#target = target;
    this.channel = new Channel(1, `the answer of '${target}'`);
    const background = instance.background(command, (answer) => this.#settle(instance, answer));
    this.#state = { is: 'pending', background };
  }

  get state(): State {
    return this.#state;
  }

  /** False when it had already ended. */
  cancel(): boolean {
    if (this.#state.is !== 'pending') return false;
    this.#state.background.cancel();
    const message = `the call of '${this.#target}' was cancelled`;
    this.#state = { is: 'canceled', error: newError({ kind: 'Canceled', message, retryable: false }) };
    this.channel.close();
    return true;
  }

  #settle(instance: InstanceContext, answer: Answer): void {
    if (this.#state.is !== 'pending') return;
    if (answer.ok) {
      const value = payloads(instance, resultsOf(answer.value));
      this.#state = { is: 'done', value };
      this.channel.pushFromHost(value);
    } else this.#state = { is: 'failed', error: errorFromData(answer.error) };
    this.channel.close();
  }
}

function payloads(instance: InstanceContext, results: readonly Data[]): LuaValue {
  if (results.length < 2) return newPayload(results[0] ?? null);
  const list = instance.newTable();
  for (const [index, result] of results.entries()) list.set(index + 1, newPayload(result));
  return list;
}

const channelOf = (_call: HostCall, self: Future): HostResult => ChannelType.wrap(self.channel);

export const FutureType = defineUserdata<Future>('Future', {
  response: channelOf,
  channel: channelOf,
  is_complete: (_call, self) => self.state.is !== 'pending',
  is_canceled: (_call, self) => self.state.is === 'canceled',
  result: (_call, { state }) => {
    if (state.is === 'pending') return [undefined, undefined];
    return state.is === 'done' ? [state.value, undefined] : [undefined, state.error];
  },
  error: (_call, { state }) =>
    state.is === 'failed' || state.is === 'canceled' ? [state.error, true] : [undefined, false],
  cancel: (_call, self) => self.cancel(),
});

export function callLater(call: HostCall, executor: Executor, values: readonly LuaValue[]): HostResult {
  const prepared = prepare(executor, values);
  if (!prepared.ok) return prepared.result;
  return FutureType.wrap(new Future(call.instance, prepared.command, prepared.target));
}
