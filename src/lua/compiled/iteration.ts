// next, pairs and ipairs: builtins that the compiler knows, so that their loops run on an iterator object. Sealed.
import { argumentError, argumentTypeError } from './errors.js';
import { index } from './access.js';
import { call, metamethod } from './metatables.js';
import { all, builtin, Frame, first, push, S } from './protocol.js';
import type { Callable, Result, Value } from './protocol.js';
import { Table } from './table.js';
import type { TableIterator } from './table.js';

export const next: Callable = builtin('next', function (table: Value, key: Value): Result {
  if (!(table instanceof Table)) argumentTypeError(1, 'next', 'table', table, arguments.length === 0);
  return table.next(key);
});

/** `__pairs` suspended; pairs gives exactly three values. */
class PairsFrame extends Frame {
  override resume(result: Result): Result {
    return threeOf(result);
  }
}

function threeOf(result: Result): Value[] {
  const [iterator, state, control] = all(result);
  return [iterator, state, control];
}

export const pairs: Callable = builtin('pairs', function (value: Value): Result {
  const handler = metamethod(value, '__pairs');
  if (handler !== undefined) {
    const result = call(handler, [value]);
    return result === S ? push(new PairsFrame()) : threeOf(result);
  }
  if (value === undefined && arguments.length === 0) argumentError(1, 'pairs', 'value expected');
  return [next, value, undefined]; // what is no table is refused by next
});

class IpairsFrame extends Frame {
  readonly #at: number;
  constructor(at: number) {
    super();
    this.#at = at;
  }
  override resume(result: Result): Result {
    const value = first(result);
    return value === undefined ? undefined : [this.#at, value];
  }
}

/** The iterator of ipairs. */
export const ipairsNext: Callable = builtin('for iterator', (table: Value, control: Value) => {
  const at = (control as number) + 1;
  const value = index(table, at);
  if (value === undefined) return undefined;
  return value === S ? push(new IpairsFrame(at)) : [at, value as Value];
});

export const ipairs: Callable = builtin('ipairs', (...values: Value[]) => {
  if (values.length === 0) argumentError(1, 'ipairs', 'value expected');
  return [ipairsNext, values[0], 0];
});

/** A traversal by ipairs of a table that has no metatable. */
export class ArrayIterator {
  key: Value = undefined;
  value: Value = undefined;
  readonly #table: Table;
  #at = 0;
  constructor(table: Table) {
    this.#table = table;
  }
  step(): boolean {
    this.value = this.#table.getInteger(++this.#at);
    this.key = this.#at;
    return this.value !== undefined;
  }
}

/** What a `for in` loop over these three values may run on; null: it calls the function. */
export function iteratorOf(
  callee: Value,
  state: Value,
  control: Value,
): TableIterator | ArrayIterator | null {
  if (!(state instanceof Table)) return null;
  if (callee === next && control === undefined) return state.iterate();
  if (callee === ipairsNext && control === 0 && state.meta === null) return new ArrayIterator(state);
  return null;
}
