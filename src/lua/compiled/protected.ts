// pcall, xpcall, error and assert. Sealed.
// X1: machine.handler is that of the innermost protected call of the running coroutine. Whoever catches errors sets it for what
//     is called, and puts back what was there; a suspended stack takes it along (coroutine.ts HandlerFrame).
import { LuaError } from '../values.js';
import { argumentError, errorAtLevel, newError, NO_MEMORY, RaisedError, toLuaError } from './errors.js';
import { call, callable } from './metatables.js';
import { enterNative, finishSpill, leaveNative, MAX_LEVELS, overflow } from './coroutine.js';
import type { MessageHandler } from './machine.js';
import { toInteger } from './number.js';
import { builtin, Frame, first, machine, push, S } from './protocol.js';
import type { Callable, Result, Value } from './protocol.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { isArray } = Array;
const { max } = Math;

/** What pcall and the try around its call take of the JavaScript stack, and a message handler's call besides its level. */
const WEIGHT = 400;
/** Levels up to which message handlers may run. */
const MAX_HANDLER_LEVELS = MAX_LEVELS + (MAX_LEVELS >> 3);
/** Bytes of stack that a handler has where the stack has overflown; less than is worth moving to the heap (coroutine.ts). */
const ROOM = 36_000;
const FAILED = 'error in error handling';

const succeeded = (result: Result): Value[] => (isArray(result) ? [true, ...result] : [true, result]);

/** xpcall's, for one call. */
class Handler implements MessageHandler {
  overflows = false;
  readonly #fn: Value;
  #isAfterOverflow = false;

  constructor(fn: Value) {
    this.#fn = fn;
  }

  /** Its own errors go to it again, until they are too deep; those of an overflown stack once. */
  handle(value: Value): Value {
    const isSecondOverflow = this.overflows && this.#isAfterOverflow;
    this.#isAfterOverflow ||= this.overflows;
    this.overflows = false;
    if (isSecondOverflow || machine.levels >= MAX_HANDLER_LEVELS) return FAILED;
    enterNative(MAX_HANDLER_LEVELS);
    machine.depth += WEIGHT;
    if (this.#isAfterOverflow) machine.limit = max(machine.limit, machine.depth + ROOM);
    let result = call(this.#fn, [value]);
    if (result === S) result = finishSpill();
    leaveNative();
    return first(result);
  }
}

/** pcall or xpcall whose callee suspended. */
class ProtectedFrame extends Frame {
  override readonly native: string;
  readonly #handler: Handler | undefined;
  readonly #levels: number;
  /** That of the protected call around this one. */
  readonly #outer: MessageHandler | undefined;
  constructor(handler: Handler | undefined, levels: number, outer: MessageHandler | undefined) {
    super();
    this.native = handler === undefined ? 'pcall' : 'xpcall';
    this.#handler = handler;
    this.#levels = levels;
    this.#outer = outer;
  }
  override resume(result: Result): Result {
    machine.levels = this.#levels;
    machine.handler = this.#outer;
    return succeeded(result);
  }
  override raise(error: Error): Result {
    machine.levels = this.#levels;
    machine.handler = this.#outer;
    return failed(error as LuaError, this.#handler); // only a LuaError gets here: `closes` is not set
  }
}

const failed = (error: LuaError, handler: Handler | undefined): Value[] => [
  false,
  handler === undefined || isHandled(error) ? (error.value as Value) : handledLate(error, handler),
];

const isHandled = (error: LuaError): boolean => error instanceof RaisedError && error.isHandled;

/** So often it is tried with errors that nobody could handle where they arose. */
const MAX_LATE_ERRORS = 10;

/** The handler runs after all: nobody called it where the error arose (errors.ts E2). */
function handledLate(error: LuaError, handler: Handler): Value {
  const { depth, barrier, levels, limit, handler: outer } = machine;
  if (error.value === NO_MEMORY) return NO_MEMORY; // as in Lua, where the handler may need some
  machine.handler = handler;
  for (let tries = 0; tries < MAX_LATE_ERRORS && !isHandled(error); tries++) {
    try {
      error = new LuaError(handler.handle(error.value as Value) as LuaError['value']);
      break;
    } catch (thrown) {
      const next = toLuaError(thrown);
      if (next === undefined) throw thrown;
      Object.assign(machine, { depth, barrier, levels, limit });
      error = next;
    }
  }
  machine.handler = outer;
  return error.value as Value;
}

function protect(callee: Value, values: Value[], handler: Handler | undefined): Result {
  const { depth, barrier, levels, running, base, limit, handler: outer } = machine;
  machine.handler = handler;
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
    machine.handler = outer;
    return failed(error, handler);
  }
  machine.depth = depth;
  machine.levels = levels;
  if (result === S) return push(new ProtectedFrame(handler, levels, outer)); // what suspended is in the handler's reach
  machine.handler = outer;
  return succeeded(result);
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
  return protect(callee, values, new Handler(handler));
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
