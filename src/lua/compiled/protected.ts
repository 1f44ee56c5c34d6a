// pcall, xpcall, error and assert. Sealed.
import type { LuaError } from '../values.js';
import { argumentError, errorAtLevel, newError, toLuaError } from './errors.js';
import { callable, callSync } from './metatables.js';
import { MAX_LEVELS, overflow } from './coroutine.js';
import { toInteger } from './number.js';
import { builtin, Frame, first, machine, push, S } from './protocol.js';
import type { Callable, Result, Value } from './protocol.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { isArray } = Array;

/** What pcall and the try around its call take of the JavaScript stack. */
const WEIGHT = 400;

const succeeded = (result: Result): Value[] => (isArray(result) ? [true, ...result] : [true, result]);

/** pcall or xpcall whose callee suspended. */
class ProtectedFrame extends Frame {
  override readonly native: string;
  readonly #handler: Value;
  readonly #levels: number;
  constructor(handler: Value, levels: number) {
    super();
    this.native = handler === undefined ? 'pcall' : 'xpcall';
    this.#handler = handler;
    this.#levels = levels;
  }
  override resume(result: Result): Result {
    machine.levels = this.#levels;
    return succeeded(result);
  }
  override raise(error: Error): Result {
    machine.levels = this.#levels;
    return failed(error as LuaError, this.#handler); // only a LuaError gets here: `closes` is not set
  }
}

function failed(error: LuaError, handler: Value): Value[] {
  return handler === undefined
    ? [false, error.value as Value]
    : [false, ...handle(error.value as Value, handler)];
}

/** Errors of a message handler go to the handler again, a few times. */
const MAX_HANDLER_ERRORS = 10;

function handle(value: Value, handler: Value): Value[] {
  for (let tries = 0; tries < MAX_HANDLER_ERRORS; tries++) {
    const { depth, barrier, levels } = machine;
    try {
      return [first(callSync(handler, value))];
    } catch (thrown) {
      const error = toLuaError(thrown);
      if (error === undefined) throw thrown;
      Object.assign(machine, { depth, barrier, levels });
      value = error.value as Value;
    }
  }
  return ['error in error handling'];
}

function protect(callee: Value, values: Value[], handler: Value): Result {
  const { depth, barrier, levels, running, base, limit } = machine;
  let result: Result;
  try {
    const target = typeof callee === 'function' ? callee : callable(callee, 9);
    if (++machine.levels > MAX_LEVELS) throw newError('C stack overflow');
    if ((machine.depth += WEIGHT) > limit) result = overflow(target, values, WEIGHT);
    else result = target(...values);
  } catch (thrown) {
    const error = toLuaError(thrown);
    if (error === undefined) throw thrown;
    machine.depth = depth;
    machine.barrier = barrier;
    machine.levels = levels;
    machine.running = running;
    machine.base = base;
    machine.limit = limit;
    return failed(error, handler);
  }
  machine.depth = depth;
  machine.levels = levels;
  return result === S ? push(new ProtectedFrame(handler, levels)) : succeeded(result);
}

export const pcall: Callable = builtin('pcall', (...values: Value[]) => {
  if (values.length === 0) argumentError(1, 'pcall', 'value expected');
  const [callee, ...rest] = values;
  return protect(callee, rest, undefined);
});

export const xpcall: Callable = builtin('xpcall', (callee: Value, handler: Value, ...values: Value[]) => {
  if (typeof handler !== 'function')
    argumentError(
      2,
      'xpcall',
      `function expected, got ${handler === undefined ? 'no value' : typeof handler}`,
    );
  return protect(callee, values, handler);
});

export const error: Callable = builtin('error', (value: Value, level: Value) => {
  const depth = level === undefined ? 1 : toInteger(level);
  throw raisedAt(value, typeof depth === 'number' ? depth : 0);
});

/** A text gets the position at this level in front. */
function raisedAt(value: Value, level: number): LuaError {
  return typeof value === 'string' && level > 0 ? errorAtLevel(value, level) : newError(value);
}

export const assert: Callable = builtin('assert', (...values: Value[]) => {
  if (values.length === 0) argumentError(1, 'assert', 'value expected');
  const [condition] = values;
  if (condition !== undefined && condition !== false) return values.length === 1 ? condition : values;
  throw raisedAt(values.length > 1 ? values[1] : 'assertion failed!', 1);
});
