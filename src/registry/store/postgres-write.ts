// The rows of a version, written in the caller's transaction: a few statements, however many changes there are.
import type { RunStatement } from './postgres-connection.js';
import type { StoredVersion } from './registry-store.js';
import { asNumber, type ChangeRow, misfit } from './rows.js';

export async function headNumber(run: RunStatement): Promise<number> {
  const [row] = await run('select coalesce(max(number), 0)::integer as head from @versions');
  return asNumber(row?.['head']);
}

/** False when there is one of its number or key, or none of its parent's (G1). */
export async function insertVersion(
  run: RunStatement,
  { number, parent, hash, state, comment, author, via, time }: StoredVersion,
  key: string | undefined,
): Promise<boolean> {
  const rows = await run(
    `insert into @versions (number, parent, hash, state, comment, author, via, key, time)
       select $1, $2, $3, $4, $5, $6, $7, $8, $9
        where $2 = 0 or exists (select from @versions where number = $2)
       on conflict do nothing returning number`,
    [number, parent ?? 0, hash, state, comment, author, via, key ?? null, time],
  );
  return rows.length === 1;
}

export async function insertChanges(
  run: RunStatement,
  version: number,
  changes: readonly ChangeRow[],
): Promise<void> {
  await run(
    `insert into @changes (version, position, operation, entry, body_before, body_after, program_before, program_after, origin_before, origin_after)
       select $1, place - 1, operation, entry, before::json, after::json, program_before, program_after, origin_before, origin_after
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
              with ordinality as c (operation, entry, before, after, program_before, program_after, origin_before, origin_after, place)`,
    [
      version,
      changes.map(({ operation }) => operation),
      changes.map(({ id }) => id),
      changes.map(({ bodyBefore }) => bodyBefore),
      changes.map(({ bodyAfter }) => bodyAfter),
      changes.map(({ programBefore }) => programBefore),
      changes.map(({ programAfter }) => programAfter),
      changes.map(({ originBefore }) => originBefore),
      changes.map(({ originAfter }) => originAfter),
    ],
  );
}

export async function changeEntries(
  run: RunStatement,
  version: number,
  changes: readonly ChangeRow[],
): Promise<void> {
  const expectAll = (wanted: readonly ChangeRow[], done: readonly Record<string, unknown>[]): void => {
    if (done.length === wanted.length) return;
    const ids = new Set(done.map(({ id }) => id));
    throw misfit(version, changes, wanted.find(({ id }) => !ids.has(id))?.id ?? '');
  };
  const deletes = changes.filter(({ operation }) => operation === 'delete');
  if (deletes.length > 0)
    expectAll(
      deletes,
      await run('delete from @entries where id = any($1::text[]) returning id', [
        deletes.map(({ id }) => id),
      ]),
    );
  for (const [operation, sql] of [
    ['create', INSERT_ENTRIES],
    ['update', UPDATE_ENTRIES],
  ] as const) {
    const rows = changes.filter((change) => change.operation === operation);
    if (rows.length === 0) continue;
    const done = await run(sql, [
      version,
      rows.map(({ id }) => id),
      rows.map(({ bodyAfter }) => bodyAfter),
      rows.map(({ programAfter }) => programAfter),
      rows.map(({ originAfter }) => originAfter),
      rows.map(({ leaf }) => leaf),
    ]);
    expectAll(rows, done);
  }
}

const ENTRY_ROWS =
  'unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as r (id, body, program, origin, leaf)';
const INSERT_ENTRIES = `insert into @entries (id, body, program, origin, leaf, version)
  select id, body::json, program, origin, leaf, $1 from ${ENTRY_ROWS} on conflict do nothing returning id`;
const UPDATE_ENTRIES = `update @entries e set body = r.body::json, program = r.program, origin = r.origin, leaf = r.leaf, version = $1
  from ${ENTRY_ROWS} where e.id = r.id returning e.id`;
