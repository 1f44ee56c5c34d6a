// The functions of the `coroutine` table. Sealed.
import { LuaError } from '../values.js';
import { SWITCH_COST } from './budget.js';
import { Coroutine, currentCoroutine, enter, yieldValues } from './coroutine.js';
import { argumentError, argumentTypeError, errorAtCaller, raise, raisedAnew, toLuaError } from './errors.js';
import { NAMELESS } from './positions.js';
import { builtin, Frame, machine, push, results, S } from './protocol.js';
import type { Callable, Result, Value } from './protocol.js';

/** `coroutine.resume` or a wrap while the host, or a spill, suspends through the coroutine. */
class ResumeFrame extends Frame {
  override readonly inner: Coroutine;
  override readonly native: string;
  readonly #isWrap: boolean;
  constructor(coroutine: Coroutine, isWrap: boolean) {
    super();
    this.inner = coroutine;
    this.native = isWrap ? NAMELESS : 'coroutine.resume';
    this.#isWrap = isWrap;
  }
  override resume(value: Result): Result {
    return this.#isWrap ? wrapEnter(this.inner, value) : resumeEnter(this.inner, value);
  }
}

function resumeEnter(coroutine: Coroutine, value: Result): Result {
  let result: Result;
  try {
    result = enter(coroutine, value);
  } catch (thrown) {
    const error = toLuaError(thrown);
    if (error === undefined) throw thrown;
    return [false, error.value as Value];
  }
  if (result === S) return push(new ResumeFrame(coroutine, false));
  return Array.isArray(result) ? [true, ...result] : [true, result];
}

function wrapEnter(coroutine: Coroutine, value: Result): Result {
  let result: Result;
  try {
    result = enter(coroutine, value);
  } catch (thrown) {
    throw withPosition(thrown);
  }
  return result === S ? push(new ResumeFrame(coroutine, true)) : result;
}

/** undefined: it can be resumed. */
function refusal(coroutine: Coroutine): string | undefined {
  if (coroutine.status === 'suspended' && !coroutine.isRoot) return undefined;
  if (coroutine.status === 'dead') return 'cannot resume dead coroutine';
  return 'cannot resume non-suspended coroutine';
}

const resume: Callable = builtin('coroutine.resume', (coroutine: Value, ...values: Value[]) => {
  if (!(coroutine instanceof Coroutine)) argumentError(1, 'coroutine.resume', 'thread expected');
  const refused = refusal(coroutine);
  if (refused !== undefined) return [false, refused];
  machine.budget -= SWITCH_COST;
  return resumeEnter(coroutine, results(values));
});

const create: Callable = builtin('coroutine.create', (callee: Value) => {
  if (typeof callee !== 'function')
    argumentTypeError(1, 'coroutine.create', 'function', callee, callee === undefined);
  return new Coroutine(callee);
});

const wrap: Callable = builtin('coroutine.wrap', (callee: Value) => {
  if (typeof callee !== 'function')
    argumentTypeError(1, 'coroutine.wrap', 'function', callee, callee === undefined);
  return wrapping(new Coroutine(callee));
});

/** Stacks know it by the name of the function expression, which costs nothing to give (positions.ts L3). */
function wrapping(coroutine: Coroutine): Callable {
  return function namelessBuiltin(...values: Value[]): Result {
    const refused = refusal(coroutine);
    if (refused !== undefined) throw errorAtCaller(refused);
    machine.budget -= SWITCH_COST;
    return wrapEnter(coroutine, results(values));
  };
}

/** PUC's auxwrap: an error text gets the position of who called the wrapping function. */
function withPosition(thrown: unknown): unknown {
  if (!(thrown instanceof LuaError)) return thrown;
  return typeof thrown.value === 'string' ? errorAtCaller(thrown.value) : raisedAnew(thrown);
}

const yieldBuiltin: Callable = builtin('coroutine.yield', (...values: Value[]) =>
  yieldValues(results(values)),
);

const status: Callable = builtin('coroutine.status', (coroutine: Value) => {
  if (!(coroutine instanceof Coroutine)) argumentError(1, 'coroutine.status', 'thread expected');
  return coroutine.status;
});

const isyieldable: Callable = builtin('coroutine.isyieldable', () => {
  const current = currentCoroutine();
  return current !== undefined && !current.isRoot && machine.barrier === 0;
});

const running: Callable = builtin('coroutine.running', () => {
  const current = currentCoroutine();
  return current === undefined ? [undefined, true] : [current, current.isRoot];
});

const close: Callable = builtin('coroutine.close', (coroutine: Value) => {
  if (!(coroutine instanceof Coroutine)) argumentError(1, 'coroutine.close', 'thread expected');
  const state = coroutine.status;
  if (state !== 'suspended' && state !== 'dead') raise(`cannot close a ${state} coroutine`);
  return coroutine.close();
});

/** Members of the `coroutine` table that belong to the language. */
export const coroutineFunctions: Readonly<Record<string, Callable>> = {
  resume,
  create,
  wrap,
  yield: yieldBuiltin,
  status,
  isyieldable,
  running,
  close,
};
