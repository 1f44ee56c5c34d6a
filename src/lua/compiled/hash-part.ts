// What a table holds besides its array and its fields, in insertion order, and the keys there (table.ts T3, T7, T9). Sealed.
import { LuaFloat } from '../../core/data.js';
import { LuaError } from '../values.js';
import { chargeMemory, ENTRY_BYTES, needMemory } from './budget.js';
import { fromBigInt, fromDouble, I64, toBigInt } from './int64.js';
import { machine } from './machine.js';
import type { Value } from './machine.js';
import { LONG } from './ropes.js';

export type HashKey = Exclude<Value, undefined | LuaFloat | I64> | bigint;

export const READ_ONLY = 'attempt to change a read-only table';

/** Entries in insertion order; a deleted one stays as a tombstone until a new key needs room. */
export class Hash {
  index = new Map<HashKey, number>();
  keys: HashKey[] = [];
  values: Value[] = [];
  live = 0;
  /** Integer keys ever stored: candidates for the array part. */
  integers = 0;
  frozen = false;

  get(key: HashKey): Value {
    const at = this.index.get(key);
    return at === undefined ? undefined : this.values[at];
  }

  set(key: HashKey, value: Value): void {
    if (this.frozen) throw new LuaError(READ_ONLY);
    const at = this.index.get(key);
    if (at !== undefined) {
      const old = this.values[at];
      this.values[at] = value;
      if (value === undefined) {
        if (old !== undefined) this.live--;
      } else if (old === undefined) this.live++;
    } else if (value !== undefined) {
      if ((machine.memory -= ENTRY_BYTES) < 0) needMemory(); // T9
      if (typeof key === 'string' && key.length >= LONG) chargeMemory(key.length); // V8 copies long keys
      if (this.keys.length >= 16 && this.live * 2 < this.keys.length) this.compact();
      this.index.set(key, this.keys.length);
      this.keys.push(key);
      this.values.push(value);
      this.live++;
      if (typeof key === 'number') this.integers++;
    }
  }

  /** Forgets deleted keys. */
  compact(): void {
    const { keys, values } = this;
    this.index = new Map();
    this.keys = [];
    this.values = [];
    this.integers = 0;
    for (let at = 0; at < keys.length; at++) {
      const value = values[at];
      if (value === undefined) continue;
      const key = keys[at] as HashKey;
      this.index.set(key, this.keys.length);
      this.keys.push(key);
      this.values.push(value);
      if (typeof key === 'number') this.integers++;
    }
  }
}

/** The Lua key of a hash key. */
export function toLuaKey(key: HashKey): Value {
  if (typeof key === 'bigint') return fromBigInt(key);
  if (typeof key === 'number' && key - key === 0 && (key >= 9007199254740992 || key < -9007199254740992))
    return new LuaFloat(key);
  return key;
}

/** T7; NaN stays NaN and is never found. */
export function toHashKey(key: Value): HashKey | undefined {
  if (typeof key !== 'object') return key;
  if (key instanceof LuaFloat) {
    const integer = fromDouble(key.n);
    if (integer === undefined) return key.n;
    return integer instanceof I64 ? toBigInt(integer) : integer;
  }
  return key instanceof I64 ? toBigInt(key) : key;
}
