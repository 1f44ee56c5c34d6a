// The relay's tables in Postgres (migration 0002): statements, and nothing else.
// S1: each is one statement, so that a broken connection leaves it done or not done; done twice it is as done once.
// S2: what changes for others rings their bell in the same statement; a bell says only that it is worth to look.
import type { PostgresConnection } from '../../registry/store/postgres-connection.js';
import { asNumber, asText } from '../../registry/store/rows.js';

export interface NodeRow {
  readonly name: string;
  readonly life: string;
  readonly beat: string;
  /** Whether the connection that it listens on is open; undefined: nobody can tell. */
  readonly connected: boolean | undefined;
}

export interface BatchRow {
  readonly source: string;
  readonly sender: string;
  readonly number: number;
  readonly body: string;
}

/** A statement that is not answered by then is given up. Milliseconds. */
const WITHIN_MS = 3_000;

export class RelayStore {
  readonly #connection: PostgresConnection;
  /** Channel of what concerns all nodes: who comes and goes. */
  readonly nodesChannel: string;
  /** Channel of names: the payload is the plane and the name as hex. */
  readonly namesChannel: string;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
    this.nodesChannel = `${connection.schema} nodes`;
    this.namesChannel = `${connection.schema} names`;
  }

  /** Channel of packets for one life. */
  channelOf(life: string): string {
    return `${this.#connection.schema} ${life}`;
  }

  query(
    sql: string,
    values: readonly unknown[],
    withinMs = WITHIN_MS,
  ): ReturnType<PostgresConnection['query']> {
    return this.#connection.query(sql, values, withinMs);
  }

  /** False: another life has the name. An earlier one of the same process is to be removed before. */
  async join(name: string, life: string): Promise<boolean> {
    const rows = await this.query(
      `with row as (insert into @nodes (name, life, beat) values ($1, $2, 1) on conflict (name) do nothing returning life)
       select life, pg_notify($3, '') from row union all select life, null from @nodes where life = $2`,
      [name, life, this.nodesChannel],
    );
    return rows.length > 0;
  }

  /** Shows that this life goes on. `isThere`: others have not removed it. */
  async beat(
    life: string,
    backend: number | undefined,
  ): Promise<{ readonly isThere: boolean; readonly nodes: readonly NodeRow[] }> {
    const rows = await this.query(
      `with mine as (update @nodes set beat = beat + 1, backend = $2 where life = $1 returning 1)
       select n.name, n.life, n.beat, (select count(*) from mine) as there,
         case when n.backend is null then null
              else exists (select 1 from pg_stat_activity a where a.pid = n.backend) end as connected
       from @nodes n order by n.joined`,
      [life, backend ?? null],
    );
    return {
      isThere: rows.some((row) => Number(row['there']) > 0),
      nodes: rows.map((row) => ({
        name: asText(row['name']),
        life: asText(row['life']),
        beat: asText(row['beat']),
        connected: row['connected'] === null ? undefined : row['connected'] === 't',
      })),
    };
  }

  /** Removes a life with all that belongs to it; with `beat` only if it has not shown itself since. True: it is gone by this. */
  async remove(life: string, beat?: string): Promise<boolean> {
    const rows = await this.query(
      `with gone as (delete from @nodes where life = $1 and ($2::bigint is null or beat = $2) returning life),
            packets as (delete from @packets using gone where target = gone.life or source = gone.life)
       select pg_notify($3, '') from gone`,
      [life, beat ?? null, this.nodesChannel],
    );
    return rows.length > 0;
  }

  /** False: the target is gone. */
  async send(target: string, batch: BatchRow): Promise<boolean> {
    const { source, sender, number, body } = batch;
    const rows = await this.query(
      `with batch as (
         insert into @packets (target, source, number, sender, body)
         select $1, $2, $3, $4, $5 where exists (select 1 from @nodes where life = $1)
         on conflict do nothing
       ) select pg_notify($6, '') from @nodes where life = $1`,
      [target, source, number, sender, body, this.channelOf(target)],
    );
    return rows.length > 0;
  }

  /** Everything that waits for a life, the batches of each source in their order. */
  async batches(target: string): Promise<readonly BatchRow[]> {
    const rows = await this.query(
      'select source, sender, number, body from @packets where target = $1 order by source, number',
      [target],
    );
    return rows.map((row) => ({
      source: asText(row['source']),
      sender: asText(row['sender']),
      number: asNumber(Number(row['number'])),
      body: asText(row['body']),
    }));
  }

  /** They were taken. */
  async taken(target: string, batches: readonly BatchRow[]): Promise<void> {
    await this.query(
      `delete from @packets p using unnest($2::text[], $3::bigint[]) as t (source, number)
       where p.target = $1 and p.source = t.source and p.number = t.number`,
      [target, batches.map(({ source }) => source), batches.map(({ number }) => number)],
    );
  }
}
