// Lists as table.insert and its kin see them: tables, or anything whose metatable makes it one. Sealed.
// L1: a table is read and written directly wherever no metamethod can have a say.
import { argumentTypeError } from '../compiled/errors.js';
import type { Integer } from '../compiled/int64.js';
import { metamethod } from '../compiled/metatables.js';
import type { Value } from '../compiled/protocol.js';
import { Table } from '../compiled/table.js';
import { indexNow, setIndexNow } from './native-calls.js';

const READS = ['__index'] as const;
const WRITES = ['__newindex'] as const;

export type Access = 'read' | 'write' | 'both';

/** PUC's checktab: a table, or a value with the metamethods that the access needs (`__len` where the length is). */
export function listArgument(
  value: Value,
  access: Access,
  needsLength: boolean,
  index: number,
  name: string,
  count: number,
): void {
  if (value instanceof Table) return;
  const needed: string[] = [
    ...(access === 'write' ? [] : READS),
    ...(access === 'read' ? [] : WRITES),
    ...(needsLength ? ['__len'] : []),
  ];
  if (needed.some((event) => metamethod(value, event) === undefined)) {
    argumentTypeError(index, name, 'table', value, count < index);
  }
}

/** No metamethod has a say in its length, or in writes to it. */
export const writesDirectly = (table: Table): boolean =>
  table.meta === null || (table.meta.newindex === undefined && table.meta.len === undefined);

/** Nor in reads of what it does not have. */
export const isPlain = (table: Table): boolean =>
  table.meta === null || (writesDirectly(table) && table.meta.index === undefined);

export function getAt(list: Value, at: Integer): Value {
  if (!(list instanceof Table)) return indexNow(list, at);
  const value = typeof at === 'number' ? list.getInteger(at) : list.read(at);
  if (value !== undefined || list.meta === null || list.meta.index === undefined) return value;
  return indexNow(list, at);
}

export function setAt(list: Value, at: Integer, value: Value): void {
  if (list instanceof Table && (list.meta === null || list.meta.newindex === undefined)) {
    if (typeof at === 'number') list.setInteger(at, value);
    else list.write(at, value);
  } else setIndexNow(list, at, value);
}
