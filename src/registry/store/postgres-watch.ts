// Hears of versions that other nodes store.
// W1: a notification only wakes: what is new is read from the store.
// W2: every second the head is asked for, so that a lost notification or a half-open connection costs a second or two.
// W3: a loss is told once; when Postgres is back the watcher is woken.
import { toStoreError } from './postgres-error.js';
import type { PostgresConnection } from './postgres-connection.js';
import { PostgresListener } from './postgres-listener.js';
import type { StoreWatcher } from './registry-store.js';

const ANSWER_MS = 1_500;

export function postgresWatch(connection: PostgresConnection, watcher: StoreWatcher): PostgresListener {
  const { prefix, schema, place } = connection;
  const newest = `select number || ' ' || hash as head from ${prefix}versions order by number desc limit 1`;
  let told = false;
  return new PostgresListener({
    connection,
    channels: [channelOf(schema)],
    notified: () => watcher.changed(),
    answerMs: ANSWER_MS,
    async session({ ask, beat, connected }) {
      connected();
      told = false;
      watcher.changed(); // what was stored before LISTEN
      let last: unknown = undefined;
      for (;;) {
        const [row] = await ask(newest);
        const head = row?.['head'];
        if (last !== undefined && head !== last) watcher.changed(); // W2
        last = head ?? '';
        await beat();
      }
    },
    lost(error) {
      if (!told) watcher.away?.(toStoreError(error, place).message); // W3
      told = true;
    },
  });
}

export const channelOf = (schema: string): string => `${schema} registry`;
