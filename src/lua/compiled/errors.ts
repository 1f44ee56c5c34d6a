// Raising Lua errors with PUC's texts, and what becomes of JavaScript's own exceptions. Sealed.
// E1: nothing of the host gets into a Lua value: V8's RangeErrors and refused writes become Lua errors with texts of ours,
//     PlatformErrors become error objects, and anything else is a bug of the host that Lua cannot catch.
// E2: a message handler runs where the error is raised, on its stack, before variables close. Writes that are refused, and what V8
//     raises by itself, are handled where they are caught (protected.ts).
import { raisedValue } from '../instance/error-object.js';
import { LuaError, LuaUserdata, luaType } from '../values.js';
import { charge, ERROR_COST } from './budget.js';
import { isNumber } from './number.js';
import {
  callerEntry,
  entryAtLevel,
  framesOf,
  levelIn,
  parseStack,
  positionOf,
  siteOf,
  stackWith,
  withStackLimit,
} from './positions.js';
import type { Stack } from './positions.js';
import { machine } from './machine.js';
import type { FrameStack } from './machine.js';
import type { LuaFrame } from '../engine.js';
import { READ_ONLY } from './hash-part.js';
import { Table } from './table.js';
import type { Value } from './machine.js';

export const NO_MEMORY = 'not enough memory';

/** JavaScript frames of an error that something on the stack will catch, and of one that may be the end of a thread. */
const FRAMES_CAUGHT = 10;
const FRAMES_TOLD = 64;

/** A LuaError that knows the stack it was made on. */
export class RaisedError extends LuaError {
  readonly raisedOn: Stack;
  /** Its value is what a message handler made of it. */
  readonly isHandled: boolean;
  /** Use newError. */
  constructor(value: Value, raisedOn: Stack, isHandled: boolean) {
    super(value as LuaError['value']);
    this.raisedOn = raisedOn;
    this.isHandled = isHandled;
  }
}

/** The stack for an error that is raised now, with at least so many entries. */
function stackForError(entries: number): Stack {
  charge(ERROR_COST);
  return stackWith(entries, machine.levels > 1 ? FRAMES_CAUGHT : FRAMES_TOLD);
}

/** An error that is thrown at once, where it is made: the message handler, if there is one, runs here (E2). */
export function newError(value: Value, stack = stackForError(0)): LuaError {
  const { handler } = machine;
  const told = handler === undefined ? value : handler.handle(value);
  return withStackLimit(0, () => new RaisedError(told, stack, handler !== undefined));
}

/** The same error where it goes on in another coroutine. */
export function raisedAnew(error: LuaError): LuaError {
  if (machine.handler === undefined) return error;
  return newError(error.value as Value, error instanceof RaisedError ? error.raisedOn : undefined);
}

/** An error whose text gets the position of the code at a level (1: who called the builtin that raises it). */
export function errorAtLevel(message: string, level: number): LuaError {
  const stack = stackForError(level + 1);
  return newError(positionOf(entryAtLevel(stack, level)) + message, stack);
}

/** An error whose text gets the position of who called the nameless builtin that raises it. */
export function errorAtCaller(message: string): LuaError {
  const stack = stackForError(2);
  return newError(positionOf(callerEntry(stack)) + message, stack);
}

/** The Lua stack on which an error arose, innermost first. `root`: what ran it, for errors that were made elsewhere. */
export function framesOfError(error: Error, root: FrameStack): LuaFrame[] {
  return framesOf(
    error instanceof RaisedError ? error.raisedOn.entries() : parseStack(error.stack ?? '', root),
  );
}

/** Raises from a builtin, with the position of the code at `level` (1: who called the builtin; 0: none). */
export function raise(message: string, level = 1): never {
  throw level > 0 ? errorAtLevel(message, level) : newError(message);
}

/** Raises from an operator of compiled code, with its position; `tell` makes the message from the names of its operands. */
function raiseAtSite(tell: (operands: readonly string[]) => string): never {
  const stack = stackForError(1);
  const site = siteOf(stack);
  throw newError(positionOf(site) + tell(site?.operands ?? []), stack);
}

/** Raises from an operator of compiled code, with its position. */
export function raiseHere(message: string): never {
  raiseAtSite(() => message);
}

/** `type` as error messages name it: `__name` of the metatable where it is a string. */
export function typeName(value: Value): string {
  if (value instanceof Table) {
    const name = value.meta?.table.getString('__name');
    return typeof name === 'string' ? name : 'table';
  }
  if (isNumber(value)) return 'number';
  if (value instanceof LuaUserdata) return value.type.name;
  return luaType(value);
}

/** `bad argument #1 to 'rep' (number expected, got nil)`; `name` is the qualified one (`string.rep`). */
export function argumentError(index: number, name: string, message: string): never {
  const stack = stackForError(2);
  const site = entryAtLevel(stack, 1);
  const [, kind, called] = (site?.is === 'lua' ? /^(\w+) '(.*)'$/.exec(site.operands[0] ?? '') : null) ?? [];
  if (kind === 'method') index--;
  const what =
    index === 0
      ? `calling '${called ?? name}' on bad self`
      : `bad argument #${index} to '${called ?? name}' (${message})`;
  throw newError(positionOf(site) + what, stack);
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
  raiseAtSite(
    (operands) => `attempt to ${action} a ${typeName(value)} value${inBrackets(operands[operand])}`,
  );
}

export function integerError(operand: number): never {
  raiseAtSite((operands) => `number${inBrackets(operands[operand])} has no integer representation`);
}

const inBrackets = (name: string | undefined): string =>
  name === undefined || name === '' ? '' : ` (${name})`;

export function compareError(a: Value, b: Value): never {
  const left = typeName(a);
  const right = typeName(b);
  raiseHere(
    left === right ? `attempt to compare two ${left} values` : `attempt to compare ${left} with ${right}`,
  );
}

/** What Lua may catch of something thrown; undefined for a bug of the host. */
export function toLuaError(thrown: unknown): LuaError | undefined {
  if (thrown instanceof LuaError)
    return thrown.value === READ_ONLY && !(thrown instanceof RaisedError) ? placed(thrown) : thrown;
  if (!(thrown instanceof Error)) return undefined;
  const stack = thrown.stack ?? '';
  let value = valueOfException(thrown);
  if (value === undefined) return undefined;
  if (value === READ_ONLY) value = placeIn(stack) + READ_ONLY;
  const error = new LuaError(value);
  error.stack = stack;
  return error;
}

/** The error of a refused write with the place of the code that wrote, or called the builtin that did. */
function placed({ stack = '' }: LuaError): LuaError {
  const error = new LuaError(placeIn(stack) + READ_ONLY);
  error.stack = stack;
  return error;
}

const placeIn = (stack: string): string => positionOf(levelIn(parseStack(stack), 1));

function valueOfException(thrown: Error): LuaError['value'] {
  if (thrown.name === 'RangeError') {
    if (/call stack/.test(thrown.message)) return 'stack overflow';
    if (/Invalid (string|array) length|Array buffer allocation/.test(thrown.message)) return NO_MEMORY;
    return undefined;
  }
  if (thrown.name === 'TypeError')
    return /read only property|not extensible/.test(thrown.message) ? READ_ONLY : undefined;
  return raisedValue(thrown)?.value;
}
