// Raising Lua errors with PUC's texts, and what becomes of JavaScript's own exceptions. Sealed.
// E1: nothing of the host gets into a Lua value: V8's RangeErrors and refused writes become Lua errors with texts of ours,
//     PlatformErrors become error objects, and anything else is a bug of the host that Lua cannot catch.
import { raisedValue } from '../instance/error-object.js';
import { LuaError, LuaUserdata, luaType } from '../values.js';
import { isNumber } from './number.js';
import {
  currentEntries,
  currentSite,
  framesOf,
  parseStack,
  positionAtLevel,
  sitePosition,
  withStackLimit,
} from './positions.js';
import { machine } from './protocol.js';
import type { FrameStack } from './protocol.js';
import type { LuaFrame } from '../engine.js';
import { READ_ONLY, Table } from './table.js';
import { Coroutine } from './coroutine.js';
import type { Value } from './protocol.js';

const TRACEBACK_FRAMES = 100;

/** A LuaError that knows the stack it was made on: JavaScript's part in `stack`, and what was suspended below. */
export class RaisedError extends LuaError {
  readonly running = machine.running;
}

export function newError(value: Value): LuaError {
  return withStackLimit(TRACEBACK_FRAMES, () => new RaisedError(value as LuaError['value']));
}

/** The Lua stack on which an error arose, innermost first. `root`: what ran it, for errors that were made elsewhere. */
export function framesOfError(error: Error, root: FrameStack): LuaFrame[] {
  return framesOf(parseStack(error.stack ?? '', error instanceof RaisedError ? error.running : root));
}

/** Raises from a builtin, with the position of the code at `level` (1: who called the builtin; 0: none). */
export function raise(message: string, level = 1): never {
  throw newError(level > 0 ? positionAtLevel(level) + message : message);
}

/** Raises from an operator of compiled code, with its position. */
export function raiseHere(message: string): never {
  throw newError(sitePosition() + message);
}

/** `type` as error messages name it: `__name` of the metatable where it is a string. */
export function typeName(value: Value): string {
  if (value instanceof Table) {
    const name = value.meta?.table.getString('__name');
    return typeof name === 'string' ? name : 'table';
  }
  if (isNumber(value)) return 'number';
  if (value instanceof LuaUserdata) return value.type.name;
  return value instanceof Coroutine ? 'thread' : luaType(value);
}

/** `bad argument #1 to 'rep' (number expected, got nil)`; `name` is the qualified one (`string.rep`). */
export function argumentError(index: number, name: string, message: string): never {
  const entries = currentEntries(24);
  const site = entries[entries[0]?.is === 'native' ? 1 : 0];
  const [, kind, called] = (site?.is === 'lua' ? /^(\w+) '(.*)'$/.exec(site.operands[0] ?? '') : null) ?? [];
  const position = site?.is === 'lua' ? `${site.chunk}:${site.line}: ` : '';
  if (kind === 'method') index--;
  if (index === 0) throw newError(`${position}calling '${called ?? name}' on bad self`);
  throw newError(`${position}bad argument #${index} to '${called ?? name}' (${message})`);
}

/** `number expected, got nil`; pass `missing` where the argument was not given at all. */
export function argumentTypeError(
  index: number,
  name: string,
  expected: string,
  value: Value,
  missing = false,
): never {
  argumentError(index, name, `${expected} expected, got ${missing ? 'no value' : typeName(value)}`);
}

/** `attempt to index a nil value (local 'x')`; `operand` says which of the operation's operands it is. */
export function operandError(action: string, value: Value, operand: number): never {
  const site = currentSite();
  const name = site?.operands[operand] ?? '';
  const position = site === undefined ? '' : `${site.chunk}:${site.line}: `;
  throw newError(
    `${position}attempt to ${action} a ${typeName(value)} value${name === '' ? '' : ` (${name})`}`,
  );
}

export function integerError(operand: number): never {
  const site = currentSite();
  const name = site?.operands[operand] ?? '';
  const position = site === undefined ? '' : `${site.chunk}:${site.line}: `;
  throw newError(`${position}number${name === '' ? '' : ` (${name})`} has no integer representation`);
}

export function compareError(a: Value, b: Value): never {
  const left = typeName(a);
  const right = typeName(b);
  raiseHere(
    left === right ? `attempt to compare two ${left} values` : `attempt to compare ${left} with ${right}`,
  );
}

/** What Lua may catch of something thrown; undefined for a bug of the host. */
export function toLuaError(thrown: unknown): LuaError | undefined {
  if (thrown instanceof LuaError) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  const stack = thrown.stack ?? '';
  const value = valueOfException(thrown);
  if (value === undefined) return undefined;
  const error = new LuaError(value);
  error.stack = stack;
  return error;
}

function valueOfException(thrown: Error): LuaError['value'] {
  if (thrown.name === 'RangeError') {
    if (/call stack/.test(thrown.message)) return 'stack overflow';
    if (/Invalid (string|array) length|Array buffer allocation/.test(thrown.message))
      return 'not enough memory';
    return undefined;
  }
  if (thrown.name === 'TypeError')
    return /read only property|not extensible/.test(thrown.message) ? READ_ONLY : undefined;
  return raisedValue(thrown)?.value;
}
