// What a program's main (or a handler) ended with, from its Lua results. Sealed.
// O1: a second result that is a string or an error object is the call's error; it wins over the first.
// O2: an error that nobody caught keeps its kind when it is an error object, and is Internal otherwise.
import type { ErrorData } from '../../core/error-data.js';
import type { Outcome } from '../step.js';
import { LuaError } from '../values.js';
import type { LuaValue } from '../values.js';
import { allToData } from './convert.js';
import { errorToData, isErrorObject } from './error-object.js';

export function outcomeOf(values: readonly LuaValue[]): Outcome {
  const second = values[1];
  if (typeof second === 'string') return { ok: false, error: { kind: 'Unknown', message: second } };
  if (isErrorObject(second)) return { ok: false, error: errorToData(second) };
  try {
    return { ok: true, values: allToData(values) };
  } catch (error) {
    if (error instanceof LuaError) return { ok: false, error: errorToData(error.value) };
    throw error;
  }
}

export const outcomeOfError = (error: LuaValue, traceback: string): Outcome => ({
  ok: false,
  error: errorToData(error, traceback),
});

export const endedBefore = (what: string): ErrorData => ({
  kind: 'Canceled',
  message: `the instance ended before ${what} did`,
});
