// To-be-closed variables at run time. Sealed.
import { LuaError } from '../values.js';
import { Kill } from './coroutine.js';
import { newError, raiseHere, toLuaError } from './errors.js';
import { call, metamethod } from './metatables.js';
import { EMPTY } from './protocol.js';
import type { Result, Value } from './protocol.js';

/** What a twin is resumed with instead of a result when the call it waits for has failed; machine.raised holds the error. */
export const RAISE: Value[] = [];

/** Refuses a value that cannot be closed. */
export function checkClosable(value: Value, name: string): void {
  if (value === undefined || value === false) return;
  if (metamethod(value, '__close') === undefined) raiseHere(`variable '${name}' got a non-closable value`);
}

/** Calls a variable's `__close`; `thrown` is what ends its block, undefined when nothing went wrong. */
export function closeValue(value: Value, thrown: Error | undefined): Result {
  if (value === undefined || value === false) return EMPTY;
  const handler = metamethod(value, '__close');
  if (handler === undefined) throw newError("metamethod 'close' is gone");
  return call(handler, [value, thrown instanceof LuaError ? (thrown.value as Value) : undefined]);
}

/** What a block with to-be-closed variables was left by; what it must not see is thrown on. */
export function toThrown(thrown: unknown): Error {
  if (thrown instanceof Kill) return thrown;
  const error = toLuaError(thrown);
  if (error === undefined) throw thrown;
  return error;
}
