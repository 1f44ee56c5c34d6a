// Hears notifications of Postgres on a connection of its own, which is looked after.
// B1: a ring says only that it is worth to look; whoever relies on it looks now and then anyway.
// B2: a lost connection is made again, at most a second after Postgres is back, and then everything is worth a look.
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { cutOff, within } from '../../registry/store/postgres-connection.js';
import type { PostgresConnection } from '../../registry/store/postgres-connection.js';

const EVERY_MS = 1_000;
const ANSWER_MS = 2_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

export interface BellOptions {
  readonly connection: PostgresConnection;
  readonly channels: readonly string[];
  readonly rang: (channel: string, payload: string) => void;
  /** It listens, on the backend of this id: what was notified before is to be looked for. */
  readonly listens: (backend: number) => void;
}

export class PostgresBell implements AsyncDisposable {
  readonly #options: BellOptions;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  #client: pg.Client | undefined;

  constructor(options: BellOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    if (this.#client !== undefined) cutOff(this.#client);
    await this.#running;
  }

  async #run(): Promise<void> {
    let wait = FIRST_PAUSE_MS;
    while (!this.#end.signal.aborted) {
      try {
        await this.#listen(() => {
          wait = FIRST_PAUSE_MS;
        });
      } catch {
        // The registry's watch tells that the store is away.
        await pause(wait, undefined, { signal: this.#end.signal }).catch(() => undefined);
        wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Until the connection ends, by throwing. */
  async #listen(connected: () => void): Promise<never> {
    const { connection, channels, rang, listens } = this.#options;
    const client = await connection.client();
    this.#client = client;
    const ended = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new Error(`${connection.place} closed the connection`)));
    });
    ended.catch(() => undefined); // the loop below tells it
    const ask = async (sql: string): Promise<readonly Record<string, unknown>[]> => {
      const late = (): Error => new Error(`${connection.place} did not answer in time`);
      const { rows } = await within(Promise.race([client.query(sql), ended]), ANSWER_MS, late);
      return rows as Record<string, unknown>[];
    };
    try {
      this.#end.signal.throwIfAborted();
      client.on('notification', ({ channel, payload }) => rang(channel, payload ?? ''));
      for (const channel of channels) await ask(`listen "${channel}"`);
      const [row] = await ask('select pg_backend_pid() as backend');
      connected();
      listens(Number(row?.['backend']));
      for (;;) {
        await Promise.race([pause(EVERY_MS, undefined, { signal: this.#end.signal }), ended]);
        await ask('select 1'); // a half-open connection is noticed
      }
    } finally {
      this.#client = undefined;
      cutOff(client);
    }
  }
}
