// Weak tables of a program that `moontide lua` runs: between its turns they lose what nothing else holds.
// W1: tables stay as they are while Lua runs: only for a collection, what may be lost is taken out of them and held weakly.
// W2: strings, numbers and booleans are never lost. A value that holds its own weak key does not keep it.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { watchWeakTables } from '../../lua/compiled/metatables.js';
import type { Table } from '../../lua/compiled/table.js';
import { turnAfter } from '../../lua/compiled/turn.js';
import type { LuaTable, LuaValue } from '../../lua/values.js';

/** Instructions between two collections while there are weak tables. */
export const WEAK_TURN = 20_000_000;

type Collectable = Extract<LuaValue, object>;

const isCollectable = (value: LuaValue): value is Collectable =>
  typeof value === 'object' || typeof value === 'function';

/** A pair that was taken out of a table. */
interface Taken {
  readonly table: WeakRef<LuaTable>;
  readonly key: LuaValue | WeakRef<Collectable>;
  /** Undefined where it is kept by its key alone. */
  readonly value: LuaValue | WeakRef<Collectable>;
}

export class WeakTables {
  readonly #tables: WeakRef<Table>[] = [];
  readonly #known = new WeakSet<LuaTable>();
  #collectGarbage: (() => void) | undefined;

  constructor() {
    watchWeakTables((table) => {
      if (this.#known.has(table)) return;
      this.#known.add(table);
      this.#tables.push(new WeakRef(table));
      turnAfter(WEAK_TURN);
    });
  }

  get any(): boolean {
    return this.#tables.length > 0;
  }

  /** Not while Lua runs. */
  async collect(): Promise<void> {
    const values = new WeakMap<Collectable, LuaValue>();
    const taken = this.#take(values);
    await nextTurn(); // what a WeakRef was made of lives until the end of the job
    if (this.#collectGarbage === undefined) {
      setFlagsFromString('--expose-gc');
      this.#collectGarbage = runInNewContext('gc') as () => void;
    }
    this.#collectGarbage();
    putBack(taken, values);
  }

  #take(values: WeakMap<Collectable, LuaValue>): Taken[] {
    const taken: Taken[] = [];
    for (const reference of this.#tables) {
      const table = reference.deref();
      if (table !== undefined) takeFrom(table, values, taken);
    }
    return taken;
  }
}

function takeFrom(table: Table, values: WeakMap<Collectable, LuaValue>, taken: Taken[]): void {
  const given = table.meta?.table.getString('__mode');
  const mode = typeof given === 'string' ? given : '';
  const reference = new WeakRef<LuaTable>(table);
  for (const [key, value] of [...table.entries()]) {
    const weakKey = mode.includes('k') && isCollectable(key);
    const weakValue = mode.includes('v') && isCollectable(value);
    if (!weakKey && !weakValue) continue;
    if (weakKey && !weakValue) values.set(key, value);
    table.set(key, undefined);
    taken.push({
      table: reference,
      key: weakKey ? new WeakRef(key) : key,
      value: weakValue ? new WeakRef(value) : undefined,
    });
  }
  table.hash?.compact();
}

function putBack(taken: readonly Taken[], values: WeakMap<Collectable, LuaValue>): void {
  for (const { table: reference, key, value } of taken) {
    const table = reference.deref();
    const keptKey = key instanceof WeakRef ? key.deref() : key;
    if (table === undefined || keptKey === undefined) continue;
    const kept = value instanceof WeakRef ? value.deref() : values.get(keptKey as Collectable);
    if (kept !== undefined) table.set(keptKey, kept);
  }
}
