// store.sql: values in a table of a database, which the app makes: key, value (JSON of the wire rules), expiry (Unix time, seconds).
// Q1: what has expired is not there for anybody, also before it is swept.
// Q2: names of the table and its columns are identifiers; keys and values only ever travel as parameters.
// Q3: a write that comes again under its key is done once: the database records its effect (services/sql/effects.ts).
//     So the same write is the same statement with the same parameters: the clock is the database's.
// Q4: a time to live is rounded up to whole seconds, the measure of the column.
import { createHash } from 'node:crypto';
import type { Data, DataObject } from '../../core/data.js';
import { dataObject } from '../../core/data.js';
import { tryText, toBytes } from '../../core/text.js';
import { decodeWire, encodeWire } from '../../core/wire.js';
import type { SqlCaller, SqlDatabase } from '../../modules/sql/host.js';
import { StoreCallError } from '../../modules/store/host.js';
import type {
  KeyValueStore,
  Page,
  PutOptions,
  StoreCaller,
  StoreCapabilities,
  StoredValue,
} from '../../modules/store/host.js';

export interface SqlStoreOptions {
  /** Entry id, for messages. */
  readonly entry: string;
  readonly table: string;
  readonly columns: { readonly key: string; readonly value: string; readonly expires: string };
  /** How often what has expired is swept. Milliseconds; 0: never by itself. */
  readonly cleanupMs: number;
  /** Hears of a sweep that failed; the next one tries again. */
  readonly failed: (error: unknown) => void;
}

/** What differs between databases. */
interface Dialect {
  /** Unix time in seconds, with a fraction. */
  readonly now: string;
}
/** Absent: not built. */
const DIALECTS: Readonly<Partial<Record<SqlDatabase['type'], Dialect>>> = {
  sqlite: { now: "unixepoch('subsec')" },
};

/** Behind every text that begins with a prefix, in the order of bytes. */
const LAST = '\u{10FFFF}';

export class SqlStore implements KeyValueStore, AsyncDisposable {
  readonly capabilities: StoreCapabilities = {
    backend: 'sql',
    consistency: 'linearizable',
    durable: true,
    list: true,
    versioned: true,
    conditional_put: false,
    ttl: true,
  };
  readonly #database: SqlDatabase;
  readonly #dialect: Dialect;
  readonly #options: SqlStoreOptions;
  readonly #sweeper: NodeJS.Timeout | undefined;
  readonly #end = new AbortController();

  constructor(database: SqlDatabase, options: SqlStoreOptions) {
    const dialect = DIALECTS[database.type];
    if (dialect === undefined)
      throw new StoreCallError(
        'Unavailable',
        `a store in a database of type '${database.type}' is not built in this version; take 'db.sql.sqlite'`,
      );
    this.#database = database;
    this.#dialect = dialect;
    this.#options = options;
    if (options.cleanupMs > 0) {
      const sweep = (): void => void this.sweep().catch((error: unknown) => this.#failed(error));
      this.#sweeper = setInterval(sweep, Math.min(options.cleanupMs, 2 ** 31 - 1));
      this.#sweeper.unref();
    }
  }

  async get(key: string, caller: StoreCaller): Promise<StoredValue | undefined> {
    const { table, columns } = this.#options;
    const [row] = await this.#query(
      `select ${columns.key} as k, ${columns.value} as v from ${table} where ${columns.key} = ? and ${this.#alive()}`,
      [keyText(key)],
      caller,
    );
    return row === undefined ? undefined : this.#stored(row);
  }

  async put(key: string, value: Data, { ttlMs }: PutOptions, caller: StoreCaller): Promise<StoredValue> {
    const { table, columns } = this.#options;
    const body = encodeWire(value);
    const expires = ttlMs === undefined ? 'null' : `cast(${this.#dialect.now} + ? + 0.999 as integer)`;
    await this.#execute(
      `insert into ${table} (${columns.key}, ${columns.value}, ${columns.expires}) values (?, ?, ${expires})
       on conflict (${columns.key}) do update set ${columns.value} = excluded.${columns.value}, ${columns.expires} = excluded.${columns.expires}`,
      [keyText(key), binary(toBytes(body)), ...(ttlMs === undefined ? [] : [ttlMs / 1000])],
      caller,
    );
    return { key, value, version: versionOf(body) };
  }

  async delete(key: string, caller: StoreCaller): Promise<boolean> {
    const { table, columns } = this.#options;
    return (
      (await this.#execute(
        `delete from ${table} where ${columns.key} = ? and ${this.#alive()}`,
        [keyText(key)],
        caller,
      )) > 0
    );
  }

  async list(
    {
      prefix,
      after,
      limit,
    }: { readonly prefix: string; readonly after: string | undefined; readonly limit: number },
    caller: StoreCaller,
  ): Promise<Page> {
    const { table, columns } = this.#options;
    const rows = await this.#query(
      `select ${columns.key} as k, ${columns.value} as v from ${table}
       where ${columns.key} >= ? and ${columns.key} < ? and ${columns.key} > ? and ${this.#alive()}
       order by ${columns.key} limit ?`,
      [keyText(prefix), `${keyText(prefix)}${toBytes(LAST)}`, keyText(after ?? ''), limit + 1],
      caller,
    );
    return { items: rows.slice(0, limit).map((row) => this.#stored(row)), hasMore: rows.length > limit };
  }

  /** Takes away what has expired. */
  async sweep(): Promise<void> {
    const { table, columns } = this.#options;
    await this.#execute(`delete from ${table} where ${columns.expires} <= ${this.#dialect.now}`, [], {
      signal: this.#end.signal,
      key: undefined,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    this.#end.abort();
  }

  #alive(): string {
    const { expires } = this.#options.columns;
    return `(${expires} is null or ${expires} > ${this.#dialect.now})`;
  }

  #stored({ k, v }: DataObject): StoredValue {
    const body = typeof v === 'string' ? v : '';
    const key = typeof k === 'string' ? k : JSON.stringify(k);
    try {
      return { key, value: decodeWire(tryText(body) ?? body), version: versionOf(tryText(body) ?? body) };
    } catch (cause) {
      const { entry, table } = this.#options;
      throw new StoreCallError(
        'Internal',
        `the value of '${key}' in the table ${table} of '${entry}' is not what a store writes: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    }
  }

  #query(sql: string, params: readonly Data[], caller: StoreCaller): Promise<DataObject[]> {
    return this.#database.query({ sql, params }, this.#caller(caller));
  }

  async #execute(sql: string, params: readonly Data[], caller: StoreCaller): Promise<number> {
    return (await this.#database.execute({ sql, params }, this.#caller(caller))).rowsAffected;
  }

  #caller({ signal, key }: StoreCaller): SqlCaller {
    return { name: this.#options.entry, signal, key };
  }

  #failed(error: unknown): void {
    if (!this.#end.signal.aborted) this.#options.failed(error);
  }
}

const binary = (value: string): Data => dataObject({ $sql: 'binary', value });

/** A key as the database has it: text. */
function keyText(key: string): string {
  if (tryText(key) === undefined)
    throw new StoreCallError(
      'Invalid',
      'keys of a store in a database are UTF-8; encode other bytes (base64)',
    );
  return key;
}

/** Changes with the value; 64 bits are enough to tell apart what two writers wrote. */
const versionOf = (body: string): string => createHash('sha256').update(body).digest('hex').slice(0, 16);
