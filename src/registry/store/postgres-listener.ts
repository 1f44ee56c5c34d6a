// Hears notifications of Postgres on a connection of its own, which is looked after.
// L1: a lost connection is made again, at most a second after Postgres is back; who listens begins anew then.
// L2: every second something is asked over it (`session`), so that a half-open connection is noticed.
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { within } from '../../core/within-host.js';
import { cutOff, type PostgresConnection } from './postgres-connection.js';

const EVERY_MS = 1_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** A connection that listens. */
export interface Listening {
  /** Rows of a statement. Throws when the answer is late or the connection ends. */
  readonly ask: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Waits for a second. Throws when the connection or the listener ends. */
  readonly beat: () => Promise<void>;
  /** It works: the next loss is a new one. */
  readonly connected: () => void;
}

export interface PostgresListenerOptions {
  readonly connection: PostgresConnection;
  readonly channels: readonly string[];
  readonly notified: (channel: string, payload: string) => void;
  /** How long an answer may take. Milliseconds. */
  readonly answerMs: number;
  /** What is done while it listens; ends by throwing. */
  readonly session: (listening: Listening) => Promise<never>;
  /** Hears of a loss, and of each try that fails. Default: nobody does. */
  readonly lost?: (error: unknown) => void;
}

export class PostgresListener implements AsyncDisposable {
  readonly #options: PostgresListenerOptions;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  #client: pg.Client | undefined;

  constructor(options: PostgresListenerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    if (this.#client !== undefined) cutOff(this.#client);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    let wait = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.#listen(() => {
          wait = FIRST_PAUSE_MS;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#options.lost?.(error);
        await pause(wait, undefined, { signal }).catch(() => undefined); // it is over then
        wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Until the connection ends, by throwing. */
  async #listen(connected: () => void): Promise<never> {
    const { connection, channels, notified, answerMs, session } = this.#options;
    const { signal } = this.#end;
    const client = await connection.client();
    this.#client = client;
    const ended = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new Error(`${connection.place} closed the connection`)));
    });
    ended.catch(() => undefined); // whoever asks or waits tells it
    const ask: Listening['ask'] = async (sql) => {
      const late = (): Error => new Error(`${connection.place} did not answer in time`);
      const { rows } = await within(Promise.race([client.query(sql), ended]), answerMs, late);
      return rows as Record<string, unknown>[];
    };
    try {
      signal.throwIfAborted();
      client.on('notification', ({ channel, payload }) => notified(channel, payload ?? ''));
      for (const channel of channels) await ask(`listen "${channel}"`);
      return await session({
        ask,
        connected,
        beat: () => Promise.race([pause(EVERY_MS, undefined, { signal }), ended]),
      });
    } finally {
      this.#client = undefined;
      cutOff(client);
    }
  }
}
