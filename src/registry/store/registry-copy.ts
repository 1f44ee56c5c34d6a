// A node's own copy of the newest version that it has applied: one SQLite file, what it goes on with when the store is away.
// Y1: the copy is a cache: a file that cannot be read, of another registry or of another release is made anew.
// Y2: a version is written after all its programs and files, in one transaction: the copy is a whole version at any moment.
// Y3: several processes of an app may share the file; an older version never takes the place of a newer one of the same chain.
import { rmSync } from 'node:fs';
import { dataObject } from '../../core/data.js';
import type { PinnedProgram } from '../../core/program.js';
import { decodeWire, encodeWire } from '../../core/wire.js';
import type { Change, VersionedEntry } from '../model/changes.js';
import { changedId, sidesOf } from '../model/changes.js';
import { leafHash } from '../model/state-hash.js';
import { decodeProgram, encodeEntry, encodeProgram } from './bodies.js';
import type { StoredVersion, StoreSnapshot } from './registry-store.js';
import { asBytes, asText, toStoredEntry, toVersion } from './rows.js';
import { SqliteDatabase, SqliteError } from './sqlite-driver.js';

/** Of the tables below; another one in the file is thrown away. */
const FORMAT = 1;
const TABLES = `
  create table copy (one integer primary key check (one = 1), source text not null, version text not null) strict;
  create table entries (id text primary key, body text not null, program text, origin text, leaf text not null) strict;
  create table programs (hash text primary key, entry text not null, body text not null) strict;
  create table files (hash text primary key, bytes blob not null) strict;
  pragma user_version = ${FORMAT};
`;
const BUSY_MS = 2_000;

export interface CopyOptions {
  readonly path: string;
  /** Which registry this is a copy of; the copy of another one is not used. */
  readonly source: string;
  readonly hash: (text: string) => string;
}

export class RegistryCopy implements Disposable {
  readonly #database: SqliteDatabase;
  readonly #source: string;
  readonly #hash: (text: string) => string;

  constructor({ path, source, hash }: CopyOptions) {
    this.#source = source;
    this.#hash = hash;
    this.#database = openCopy(path);
    const found = this.#database.get('select source from copy');
    if (found !== undefined && found.source !== source) this.#clear();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** undefined: nothing was ever copied. */
  head(): StoredVersion | undefined {
    const row = this.#database.get('select version from copy');
    return row === undefined ? undefined : decodeVersion(asText(row.version));
  }

  snapshot(): StoreSnapshot {
    return this.#database.transaction(() => {
      const { rows } = this.#database.rows('select id, body, program, origin, leaf from entries order by id');
      return {
        version: this.head(),
        entries: rows.map((row) => toStoredEntry(row[0], row[1], row[2], row[3], row[4])),
      };
    }, 'deferred');
  }

  program(hash: string): PinnedProgram | undefined {
    const row = this.#database.get('select body from programs where hash = ?', [hash]);
    return row === undefined ? undefined : decodeProgram(hash, asText(row.body));
  }

  file(hash: string): Uint8Array | undefined {
    const row = this.#database.get('select bytes from files where hash = ?', [hash]);
    return row === undefined ? undefined : asBytes(row.bytes);
  }

  missing(table: 'programs' | 'files', hashes: readonly string[]): string[] {
    const sql = `select value from json_each(?) where value not in (select hash from ${table})`;
    return this.#database.rows(sql, [JSON.stringify(hashes)]).rows.map(([hash]) => asText(hash));
  }

  keepProgram({ hash, program }: PinnedProgram): void {
    this.#database.execute(
      'insert into programs (hash, entry, body) values (?, ?, ?) on conflict do nothing',
      [hash, program.entry, encodeProgram(program)],
    );
  }

  keepFile(hash: string, bytes: Uint8Array): void {
    this.#database.execute('insert into files (hash, bytes) values (?, ?) on conflict do nothing', [
      hash,
      bytes,
    ]);
  }

  /** Whether the version can be kept by its changes alone. */
  follows(version: StoredVersion): boolean {
    const head = this.head();
    return head !== undefined && head.number === version.parent;
  }

  /** By its changes where the copy holds the version before; else whole. */
  keep(
    version: StoredVersion,
    changes: readonly Change[] | undefined,
    all: () => Iterable<VersionedEntry>,
  ): void {
    this.#database.transaction(() => {
      const head = this.head();
      if (head?.hash === version.hash) return;
      // Later in number and in time: another process was ahead. A store that was restored counts anew, but not earlier.
      if (head !== undefined && head.number > version.number && head.time >= version.time) return; // Y3
      if (changes !== undefined && head !== undefined && head.number === version.parent) {
        for (const change of changes) this.#put(changedId(change), sidesOf(change).after);
      } else {
        this.#database.exec('delete from entries');
        for (const held of all()) this.#put(held.entry.id, held);
      }
      this.#database.execute(
        `insert into copy (one, source, version) values (1, ?, ?)
           on conflict (one) do update set source = excluded.source, version = excluded.version`,
        [this.#source, encodeVersion(version)],
      );
    });
  }

  #put(id: string, held: VersionedEntry | undefined): void {
    if (held === undefined) {
      this.#database.execute('delete from entries where id = ?', [id]);
      return;
    }
    this.#database.execute(
      'insert or replace into entries (id, body, program, origin, leaf) values (?, ?, ?, ?, ?)',
      [id, encodeEntry(held.entry), held.program ?? null, held.origin ?? null, leafHash(held, this.#hash)],
    );
  }

  #clear(): void {
    this.#database.exec('delete from copy; delete from entries; delete from programs; delete from files');
  }
}

function openCopy(path: string): SqliteDatabase {
  for (let tries = 0; ; tries++) {
    let database: SqliteDatabase | undefined;
    try {
      database = new SqliteDatabase(path, { busyTimeoutMs: BUSY_MS, journal: 'wal', synchronous: 'normal' });
      const made = database;
      made.transaction(() => {
        const format = made.get('pragma user_version')?.user_version;
        if (format === 0) made.exec(TABLES);
        else if (format !== FORMAT) throw new FormatError();
      });
      return made;
    } catch (error) {
      database?.close();
      const isUseless =
        error instanceof FormatError ||
        (error instanceof SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.sqlite));
      if (!isUseless || tries > 0) throw error;
      for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true }); // Y1
    }
  }
}

class FormatError extends Error {}

const encodeVersion = (version: StoredVersion): string =>
  encodeWire(dataObject({ ...version, parent: version.parent ?? null }), {
    strings: 'text',
  });

function decodeVersion(text: string): StoredVersion {
  return toVersion(decodeWire(text, { strings: 'text' }) as Readonly<Record<string, unknown>>);
}
