// Lua tables: an array part, a record of string fields with a hidden class, a hash in insertion order. Sealed.
// T1: `array` holds 1..n at 0..n-1; its last element is never nil; key n+1 is nowhere else, so n is a border.
// T2: nil is undefined is absent. A deleted field or hash entry keeps its place, so deleting while traversing is safe.
// T3: every field of `fields` is older than every entry of `hash`: traversal is array, fields, hash, which is insertion order.
// T4: a string key that JavaScript would take for an array index never gets into `fields`.
// T5: `array` and `fields` may be the shared frozen empty ones; what writes in place first sees an old value there.
// T6: where `extra` is a Meta, this table is a metatable and every write of a `__name` refreshes it.
// T7: keys of the hash are normalized: integral floats are integers, I64 is a bigint, floats beyond 2^63 are plain numbers.
// T8: fields may be inherited from a record that many tables share (globals). A traversal makes them the table's own first.
// T9: what is new is counted (budget.ts): tables, positions, fields, entries. A deleted field that comes back is new.
// Long, since it is one class: whatever reads or writes a table must see its three parts together.
import { LuaFloat } from '../../core/data.js';
import { LuaError, LuaTable } from '../values.js';
import { fromBigInt, fromDouble, I64, toBigInt } from './int64.js';
import { float } from './number.js';
import type { LuaValue } from '../values.js';
import { charge, ELEMENT_BYTES, FIELD_BYTES, needMemory, TABLE_BYTES } from './budget.js';
import { emptyFields, fieldNames, fieldsPrototype, isArrayIndexText, NO_FIELDS } from './fields.js';
import type { Fields } from './fields.js';
import { Hash, READ_ONLY, toHashKey, toLuaKey } from './hash-part.js';
import type { HashKey } from './hash-part.js';
import { machine } from './machine.js';
import type { Value } from './machine.js';
import { compareText, LONG } from './ropes.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { floor, max } = Math;

const NewFields = emptyFields();
export const NO_ARRAY: Value[] = Object.freeze([]) as unknown as Value[];

const isInt = (key: number): boolean => key === floor(key) && key - key === 0;

/** What the runtime looks up of a metatable in one load. Made by the first setmetatable with the table. */
export class Meta {
  readonly table: Table;
  index: Value = undefined;
  newindex: Value = undefined;
  call: Value = undefined;
  eq: Value = undefined;
  len: Value = undefined;
  /** What `extra` of the table was before, or would be. */
  cut: number;
  constructor(table: Table, cut: number) {
    this.table = table;
    this.cut = cut;
    this.refresh();
  }
  refresh(): void {
    const { table } = this;
    this.index = table.getString('__index');
    this.newindex = table.getString('__newindex');
    this.call = table.getString('__call');
    this.eq = table.getString('__eq');
    this.len = table.getString('__len');
  }
}

export class Table extends LuaTable {
  fields: Fields;
  array: Value[];
  hash: Hash | null;
  /** Its metatable. */
  meta: Meta | null;
  /**
   * Two that few tables need share one field. A number: the longest array part that was cut, since a traversal may stand on
   * a key up to there that is no more. A Meta, which keeps that number, once this table is a metatable.
   */
  extra: Meta | number;

  /** `fields` and `array` belong to the new table; T1 and T4 must hold of them. */
  constructor(fields: Fields = NO_FIELDS, array: Value[] = NO_ARRAY) {
    super();
    machine.memory -= TABLE_BYTES + ELEMENT_BYTES * array.length; // T9
    this.fields = fields;
    this.array = array;
    this.hash = null;
    this.meta = null;
    this.extra = 0;
  }

  /** What this table is as a metatable. */
  get asMeta(): Meta | undefined {
    return typeof this.extra === 'number' ? undefined : this.extra;
  }

  /** It serves as a metatable for the first time. */
  becomeMeta(): Meta {
    return (this.extra = new Meta(this, this.longest()));
  }

  /** T6 */
  private refreshMeta(key: string): void {
    if (key.charCodeAt(0) === 95 && typeof this.extra !== 'number') this.extra.refresh();
  }

  getString(key: string): Value {
    if (key.length >= LONG) compareText(key.length);
    if (this.fields !== NO_FIELDS) {
      const value = this.fields[key];
      if (value !== undefined) return value;
    }
    return this.hash === null ? undefined : this.hash.get(key);
  }

  getInteger(key: number): Value {
    const { array } = this;
    if (key > 0 && key <= array.length) return array[key - 1];
    return this.hash === null ? undefined : this.hash.get(key);
  }

  /** Raw read with any key. */
  read(key: Value): Value {
    if (typeof key === 'string') return this.getString(key);
    if (typeof key === 'number') {
      const { array } = this;
      if (key > 0 && key <= array.length && isInt(key)) return array[key - 1];
    } else if (key instanceof LuaFloat) {
      const integer = fromDouble(key.n);
      if (typeof integer === 'number') return this.getInteger(integer);
    }
    if (this.hash === null) return undefined;
    const hashKey = toHashKey(key);
    return hashKey === undefined ? undefined : this.hash.get(hashKey);
  }

  /** Raw write of a string key that the program computed: a new one goes to the hash. */
  setString(key: string, value: Value): void {
    if (key.length >= LONG) compareText(key.length);
    if (this.fields !== NO_FIELDS && this.fields[key] !== undefined) {
      if (this.hash !== null && this.hash.frozen) throw new LuaError(READ_ONLY);
      this.fields[key] = value;
    } else if (this.hash !== null) this.hash.set(key, value);
    else if (value !== undefined) (this.hash = new Hash()).set(key, value);
    this.refreshMeta(key);
  }

  /** Raw write of a string key that stands in the source: a new one becomes a field while there is no hash. */
  setField(key: string, value: Value): void {
    if (this.hash === null && value !== undefined && !isArrayIndexText(key)) {
      if (this.fields === NO_FIELDS) this.fields = new NewFields();
      machine.memory -= FIELD_BYTES; // T9
      this.fields[key] = value;
      this.refreshMeta(key);
    } else this.setString(key, value);
  }

  /** Raw write of an integer key. */
  setInteger(key: number, value: Value): void {
    const { array } = this;
    const size = array.length;
    if (key > 0 && key <= size) {
      if (value !== undefined || key < size) array[key - 1] = value;
      else this.shrink();
    } else if (key === size + 1) {
      if (value !== undefined) this.append(value);
    } else if (this.hash !== null) this.hash.set(key, value);
    else if (value !== undefined) (this.hash = new Hash()).set(key, value);
  }

  /** Writes n+1, where n is the border. */
  append(value: Value): void {
    const { hash } = this;
    if (hash !== null && hash.frozen) throw new LuaError(READ_ONLY);
    if ((machine.memory -= ELEMENT_BYTES) < 0) needMemory(); // T9
    if (this.array === NO_ARRAY) this.array = [value];
    else this.array.push(value);
    if (hash !== null && hash.integers > 0) this.migrate(hash);
  }

  /** Moves what the hash has next after the array part into it. */
  private migrate(hash: Hash): void {
    for (;;) {
      const key = this.array.length + 1;
      const value = hash.get(key);
      if (value === undefined) return;
      hash.set(key, undefined);
      this.array.push(value);
    }
  }

  /** Drops the last element, and the nils before it. */
  private shrink(): void {
    const { array } = this;
    if (this.hash !== null && this.hash.frozen) throw new LuaError(READ_ONLY);
    let size = array.length - 1;
    const { extra } = this;
    if (typeof extra !== 'number') extra.cut = max(extra.cut, size + 1);
    else if (size >= extra) this.extra = size + 1;
    while (size > 0 && array[size - 1] === undefined) size--;
    array.length = size;
  }

  /** Raw write with any key; the key must not be nil or NaN. */
  write(key: Value, value: Value): void {
    if (typeof key === 'string') return this.setString(key, value);
    if (typeof key === 'number' && isInt(key)) return this.setInteger(key, value);
    if (key instanceof LuaFloat) {
      const integer = fromDouble(key.n);
      if (typeof integer === 'number') return this.setInteger(integer, value);
    }
    const hashKey = toHashKey(key);
    if (hashKey === undefined) throw new LuaError('table index is nil');
    if (hashKey !== hashKey) throw new LuaError('table index is NaN');
    if (this.hash !== null) this.hash.set(hashKey, value);
    else if (value !== undefined) (this.hash = new Hash()).set(hashKey, value);
  }

  /** The pair after `key` (the first for nil), or undefined at the end. */
  next(key: Value): [Value, Value] | undefined {
    const { array } = this;
    let at = 0;
    if (key instanceof LuaFloat) key = fromDouble(key.n) ?? key;
    if (typeof key === 'number' && key > 0 && key <= array.length && isInt(key)) {
      at = key;
      key = undefined;
    }
    if (key === undefined) {
      for (const from = at; at < array.length; at++) {
        const value = array[at];
        if (value !== undefined) return [at + 1, value];
        chargeSkipped(at - from);
      }
    }
    return this.nextField(key);
  }

  /** `after`: nil for the first field, else a key of the fields or the hash. */
  private nextField(after: Value): [Value, Value] | undefined {
    if (this.fields !== NO_FIELDS) {
      const keys = fieldNames(this);
      const { fields } = this;
      let at = 0;
      // A field that was deleted and stored anew is in the hash, and stays there.
      if (typeof after === 'string' && this.hash?.index.has(after) !== true) {
        at = keys.indexOf(after) + 1;
        if (at > 0) after = undefined;
      }
      if (after === undefined) {
        for (; at < keys.length; at++) {
          const key = keys[at] as string;
          const value = fields[key];
          if (value !== undefined) return [key, value];
        }
      }
    }
    return this.nextHashed(after);
  }

  /** The longest that the array part has been before it was cut. */
  private longest(): number {
    return typeof this.extra === 'number' ? this.extra : this.extra.cut;
  }

  private nextHashed(after: Value): [Value, Value] | undefined {
    const { hash } = this;
    let at = 0;
    if (after !== undefined) {
      const found = hash?.index.get(toHashKey(after) as HashKey);
      if (found !== undefined) at = found + 1;
      // A key that has just been the array's last and was deleted: what follows it are the fields and the hash.
      else if (
        typeof after === 'number' &&
        after > this.array.length &&
        after <= this.longest() &&
        isInt(after)
      )
        return this.nextField(undefined);
      else throw new LuaError("invalid key to 'next'");
    }
    if (hash === null) return undefined;
    for (const from = at; at < hash.keys.length; at++) {
      const value = hash.values[at];
      if (value === undefined) chargeSkipped(at - from);
      else return [toLuaKey(hash.keys[at] as HashKey), value];
    }
    return undefined;
  }

  /** A traversal that keeps its place; what `pairs` loops use. */
  iterate(): TableIterator {
    return new TableIterator(this);
  }

  /** Makes every write an error, for tables that instances share. */
  freeze(): this {
    this.fields = Object.freeze(Object.assign(new NewFields(), this.fields));
    this.array = Object.freeze([...this.array]) as unknown as Value[];
    this.hash ??= new Hash();
    this.hash.frozen = true;
    return this;
  }

  /** Undoes `freeze`, where a process runs one program only. */
  thaw(): this {
    this.fields = Object.assign(new NewFields(), this.fields);
    this.array = [...this.array];
    this.hash = null;
    return this;
  }

  /** Moves the hash's strings among the fields where that keeps the order, for tables that serve as classes. */
  promote(): void {
    const { hash } = this;
    if (hash === null || hash.frozen || hash.live > 64) return;
    for (const key of hash.keys) if (typeof key !== 'string' || isArrayIndexText(key)) return;
    this.hash = null;
    hash.keys.forEach((key, at) => {
      const value = hash.values[at];
      if (value !== undefined) this.setField(key as string, value);
    });
  }

  // The host's view (lua/values.ts): integers beyond 2^53 are bigints there.

  override get(key: LuaValue): LuaValue {
    return toHostValue(this.read(fromHostValue(key)));
  }

  override set(key: LuaValue, value: LuaValue): void {
    this.write(fromHostValue(key), fromHostValue(value));
  }

  override length(): number {
    return this.array.length;
  }

  override hadStringKeys(): boolean {
    return this.fields !== NO_FIELDS || (this.hash?.keys.some((key) => typeof key === 'string') ?? false);
  }

  override forEach(take: (key: LuaValue, value: LuaValue) => void): void {
    const { array, hash } = this;
    for (let at = 0; at < array.length; at++) {
      const value = array[at];
      if (value !== undefined) take(at + 1, toHostValue(value));
    }
    if (this.fields !== NO_FIELDS) {
      for (const name of fieldNames(this)) {
        const value = this.fields[name];
        if (value !== undefined) take(name, toHostValue(value));
      }
    }
    if (hash === null) return;
    const { keys, values } = hash;
    for (let at = 0; at < keys.length; at++) {
      const value = values[at];
      if (value !== undefined) take(toHostValue(toLuaKey(keys[at] as HashKey)), toHostValue(value));
    }
  }

  override takeItems(items: LuaValue[]): this {
    this.array = items as Value[];
    return this;
  }

  /** Records with many names stay hashes, as if a program had stored them one by one. */
  override takeFields(fields: Record<string, LuaValue>): this {
    let count = 0;
    for (const name in fields) {
      count++;
      if (count > MOST_TAKEN || isArrayIndexText(name)) return super.takeFields(fields);
    }
    this.fields = Object.setPrototypeOf(fields, fieldsPrototype()) as Fields;
    return this;
  }

  override *entries(): Iterable<readonly [LuaValue, LuaValue]> {
    const iterator = this.iterate();
    while (iterator.step()) yield [toHostValue(iterator.key), toHostValue(iterator.value)];
  }
}

/** One traversal of a table; `step` sets `key` and `value`, or tells that it is over. */
export class TableIterator {
  key: Value = undefined;
  value: Value = undefined;
  private readonly table: Table;
  /** Names of the fields from the moment the traversal reaches them; null before. */
  private names: string[] | null = null;
  private hashKeys: HashKey[] | null = null;
  private at = 0;

  constructor(table: Table) {
    this.table = table;
  }

  step(): boolean {
    if (this.names === null) {
      const { array } = this.table;
      while (this.at < array.length) {
        const value = array[this.at++];
        if (value !== undefined) {
          this.key = this.at;
          this.value = value;
          return true;
        }
        chargeSkipped(this.at);
      }
      this.at = 0;
      this.names = fieldNames(this.table);
      if (this.names.length > 8) charge(this.names.length);
    }
    return this.stepRest(this.names);
  }

  private stepRest(names: string[]): boolean {
    if (this.hashKeys === null) {
      while (this.at < names.length) {
        const name = names[this.at++] as string;
        const value = this.table.fields[name];
        if (value !== undefined) {
          this.key = name;
          this.value = value;
          return true;
        }
      }
      this.at = 0;
    }
    const { hash } = this.table;
    if (hash === null) return false;
    if (this.hashKeys !== hash.keys) {
      // First step here, or the program stored new keys meanwhile and the hash was compacted.
      if (this.hashKeys !== null) this.at = (hash.index.get(toHashKey(this.key) as HashKey) ?? -1) + 1;
      this.hashKeys = hash.keys;
    }
    while (this.at < hash.keys.length) {
      const at = this.at++;
      const value = hash.values[at];
      if (value !== undefined) {
        this.key = toLuaKey(hash.keys[at] as HashKey);
        this.value = value;
        return true;
      }
      chargeSkipped(at);
    }
    return false;
  }
}

/** Places that are looked at for nothing, in a traversal. */
const SKIPPED = 64;
function chargeSkipped(count: number): void {
  if (count % SKIPPED === SKIPPED - 1) charge(SKIPPED);
}

/** Fields that a table takes over as a record. */
const MOST_TAKEN = 64;

/** An internal value as the host sees it. */
export function toHostValue(value: Value): LuaValue {
  return typeof value === 'object' && value instanceof I64 ? toBigInt(value) : value;
}

/** A value of the host as the engine keeps it. */
export function fromHostValue(value: LuaValue): Value {
  if (typeof value === 'bigint') return fromBigInt(value);
  if (typeof value !== 'number' || (value < 9007199254740992 && value >= -9007199254740992 && value !== 0))
    return value as Value;
  if (value === 0) return 0; // not -0
  return value === 9007199254740992 ? fromDouble(value) : float(value);
}
