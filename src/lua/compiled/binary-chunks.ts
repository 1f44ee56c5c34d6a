// `string.dump` as a handle that `load` takes back: PUC's header, then the source that the function is of, and its number. Sealed.
// H1: a handle holds all that it needs, so it outlives the process; what is not whole, or was changed, is refused.
import { parseChunk } from '../front/parse.js';
import { luaErrorAt } from '../instance/arguments.js';
import type { HostFunction, LuaFunction, LuaValue } from '../values.js';
import { luaType } from '../values.js';
import { hashText } from './hash.js';
import { observedFunction } from './observer.js';
import { fromHostValue } from './table.js';
import { loadObserved } from './unit.js';

/** Of lua 5.3 on a 64-bit machine: sizes of int, size_t, instruction, integer and number, and two numbers to try. */
const HEADER =
  '\x1bLua\x53\0\x19\x93\r\n\x1a\n\x04\x08\x04\x08\x08' + '\x78\x56\0\0\0\0\0\0' + '\0\0\0\0\0\x28\x77\x40';
const LENGTH_DIGITS = 12;
const HASH_DIGITS = 16;

/** `string.dump(function [, strip])` */
export const dump: HostFunction = (call, fn, strip) => {
  if (typeof fn !== 'function')
    throw luaErrorAt(
      call,
      `bad argument #1 to 'dump' (function expected, got ${fn === undefined ? 'no value' : luaType(fn)})`,
    );
  const observed = observedFunction(fn);
  if (observed === undefined) throw luaErrorAt(call, 'unable to dump given function');
  const { chunk, source } = observed.unit.unit;
  const isStripped = strip !== undefined && strip !== false;
  const body = JSON.stringify({ id: observed.id, chunk: isStripped ? '?' : chunk, isStripped, source });
  return HEADER + String(body.length).padStart(LENGTH_DIGITS, '0') + hashText(body) + body;
};

/** The function of a handle over an environment, or what is wrong. */
export function undump(text: string, environment: LuaValue): LuaFunction | string {
  const head = text.slice(0, HEADER.length);
  if (HEADER.startsWith(text)) return 'truncated precompiled chunk';
  if (head !== HEADER) return 'bad binary format (header mismatch in precompiled chunk)';
  const at = HEADER.length + LENGTH_DIGITS + HASH_DIGITS;
  const length = Number(text.slice(HEADER.length, HEADER.length + LENGTH_DIGITS));
  if (text.length < at || text.length < at + length) return 'truncated precompiled chunk';
  const body = text.slice(at, at + length);
  if (hashText(body) !== text.slice(at - HASH_DIGITS, at))
    return 'bad binary format (precompiled chunk was changed)';
  return functionOf(body, environment) ?? 'bad binary format (no function of this version)';
}

/** Whoever makes a handle by hand can make its hash too: nothing of it is taken on trust. */
function functionOf(body: string, environment: LuaValue): LuaFunction | undefined {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { id, chunk, isStripped, source } = Object(given) as Readonly<Record<string, unknown>>;
  if (typeof id !== 'number' || typeof chunk !== 'string' || typeof source !== 'string') return undefined;
  if (!parseChunk(source, chunk).ok) return undefined;
  const unit = loadObserved(source, chunk, isStripped === true);
  const upvalues = id > 0 ? unit.chunk.functions[id]?.upvalues : undefined;
  if (upvalues === undefined) return undefined;
  return unit.closure(
    id,
    upvalues.map((_variable, number) => ({ v: number === 0 ? fromHostValue(environment) : undefined })),
  );
}
