// Values and parameters of statements as Lua gives them. Sealed.
// P1: a list of parameters may have holes: nil is NULL. A table with string keys gives parameters by name.
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { asNumber, asText, typeName } from '../../lua/instance/arguments.js';
import { defineUserdata, LuaTable, LuaUserdata } from '../../lua/values.js';
import type { LuaValue, UserdataType } from '../../lua/values.js';

/** A value of a type that its Lua value alone would not have. */
export class TypedValue {
  readonly type: 'int' | 'float' | 'text' | 'binary' | 'null';
  readonly data: Data;
  constructor(type: TypedValue['type'], data: Data) {
    this.type = type;
    this.data = data;
  }
}

export const TypedValueType: UserdataType<TypedValue> = defineUserdata<TypedValue>(
  'sql value',
  {},
  {
    tostring: ({ type, data }) => (type === 'null' ? 'NULL' : `sql ${type} ${describe(data)}`),
    eq: (a, b) => a.type === b.type && describe(a.data) === describe(b.data),
    data: (self) => self.data,
  },
);

function describe(data: Data): string {
  if (data instanceof LuaFloat) return String(data.n);
  if (typeof data !== 'object' || data === null) return String(data);
  const bytes = Array.isArray(data) ? undefined : data['value'];
  return typeof bytes === 'string' ? bytes : '';
}

export const NULL = TypedValueType.wrap(new TypedValue('null', null));

/** The value as that type, or undefined when it cannot be one. */
export const typed: Readonly<
  Record<'int' | 'float' | 'text' | 'binary', (value: LuaValue) => LuaUserdata<TypedValue> | undefined>
> = {
  int: (value) => {
    const integer = integerOf(value);
    return integer === undefined ? undefined : TypedValueType.wrap(new TypedValue('int', integer));
  },
  float: (value) => {
    const number = typeof value === 'string' ? numberText(value) : asNumber(value);
    if (number === undefined || Number.isNaN(number)) return undefined;
    return TypedValueType.wrap(
      new TypedValue('float', Number.isInteger(number) ? new LuaFloat(number) : number),
    );
  },
  text: (value) => {
    const text = typeof value === 'boolean' ? String(value) : asText(value);
    return text === undefined ? undefined : TypedValueType.wrap(new TypedValue('text', text));
  },
  binary: (value) => {
    const text = asText(value);
    if (text === undefined) return undefined;
    return TypedValueType.wrap(new TypedValue('binary', dataObject({ $sql: 'binary', value: text })));
  },
};

const numberText = (text: string): number | undefined =>
  /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : undefined;

function integerOf(value: LuaValue): number | bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' && /^\s*[+-]?\d{1,18}\s*$/.test(value)) {
    const exact = BigInt(value.trim().replace(/^\+/, ''));
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }
  const number = typeof value === 'string' ? numberText(value) : asNumber(value);
  if (number === undefined || !Number.isFinite(number)) return undefined;
  const whole = Math.trunc(number);
  return Number.isSafeInteger(whole) ? whole : undefined;
}

export type Parameters =
  | { readonly ok: true; readonly params: Data[] | DataObject }
  | { readonly ok: false; readonly problem: string };

/** More than any database takes. */
const MAX_PARAMETERS = 65_535;

/** What `db:query(sql, params)` was given as `params`. */
export function readParameters(value: LuaValue): Parameters {
  if (value === undefined) return { ok: true, params: [] };
  if (!(value instanceof LuaTable))
    return { ok: false, problem: `parameters are a table, got ${typeName(value)}` };
  const byPosition: Data[] = [];
  const byName = dataObject();
  let length = 0;
  let named = false;
  for (const [key, item] of value.entries()) {
    // What table.pack leaves is the length, not a parameter.
    if (key === 'n' && typeof item === 'number' && item >= byPosition.length && !named) {
      length = item;
      continue;
    }
    const name = typeof key === 'string' ? key : undefined;
    if (name === undefined && !(typeof key === 'number' && key >= 1 && key <= MAX_PARAMETERS))
      return { ok: false, problem: 'parameters are a list (keys 1, 2, ...) or have names as keys' };
    const read = readParameter(item, name ?? Number(key));
    if (!read.ok) return read;
    if (name === undefined) byPosition[Number(key) - 1] = read.data;
    else {
      named = true;
      byName[name] = read.data;
    }
  }
  if (named && byPosition.length > 0)
    return { ok: false, problem: 'parameters are a list or have names, not both' };
  if (named) return { ok: true, params: byName };
  if (length > MAX_PARAMETERS) return { ok: false, problem: `more than ${MAX_PARAMETERS} parameters` };
  const size = Math.max(length, byPosition.length);
  return { ok: true, params: Array.from({ length: size }, (_, index) => byPosition[index] ?? null) };
}

/** Parameters that are a list already, as builders make them. */
export function readList(values: readonly LuaValue[]): Parameters {
  const params: Data[] = [];
  for (const [index, value] of values.entries()) {
    const read = readParameter(value, index + 1);
    if (!read.ok) return read;
    params.push(read.data);
  }
  return { ok: true, params };
}

type ReadParameter =
  { readonly ok: true; readonly data: Data } | { readonly ok: false; readonly problem: string };

function readParameter(value: LuaValue, key: string | number): ReadParameter {
  if (value === undefined) return { ok: true, data: null };
  if (value instanceof LuaUserdata) {
    const known = TypedValueType.unwrap(value);
    const data = known === undefined ? value.type.meta.data?.(value.value as never) : known.data;
    // A handle of a secret is filled in where the statement runs.
    if (data !== undefined) return { ok: true, data };
  } else if (
    typeof value === 'boolean' ||
    typeof value === 'string' ||
    typeof value === 'bigint' ||
    value instanceof LuaFloat ||
    (typeof value === 'number' && !Number.isNaN(value))
  )
    return { ok: true, data: value };
  const what = typeof value === 'number' ? 'NaN' : `a ${typeName(value)}`;
  const hint = value instanceof LuaTable ? '; encode it with json.encode first' : '';
  return { ok: false, problem: `parameter ${key} is ${what}, which a database cannot hold${hint}` };
}
