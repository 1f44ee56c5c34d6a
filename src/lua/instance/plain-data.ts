// Values of Lua to plain data and back: the walk itself, without errors as objects (convert.ts adds them). Sealed.
// P1: the first value that cannot cross is named by its path and why; nothing is dropped or rounded in silence.
// P2: a table is an array (keys 1..n), an object (string keys) or empty; anything else does not cross.
// P3: what is walked through is counted, for who calls a module to pay for (an element that is a table counts as five).
// P4: a value is written out as a tree, so a table that contains another many times, and so on, grows without end: it is cut off.
import { dataObject, LuaFloat, MAX_DEPTH } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { LuaTable, LuaUserdata, luaType } from '../values.js';
import type { LuaValue } from '../values.js';

export type Converted =
  { readonly ok: true; readonly data: Data } | { readonly ok: false; readonly message: string };

/** Only the failing case pays for knowing where it is: the walk is done again with a path. */
const REFUSED = Symbol('does not cross');
type Refused = typeof REFUSED;

/** Tables that one value may cross with. One that stands in many places counts at each: it would be written there. */
const MOST_TABLES = 1_000_000;
let tablesLeft = 0;
let takesNonFinite = false;
/** Elements, of all values so far (P3). */
let walked = 0;
export const walkedSoFar = (): number => walked;

export interface ToPlainOptions {
  /** NaN and the infinities cross as they are: for formats that have them. They are none of the wire's. Default false. */
  readonly nonFinite?: boolean;
}

export function toPlain(value: LuaValue, { nonFinite = false }: ToPlainOptions = {}): Converted {
  tablesLeft = MOST_TABLES;
  takesNonFinite = nonFinite;
  const data = walk(value, 0);
  if (data !== REFUSED) return { ok: true, data };
  if (tablesLeft < 0) return { ok: false, message: `more than ${MOST_TABLES} tables do not cross at once` };
  return { ok: false, message: refusal(value, '$', []) };
}

function walk(value: LuaValue, depth: number): Data | Refused {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    case 'number':
      return takesNonFinite || Number.isFinite(value) ? value : REFUSED;
    case 'undefined':
      return null;
    case 'function':
      return REFUSED;
    default:
      if (value instanceof LuaTable) return walkTable(value, depth + 1);
      if (value instanceof LuaFloat) return value;
      if (value instanceof LuaUserdata) return userdataToPlain(value) ?? REFUSED;
      return REFUSED;
  }
}

function userdataToPlain(userdata: LuaUserdata): Data | undefined {
  return userdata.type.meta.data?.(userdata.value as never);
}

function walkTable(table: LuaTable, depth: number): Data | Refused {
  if (depth > MAX_DEPTH || --tablesLeft < 0) return REFUSED;
  walked += 4;
  let array: Data[] | undefined;
  let object: DataObject | undefined;
  let refused = false;
  table.forEach((key, item) => {
    if (refused) return;
    walked += 1;
    const data = walk(item, depth);
    if (data === REFUSED) refused = true;
    else if (typeof key === 'string') {
      if (array !== undefined) refused = true;
      else (object ??= Object.setPrototypeOf({}, null) as DataObject)[key] = data;
    } else {
      array ??= [];
      if (object !== undefined || key !== array.length + 1) refused = true;
      else array.push(data);
    }
  });
  if (refused) return REFUSED;
  return array ?? object ?? (table.hadStringKeys?.() === true ? dataObject() : []);
}

/** Why `value` does not cross, for a value that `walk` refused. */
function refusal(value: LuaValue, path: string, around: readonly LuaTable[]): string {
  if (typeof value === 'number') return `${numberName(value)} does not cross: ${path}`;
  if (value instanceof LuaUserdata) return `${plural(value.type.name)} do not cross: ${path}`;
  if (!(value instanceof LuaTable)) return `${plural(luaType(value))} do not cross: ${path}`;
  if (around.includes(value)) return `a table that contains itself does not cross: ${path}`;
  if (around.length >= MAX_DEPTH)
    return `tables nested deeper than ${MAX_DEPTH} do not cross: ${shorten(path)}`;
  const within = [...around, value];
  let count = 0;
  let strings = false;
  let others: LuaValue;
  for (const [key, item] of value.entries()) {
    if (typeof key === 'string') strings = true;
    else if (key === count + 1) count += 1;
    else others ??= key;
    if (strings && (count > 0 || others !== undefined)) break;
    const at = typeof key === 'string' ? `${path}${segment(key)}` : `${path}[${keyText(key)}]`;
    if (others === undefined && !crosses(item, within)) return refusal(item, at, within);
  }
  if (others !== undefined && typeof others !== 'number' && !(others instanceof LuaFloat))
    return `a table with a ${luaType(others)} as key does not cross: ${path}`;
  if (strings) return `a table with both string keys and numbers as keys does not cross: ${path}`;
  return `a table with holes does not cross (key ${keyText(others)} after ${count} items): ${path}`;
}

function crosses(value: LuaValue, around: readonly LuaTable[]): boolean {
  return value instanceof LuaTable
    ? !around.includes(value) && walk(value, around.length) !== REFUSED
    : walk(value, 0) !== REFUSED;
}

const numberName = (n: number): string => (Number.isNaN(n) ? 'NaN' : n > 0 ? 'infinity' : '-infinity');
const plural = (type: string): string => (type === 'userdata' ? type : `${type}s`);
const segment = (key: string): string =>
  /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
const keyText = (key: LuaValue): string =>
  key instanceof LuaFloat ? String(key.n) : typeof key === 'object' ? luaType(key) : String(key);
const shorten = (path: string): string => (path.length > 80 ? `${path.slice(0, 77)}...` : path);

/** `revive` may turn an object into a value of its own; undefined: it is a table. */
export function fromPlain(
  data: Data,
  newTable: () => LuaTable,
  revive: (object: DataObject) => LuaValue,
): LuaValue {
  if (data === null) return undefined;
  if (typeof data !== 'object' || data instanceof LuaFloat) return data;
  if (Array.isArray(data)) {
    const table = newTable();
    for (let index = 0; index < data.length; index++) {
      const item = data[index];
      if (item !== undefined && item !== null) table.set(index + 1, fromPlain(item, newTable, revive));
    }
    return table;
  }
  const revived = revive(data);
  if (revived !== undefined) return revived;
  const table = newTable();
  let empty = true;
  for (const key of Object.keys(data)) {
    const item = data[key];
    if (item === undefined || item === null) continue;
    table.set(key, fromPlain(item, newTable, revive));
    empty = false;
  }
  if (empty) {
    // So that it is `{}` again when it crosses back: an empty table that had a string key.
    table.set('x', true);
    table.set('x', undefined);
  }
  return table;
}
