// `workflow.scope`: a part of a program that can be cancelled by itself, while the rest of the run goes on. Sealed.
// S1: cancelling is for good: what the scope has asked for is cancelled and answered with Canceled, so is what is asked for in
//     it afterwards, and a coroutine that waits in it for a channel or a condition gets the error raised.
// S2: `run` gives that error second, also where it was raised. It is of kind Timeout where the scope's time was over.
// S3: the time runs while `run` does; it ends with a cancellation of the whole run, which has told the program to end.
import { formatDuration } from '../../core/durations.js';
import type { ErrorData } from '../../core/error-data.js';
import { readOptions } from '../../core/options.js';
import { tryToData } from '../../lua/instance/convert.js';
import { CancelScope } from '../../lua/instance/cancel-scope.js';
import { errorFromData, errorToData, failure, isErrorObject } from '../../lua/instance/error-object.js';
import type { Background, InstanceContext } from '../../lua/instance-context.js';
import { describeType, fn, signature } from '../../lua/module.js';
import { Suspend } from '../../lua/suspend.js';
import { defineUserdata, LuaError, luaType } from '../../lua/values.js';
import type { HostResult, LuaFunction, LuaValue } from '../../lua/values.js';
import { inside } from './inside.js';

const NANOSECONDS = 1_000_000n;

class Scope {
  readonly #instance: InstanceContext;
  readonly #scope: CancelScope;
  readonly #timeoutMs: number | undefined;
  #timedOut = false;

  constructor(instance: InstanceContext, timeoutMs: number | undefined) {
    this.#instance = instance;
    this.#scope = new CancelScope(instance.scope, 'cancellable');
    this.#timeoutMs = timeoutMs;
  }

  /** By itself or with a scope around it. */
  get isCanceled(): boolean {
    return this.#scope.canceled !== undefined;
  }

  /** False when it was cancelled before. */
  cancel(reason: string): boolean {
    if (this.#scope.isCanceled) return false;
    const message = `the scope was cancelled${reason === '' ? '' : `: ${reason}`}`;
    this.#instance.cancelScope(this.#scope, { kind: 'Canceled', message, retryable: false });
    return true;
  }

  run(fn: LuaFunction, args: readonly LuaValue[]): HostResult {
    const instance = this.#instance;
    const canceled = this.#scope.canceled;
    if (canceled !== undefined) return [undefined, this.#told(errorFromData(canceled))];
    const timer = this.#startTimer();
    const around = instance.enter(this.#scope);
    const leave = (): void => {
      instance.enter(around);
      timer?.cancel();
    };
    return new Suspend({
      on: 'call',
      fn,
      args,
      then: (values) => {
        leave();
        const [, error] = values;
        return this.#isOurs(error) ? [values[0], this.#told(error), ...values.slice(2)] : values;
      },
      caught: (error) => {
        leave();
        if (!this.#isOurs(error)) throw new LuaError(error);
        return [undefined, this.#told(error)];
      },
    });
  }

  #isOurs(error: LuaValue): boolean {
    return this.isCanceled && isErrorObject(error) && errorToData(error).kind === 'Canceled';
  }

  /** S2 */
  #told(error: LuaValue): LuaValue {
    if (!this.#timedOut) return error;
    const cause: ErrorData = errorToData(error);
    return errorFromData({ kind: 'Timeout', message: cause.message, retryable: false, cause });
  }

  /** In the scope around this one. */
  #startTimer(): Background | undefined {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === undefined) return undefined;
    const instance = this.#instance;
    const within = BigInt(timeoutMs) * NANOSECONDS;
    return instance.background({ type: 'time.sleep', ns: within, purpose: 'scope' }, (answer) => {
      if (answer.ok) this.#timedOut = this.cancel(`its ${formatDuration(within)} are over`);
    });
  }
}

export const ScopeType = defineUserdata<Scope>('Scope', {
  run(call, scope, run, ...args) {
    if (typeof run !== 'function')
      return failure('Invalid', `what runs in a scope is a function, got ${luaType(run)}`, undefined, false);
    call.instance.mustNotRead('running a scope');
    return scope.run(run, args);
  },
  cancel(call, scope, reason) {
    call.instance.mustNotRead('cancelling a scope');
    if (reason !== undefined && typeof reason !== 'string')
      return failure('Invalid', `the reason is a text, got ${luaType(reason)}`, undefined, false);
    return scope.cancel(reason ?? '');
  },
  is_canceled: (_call, scope) => scope.isCanceled,
});

describeType(ScopeType, 'A part of a program that can be cancelled by itself.', {
  run: signature(
    'Runs the function in the scope, with what it spawns, and gives what it returns; nil and an error of kind Canceled, or Timeout where its time was over, when the cancellation of the scope ended it. A scope that is cancelled runs nothing.',
    ['run: function', '...: any'],
    ['any', 'Error?'],
    ['Invalid', 'Canceled', 'Timeout'],
  ),
  cancel: signature(
    'Cancels what the scope waits for, and what it asks for from now on: activities, timers, children that are executed. False when it was cancelled before.',
    ['reason?: string'],
    ['boolean?', 'Error?'],
    ['Invalid'],
  ),
  is_canceled: signature('Whether the scope, or one around it, is cancelled.', [], ['boolean']),
});

export const scope = fn(
  'A part of the program that can be cancelled by itself: scope:run(fn, ...) runs a function in it, scope:cancel(reason) ends that, and the rest of the run goes on. Scopes are inside of the scope in which they are made. With { timeout } it is cancelled when `run` takes longer. workflow.shielded keeps a cancellation out, for cleaning up.',
  ['options?: { timeout?: string|integer }'],
  ['Scope?', 'Error?'],
  inside('scope', ({ instance }, _facts, [options]) => {
    instance.mustNotRead('workflow.scope');
    const given = tryToData(options);
    if (!given.ok) return [undefined, given.error];
    const read = readOptions(given.data ?? {}, { timeout: { is: 'duration' } });
    if (!read.ok) return failure('Invalid', read.problem, undefined, false);
    const { timeout } = read.options;
    return ScopeType.wrap(new Scope(instance, typeof timeout === 'number' ? timeout : undefined));
  }),
  ['Invalid'],
);
