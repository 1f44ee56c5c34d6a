// Hears notifications of Postgres for the relay.
// B1: a ring says only that it is worth to look; whoever relies on it looks now and then anyway.
// B2: after a lost connection everything is worth a look. That the store is away, the registry's watch tells.
import type { PostgresConnection } from '../../registry/store/postgres-connection.js';
import { PostgresListener } from '../../registry/store/postgres-listener.js';

const ANSWER_MS = 2_000;

export interface BellOptions {
  readonly connection: PostgresConnection;
  readonly channels: readonly string[];
  readonly rang: (channel: string, payload: string) => void;
  /** It listens, on the backend of this id: what was notified before is to be looked for. */
  readonly listens: (backend: number) => void;
}

export const postgresBell = ({ rang, listens, ...options }: BellOptions): PostgresListener =>
  new PostgresListener({
    ...options,
    notified: rang,
    answerMs: ANSWER_MS,
    async session({ ask, beat, connected }) {
      const [row] = await ask('select pg_backend_pid() as backend');
      connected();
      listens(Number(row?.['backend']));
      for (;;) {
        await beat();
        await ask('select 1');
      }
    },
  });
