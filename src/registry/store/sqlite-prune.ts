// Takes old versions, and what only they named, out of a SQLite store. Runs in the caller's transaction.
import type { PruneRequest, PruneResult } from './registry-store.js';
import { asNumber, asText, fileHashesIn } from './rows.js';
import type { SqliteDatabase } from './sqlite-driver.js';

export function pruneSqlite(database: SqliteDatabase, { before, keepPrograms }: PruneRequest): PruneResult {
  const head = database.get('select max(number) as head from versions')?.head;
  const below = Math.min(before, head === null || head === undefined ? 0 : asNumber(head));
  database.execute('delete from changes where version < ?', [below]);
  const versions = database.run('delete from versions where number < ?', [below]).changes;
  const programs = database.run(
    `delete from programs where hash not in (
       select program from entries where program is not null
       union select program_before from changes where program_before is not null
       union select program_after from changes where program_after is not null
       union select value from json_each(?))`,
    [JSON.stringify([...keepPrograms])],
  ).changes;
  const named = new Set<string>();
  for (const sql of [
    'select body from entries where body like ?',
    'select body_before from changes where body_before like ?',
    'select body_after from changes where body_after like ?',
  ])
    for (const [body] of database.rows(sql, ['%"fs.embed"%']).rows)
      for (const hash of fileHashesIn(asText(body))) named.add(hash);
  const files = database.run('delete from files where hash not in (select value from json_each(?))', [
    JSON.stringify([...named]),
  ]).changes;
  return { versions, programs, files };
}
