// Takes old versions, and what only they named, out of a Postgres store. Runs in the caller's transaction.
import type { RunStatement } from './postgres-connection.js';
import type { PruneRequest, PruneResult } from './registry-store.js';
import { asNumber, asText, fileHashesIn } from './rows.js';

export async function prunePostgres(
  run: RunStatement,
  { before, keepPrograms }: PruneRequest,
): Promise<PruneResult> {
  const [row] = await run('select coalesce(max(number), 0)::integer as head from @versions');
  const below = Math.min(before, asNumber(row?.['head']));
  await run('delete from @changes where version < $1', [below]);
  const versions = await run('delete from @versions where number < $1 returning number', [below]);
  // From here on nobody stores a version: what it names might be taken from it.
  await run('lock table @versions in share row exclusive mode');
  const programs = await run(
    `delete from @programs where hash <> all($1::text[]) and hash not in (
       select program from @entries where program is not null
       union select program_before from @changes where program_before is not null
       union select program_after from @changes where program_after is not null) returning hash`,
    [[...keepPrograms]],
  );
  const bodies = await run(
    `select body::text as body from @entries where body ->> 'kind' = 'fs.embed'
       union all select body_before::text from @changes where body_before ->> 'kind' = 'fs.embed'
       union all select body_after::text from @changes where body_after ->> 'kind' = 'fs.embed'`,
  );
  const named = bodies.flatMap(({ body }) => fileHashesIn(asText(body)));
  const files = await run('delete from @files where hash <> all($1::text[]) returning hash', [
    [...new Set(named)],
  ]);
  return { versions: versions.length, programs: programs.length, files: files.length };
}
