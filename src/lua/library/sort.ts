// table.sort: PUC 5.3's quicksort step by step, so that it compares the same pairs, leaves equal elements in the same order
// and notices the same invalid order functions. Sealed.
// S1: where nobody can see the comparisons (numbers or strings without a function) any sorting will do, and V8's is faster.
// S2: chance, which PUC takes from the clock when partitions are lopsided, is a fixed sequence here.
import { enterNative, finishSpill, leaveNative } from '../compiled/coroutine.js';
import { argumentError, raise, toLuaError } from '../compiled/errors.js';
import { builtin, charge, chargeMemory, EMPTY, S } from '../compiled/protocol.js';
import type { Callable, Result, Value } from '../compiled/protocol.js';
import { Table } from '../compiled/table.js';
import { functionArgument } from './arguments.js';
import { getAt, isPlain, listArgument, setAt } from './list-access.js';
import { lengthNow, lessThanNow } from './native-calls.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { isArray } = Array;
const { imul } = Math;

type Less = (a: Value, b: Value) => boolean;

/** Intervals below this take the middle as pivot even when chance is wanted. */
const SMALL = 100;

class Sorter {
  readonly #values: Value[];
  readonly #less: Less;
  #chance = 0x9e3779b9;

  constructor(values: Value[], less: Less) {
    this.#values = values;
    this.#less = less;
  }

  sort(low: number, high: number, random: number): void {
    const values = this.#values;
    const less = this.#less;
    while (low < high) {
      if (less(values[high], values[low])) this.#swap(low, high);
      if (high - low === 1) return;
      let pivot = (low + high) >>> 1;
      if (high - low >= SMALL && random !== 0) {
        const quarter = (high - low) >>> 2;
        pivot = (random % (quarter * 2)) + low + quarter;
      }
      if (less(values[pivot], values[low])) this.#swap(pivot, low);
      else if (less(values[high], values[pivot])) this.#swap(pivot, high);
      if (high - low === 2) return;
      const value = values[pivot];
      this.#swap(pivot, high - 1);
      pivot = this.#partition(low, high, value);
      let smaller: number;
      if (pivot - low < high - pivot) {
        this.sort(low, pivot - 1, random);
        smaller = pivot - low;
        low = pivot + 1;
      } else {
        this.sort(pivot + 1, high, random);
        smaller = high - pivot;
        high = pivot - 1;
      }
      if ((high - low) / 128 > smaller) random = this.#nextChance();
    }
  }

  /** Where the pivot ends up; it stands at high - 1 when this begins. */
  #partition(low: number, high: number, pivot: Value): number {
    const values = this.#values;
    const less = this.#less;
    let left = low;
    let right = high - 1;
    for (;;) {
      while (less(values[++left], pivot)) {
        if (left === high - 1) raise('invalid order function for sorting');
      }
      while (less(pivot, values[--right])) {
        if (right < left) raise('invalid order function for sorting');
      }
      if (right < left) {
        this.#swap(high - 1, left);
        return left;
      }
      this.#swap(left, right);
    }
  }

  #swap(a: number, b: number): void {
    const values = this.#values;
    const value = values[a];
    values[a] = values[b];
    values[b] = value;
  }

  #nextChance(): number {
    this.#chance = (imul(this.#chance, 1664525) + 1013904223) >>> 0;
    return this.#chance;
  }
}

/** A comparison by a Lua function, between enterNative and leaveNative. */
const byFunction =
  (callee: Callable): Less =>
  (a, b) => {
    const result: Result = callee(a, b);
    if (!isArray(result)) return result !== undefined && result !== false;
    const finished = result === S ? finishSpill() : result;
    const value = isArray(finished) ? finished[0] : finished;
    return value !== undefined && value !== false;
  };

const byOperator: Less = (a, b) =>
  (typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string')
    ? a < b
    : lessThanNow(a, b);

/** Characters that are compared in one instruction. */
const COMPARED_AT_ONCE = 16;

/** S1: sorts in place and tells that it did. */
function sortByType(values: Value[]): boolean {
  const kind = typeof values[0];
  if (kind !== 'number' && kind !== 'string') return false;
  let characters = 0;
  for (const value of values) {
    if (typeof value !== kind || value !== value) return false;
    if (typeof value === 'string') characters += value.length;
  }
  if (kind === 'string') {
    // They may be equal for long before they differ.
    charge(Math.ceil((characters * Math.log2(values.length)) / COMPARED_AT_ONCE));
    (values as string[]).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return true;
  }
  Float64Array.from(values as number[])
    .sort()
    .forEach((value, at) => {
      values[at] = value;
    });
  return true;
}

const MAX_SIZE = 2147483647;

export const sort = builtin('table.sort', function (list: Value, order: Value): Result {
  const name = 'table.sort';
  listArgument(list, 'both', true, 1, name, arguments.length);
  const size = lengthNow(list);
  if (typeof size !== 'number' || size >= MAX_SIZE) return argumentError(1, name, 'array too big');
  if (size < 2) return EMPTY;
  const callee = order === undefined ? undefined : functionArgument(order, 2, name, arguments.length);
  charge(Math.ceil(size * Math.log2(size)));
  chargeMemory(8 * size);
  const values = valuesOf(list, size);
  if (callee === undefined && sortByType(values)) {
    store(list, values);
    return EMPTY;
  }
  try {
    if (callee === undefined) new Sorter(values, byOperator).sort(0, size - 1, 0);
    else {
      enterNative();
      new Sorter(values, byFunction(callee)).sort(0, size - 1, 0);
      leaveNative();
    }
  } catch (error) {
    // After an error of Lua nothing is lost, as in PUC; after the end of the budget no metamethod runs any more (budget.ts B3).
    if (toLuaError(error) !== undefined) store(list, values);
    throw error;
  }
  store(list, values);
  return EMPTY;
});

function valuesOf(list: Value, size: number): Value[] {
  if (list instanceof Table && isPlain(list) && list.array.length >= size) return list.array.slice(0, size);
  const values: Value[] = [];
  for (let at = 1; at <= size; at++) values.push(getAt(list, at));
  return values;
}

function store(list: Value, values: Value[]): void {
  for (let at = 0; at < values.length; at++) setAt(list, at + 1, values[at]);
}
