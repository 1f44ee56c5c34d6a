// Connections to one Postgres schema: a small pool for statements and transactions, and single clients for LISTEN.
// C1: nothing waits for ever: connecting, every statement and every transaction is bounded; what ran out of time is cut off.
// C2: a statement outside a transaction that met a connection which had died in the pool is tried once more on a new one.
// C3: a transaction whose COMMIT was sent and not answered fails with CommitUnknown; before that nothing was stored.
import pg from 'pg';
import { within } from '../../core/within-host.js';
import { StoreUnavailableError } from './registry-store.js';
import { toStoreError } from './postgres-error.js';
import type { Row } from './rows.js';

export interface PostgresConnectionOptions {
  /** `postgres://user:password@host:port/database?sslmode=...` */
  readonly url: string;
  readonly schema: string;
  /** What the server shows of its connections. Default `moontide registry`. */
  readonly name?: string;
  /** Connections for statements. Default 4. */
  readonly most?: number;
  /** Milliseconds. Default 1 500. */
  readonly connectTimeoutMs?: number;
}

/** The connection broke after COMMIT was sent. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

export type RunStatement = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** A reading statement; snapshots of large registries take their time. */
const READ_MS = 30_000;
const CLOSE_MS = 1_000;

export class PostgresConnection implements AsyncDisposable {
  /** For people: without the password. */
  readonly place: string;
  /** `"schema".` in front of names. */
  readonly prefix: string;
  readonly schema: string;
  readonly #config: pg.ClientConfig;
  readonly #pool: pg.Pool;

  constructor({
    url,
    schema,
    most = 4,
    connectTimeoutMs = 1_500,
    name = 'moontide registry',
  }: PostgresConnectionOptions) {
    this.schema = schema;
    this.prefix = `"${schema}".`;
    this.place = placeOf(url);
    this.#config = {
      connectionString: url,
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: name,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      types: textTypes,
    };
    this.#pool = new pg.Pool({
      ...this.#config,
      max: most,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    });
    // The pool drops a client that breaks while nobody uses it; who uses one hears of it by its statement.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** One statement; `withinMs` for both tries. */
  async query(sql: string, values: readonly unknown[] = [], withinMs = READ_MS): Promise<readonly Row[]> {
    const deadline = performance.now() + withinMs;
    const left = (): number => deadline - performance.now();
    try {
      return await this.#once(sql, values, left);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || isRefused(error) || left() <= 0) throw error;
      return await this.#once(sql, values, left); // C2
    }
  }

  /** Several statements as one; `withinMs` for all of them. */
  async transaction<T>(
    work: (run: RunStatement) => Promise<T>,
    options: { readonly withinMs: number; readonly begin?: string; readonly end?: 'commit' | 'rollback' },
  ): Promise<T> {
    const { withinMs, begin = 'begin', end = 'commit' } = options;
    const deadline = performance.now() + withinMs;
    const left = (): number => deadline - performance.now();
    const client = await this.#connect(left());
    const run = this.#runner(client, left);
    let ending = false;
    try {
      await run(begin);
      const result = await work(run);
      ending = true;
      await run(end);
      client.release();
      return result;
    } catch (error) {
      const known = toStoreError(error, this.place);
      if (known instanceof StoreUnavailableError) {
        cutOff(client);
        client.release(true);
        if (ending && end === 'commit') throw new CommitUnknown(known.message, { cause: known });
        throw known;
      }
      await this.#rollBack(client, run);
      throw known;
    }
  }

  /** A client of its own, for LISTEN; who asks for it ends it. */
  async client(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    client.on('error', () => undefined); // whoever uses it listens for its end
    try {
      await client.connect();
      return client;
    } catch (error) {
      cutOff(client);
      throw toStoreError(error, this.place);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(this.#pool.end(), CLOSE_MS).catch(() => undefined); // what hangs was cut off before
  }

  async #once(sql: string, values: readonly unknown[], leftMs: () => number): Promise<readonly Row[]> {
    const client = await this.#connect(leftMs());
    try {
      const rows = await this.#runner(client, leftMs)(sql, values);
      client.release();
      return rows;
    } catch (error) {
      const known = toStoreError(error, this.place);
      const broken = known instanceof StoreUnavailableError;
      if (broken) cutOff(client);
      client.release(broken);
      throw known;
    }
  }

  async #connect(leftMs: number): Promise<pg.PoolClient> {
    if (leftMs <= 0) throw this.#late();
    const connecting = this.#pool.connect();
    try {
      return await within(connecting, leftMs, () => this.#late());
    } catch (error) {
      connecting.then(
        (client) => client.release(), // too late for this statement
        () => undefined, // told below
      );
      throw toStoreError(error, this.place);
    }
  }

  #runner(client: pg.ClientBase, leftMs: () => number): RunStatement {
    return async (sql, values = []) => {
      const text = sql.replaceAll(/@(?=[a-z])/g, this.prefix);
      const left = leftMs();
      if (left <= 0) throw this.#late();
      const result = await within(client.query<Row>(text, [...values]), left, () => this.#late());
      // Several statements in one text give a list of results that nobody looks at.
      return Array.isArray(result) ? [] : result.rows;
    };
  }

  async #rollBack(client: pg.PoolClient, run: RunStatement): Promise<void> {
    try {
      await run('rollback');
      client.release();
    } catch {
      client.release(true); // a connection that cannot even roll back is of no use
    }
  }

  #late(): StoreUnavailableError {
    return new StoreUnavailableError(`${this.place} did not answer in time`);
  }
}

/** Values as the tables have them: numbers of four bytes as numbers, everything else as text. */
const INT4 = 23;
const BYTEA = 17;
const textTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    const parse: unknown =
      oid === INT4 || oid === BYTEA
        ? pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text')
        : (value: string) => value;
    return parse as (value: string) => string;
  },
};

const isRefused = (error: StoreUnavailableError): boolean => {
  const { cause } = error;
  return (
    cause instanceof Error && 'code' in cause && /^(28|3D000|42501|ECONNREFUSED)/.test(String(cause.code))
  );
};

/** `Postgres host:port/database`, without user and password. */
export function placeOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `Postgres ${hostname === '' ? 'localhost' : hostname}:${port === '' ? '5432' : port}${pathname}`;
  } catch {
    return 'Postgres';
  }
}

/** Ends a connection without a word: the other side may be gone. */
export function cutOff(client: pg.ClientBase): void {
  const { connection } = client as unknown as {
    readonly connection?: { readonly stream?: { destroy(): void } };
  };
  connection?.stream?.destroy();
}
