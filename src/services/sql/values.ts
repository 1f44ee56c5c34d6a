// Values between plain data and SQLite.
// V1: a byte string is bound as TEXT where it is UTF-8, else as BLOB; `{ $sql: 'binary', value }` always as BLOB.
// V2: TEXT and BLOB come back as byte strings, integers and floats exact.
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { bytesToArray } from '../../core/bytes.js';
import { toBytes, tryText } from '../../core/text.js';
import type { SqliteParameter, SqliteParameters, SqliteValue } from '../../registry/store/sqlite-driver.js';
import { SqlRefusedError } from './statement.js';

export function toParameters(params: readonly Data[] | Readonly<DataObject>): SqliteParameters {
  if (isList(params)) return params.map((value, index) => toParameter(value, `${index + 1}`));
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, toParameter(value, `'${name}'`)]),
  );
}

const isList = (params: readonly Data[] | Readonly<DataObject>): params is readonly Data[] =>
  Array.isArray(params);

function toParameter(value: Data, name: string): SqliteParameter {
  if (typeof value === 'string') {
    const text = value.includes('\0') ? undefined : tryText(value);
    return text ?? bytesToArray(value);
  }
  if (typeof value !== 'object' || value === null || value instanceof LuaFloat) return value;
  if (!Array.isArray(value) && value['$sql'] === 'binary' && typeof value['value'] === 'string')
    return bytesToArray(value['value']);
  throw new SqlRefusedError(`parameter ${name} is a table; encode it as JSON, or pass its fields one by one`);
}

export function toRow(columns: readonly string[], values: readonly SqliteValue[]): DataObject {
  const row = dataObject();
  for (const [index, column] of columns.entries()) row[column] = toData(values[index] ?? null);
  return row;
}

function toData(value: SqliteValue): Data {
  if (typeof value === 'string') return toBytes(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
  return value;
}

/** Roughly what a value takes in memory. */
export const sizeOf = (value: SqliteValue): number =>
  typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : 8;
