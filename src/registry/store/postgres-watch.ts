// Hears of versions that other nodes store: LISTEN on a connection of its own, which is looked after.
// W1: a notification only wakes: what is new is read from the store.
// W2: every second the head is asked for, so that a lost notification or a half-open connection costs a second or two.
// W3: a lost connection is told once and made again, at most a second after Postgres is back; then the watcher is woken.
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { toStoreError } from './postgres-error.js';
import { cutOff, type PostgresConnection, within } from './postgres-connection.js';
import type { StoreWatcher } from './registry-store.js';

/** How often the head is asked for, how long an answer may take, and the longest pause between two tries to connect. */
const EVERY_MS = 1_000;
const ANSWER_MS = 1_500;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

export class PostgresWatch implements AsyncDisposable {
  readonly #connection: PostgresConnection;
  readonly #watcher: StoreWatcher;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  #client: pg.Client | undefined;

  constructor(connection: PostgresConnection, watcher: StoreWatcher) {
    this.#connection = connection;
    this.#watcher = watcher;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    if (this.#client !== undefined) cutOff(this.#client);
    await this.#running;
  }

  async #run(): Promise<void> {
    let wait = FIRST_PAUSE_MS;
    let told = false;
    while (!this.#end.signal.aborted) {
      try {
        await this.#listen(() => {
          wait = FIRST_PAUSE_MS;
          told = false;
        });
      } catch (error) {
        if (this.#end.signal.aborted) return;
        if (!told) this.#watcher.away?.(toStoreError(error, this.#connection.place).message); // W3
        told = true;
        await pause(wait, undefined, { signal: this.#end.signal }).catch(() => undefined);
        wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Until the connection ends, by throwing. */
  async #listen(connected: () => void): Promise<never> {
    const client = await this.#connection.client();
    this.#client = client;
    const ended = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new Error(`${this.#connection.place} closed the connection`)));
    });
    ended.catch(() => undefined); // the loop below tells it
    try {
      const { prefix, schema } = this.#connection;
      const ask = async (sql: string): Promise<unknown> => {
        const late = (): Error => new Error(`${this.#connection.place} did not answer in time`);
        const { rows } = await within(Promise.race([client.query(sql), ended]), ANSWER_MS, late);
        return (rows as { head?: unknown }[])[0]?.head;
      };
      client.on('notification', () => this.#watcher.changed());
      await ask(`listen "${channelOf(schema)}"`);
      connected();
      this.#watcher.changed(); // what was stored before LISTEN
      let last: unknown = undefined;
      for (;;) {
        const head = await ask(
          `select number || ' ' || hash as head from ${prefix}versions order by number desc limit 1`,
        );
        if (last !== undefined && head !== last) this.#watcher.changed(); // W2
        last = head ?? '';
        await Promise.race([pause(EVERY_MS, undefined, { signal: this.#end.signal }), ended]);
      }
    } finally {
      this.#client = undefined;
      cutOff(client);
    }
  }
}

export const channelOf = (schema: string): string => `${schema} registry`;
