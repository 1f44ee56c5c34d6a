// Effects of workflows, done once: the answer of a statement is kept under its idempotency key in the transaction that does
// it, so that an activity that is tried again gets the answer of the first time.
// E1: the table `_moontide_effects` is made at the first such statement; rows are dropped after RETENTION_DAYS.
import { createHash } from 'node:crypto';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import { decodeWire, encodeWire } from '../../core/wire.js';
import type { SqlStatement } from '../../modules/sql/host.js';
import type { SqliteDatabase } from '../../registry/store/sqlite-driver.js';

/** Longer than any activity is tried again. */
const RETENTION_DAYS = 30;

class EffectMismatchError extends PlatformError {
  override readonly name = 'EffectMismatchError';
  readonly code = 'EFFECT_MISMATCH';
  override readonly kind = 'Conflict';
  constructor(key: string) {
    super(
      `the idempotency key '${key}' was used for another statement; each command of a workflow needs its own`,
    );
  }
}

export class Effects {
  readonly #database: SqliteDatabase;
  #ready = false;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** The recorded answer of `key`, or that of `work`, which is then recorded with it. */
  once<T extends Data>(key: string, statement: SqlStatement, work: () => T): T {
    const database = this.#database;
    // Before the transaction: one that is rolled back would take the table with it.
    this.#prepare();
    return database.transaction(() => {
      const digest = digestOf(statement);
      const known = database.get('select statement, result from _moontide_effects where key = ?', [key]);
      if (known !== undefined) {
        if (known['statement'] !== digest) throw new EffectMismatchError(key);
        // What `once` itself wrote there.
        return decodeWire(known['result'] as string) as T;
      }
      const answer = work();
      database.run(
        'insert into _moontide_effects (key, statement, result, made_at) values (?, ?, ?, unixepoch())',
        [key, digest, encodeWire(answer)],
      );
      return answer;
    });
  }

  #prepare(): void {
    if (this.#ready) return;
    this.#database.exec(
      `create table if not exists _moontide_effects (
        key text primary key,
        statement text not null,
        result text not null,
        made_at integer not null
      ) without rowid`,
    );
    this.#database.run('delete from _moontide_effects where made_at < unixepoch() - ?', [
      RETENTION_DAYS * 86_400,
    ]);
    this.#ready = true;
  }
}

const digestOf = ({ sql, params }: SqlStatement): string =>
  createHash('sha256')
    .update(sql)
    .update('\0')
    .update(encodeWire(params as Data, { sorted: true }))
    .digest('hex');
