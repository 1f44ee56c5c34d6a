// The rows of a store, the same for every engine: what goes into its tables and what is made of what comes out of them.
import { type Change, changedId, type Origin, sidesOf } from '../model/changes.js';
import { decodeEntry, encodeEntry } from './bodies.js';
import { embeddedFiles } from '../model/embedded.js';
import {
  type AppendRequest,
  type StoredChange,
  StoreCorruptError,
  type StoredEntry,
  type StoredVersion,
} from './registry-store.js';

/** Columns by name, as the engine's driver gives them. */
export type Row = Readonly<Record<string, unknown>>;

export const VERSION_COLUMNS = 'number, parent, hash, state, comment, author, via, time';
export const CHANGE_COLUMNS =
  'version, operation, entry, body_before, body_after, program_before, program_after, origin_before, origin_after';

/** One row for each change of an entry, with its version. */
export const HISTORY_COLUMNS = `${VERSION_COLUMNS.split(', ')
  .map((column) => `v.${column}`)
  .join(', ')}, ${CHANGE_COLUMNS.split(', ')
  .filter((column) => column !== 'version')
  .map((column) => `c.${column}`)
  .join(', ')}`;

export interface ChangeRow {
  readonly operation: Change['op'];
  readonly id: string;
  readonly bodyBefore: string | null;
  readonly bodyAfter: string | null;
  readonly programBefore: string | null;
  readonly programAfter: string | null;
  readonly originBefore: string | null;
  readonly originAfter: string | null;
  readonly leaf: string | null;
}

export function toChangeRow(change: StoredChange): ChangeRow {
  const { before, after } = sidesOf(change);
  return {
    operation: change.op,
    id: changedId(change),
    bodyBefore: before === undefined ? null : encodeEntry(before.entry),
    bodyAfter: after === undefined ? null : encodeEntry(after.entry),
    programBefore: change.programBefore ?? null,
    programAfter: change.programAfter ?? null,
    originBefore: change.originBefore ?? null,
    originAfter: change.originAfter ?? null,
    leaf: change.leaf ?? null,
  };
}

export function toVersion(row: Row): StoredVersion {
  return Object.freeze({
    number: asNumber(row['number']),
    parent: asNumber(row['parent']),
    hash: asText(row['hash']),
    state: asText(row['state']),
    comment: asText(row['comment']),
    author: asText(row['author']),
    via: asText(row['via']),
    time: new Date(asText(row['time'])).toISOString(),
  });
}

export function toChange(row: Row): Change {
  const id = asText(row['entry']);
  const before = asOptionalText(row['body_before']);
  const after = asOptionalText(row['body_after']);
  const beside = {
    ...optional('programBefore', row['program_before']),
    ...optional('programAfter', row['program_after']),
    ...optionalOrigin('originBefore', row['origin_before']),
    ...optionalOrigin('originAfter', row['origin_after']),
  };
  if (after === undefined) return { op: 'delete', before: decodeEntry(id, before ?? ''), ...beside };
  if (before === undefined) return { op: 'create', after: decodeEntry(id, after), ...beside };
  return { op: 'update', before: decodeEntry(id, before), after: decodeEntry(id, after), ...beside };
}

export function toStoredEntry(
  id: unknown,
  body: unknown,
  program: unknown,
  origin: unknown,
  leaf: unknown,
): StoredEntry {
  return {
    entry: decodeEntry(asText(id), asText(body)),
    program: asOptionalText(program),
    ...optionalOrigin('origin', origin),
    leaf: asText(leaf),
  };
}

/** Of what a version changed, the rows of each. */
export function byVersion(rows: readonly Row[]): Map<number, Change[]> {
  const sets = new Map<number, Change[]>();
  for (const row of rows) {
    const version = asNumber(row['version']);
    const set = sets.get(version);
    if (set === undefined) sets.set(version, [toChange(row)]);
    else set.push(toChange(row));
  }
  return sets;
}

function optional<K extends string>(key: K, value: unknown): { readonly [P in K]?: string } {
  const text = asOptionalText(value);
  return (text === undefined ? {} : { [key]: text }) as { readonly [P in K]?: string };
}

function optionalOrigin<K extends string>(key: K, value: unknown): { readonly [P in K]?: Origin } {
  const text = asOptionalText(value);
  if (text === undefined) return {};
  if (text !== 'runtime')
    throw new StoreCorruptError(`an entry comes from '${text}', which this release does not know`);
  return { [key]: text } as { readonly [P in K]?: Origin };
}

export function asText(value: unknown): string {
  if (typeof value !== 'string')
    throw new StoreCorruptError(`expected text in the registry's database, got ${typeof value}`);
  return value;
}

export function asOptionalText(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : asText(value);
}

export function asNumber(value: unknown): number {
  if (typeof value !== 'number')
    throw new StoreCorruptError(`expected a number in the registry's database, got ${typeof value}`);
  return value;
}

export function asBytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array))
    throw new StoreCorruptError(`expected bytes in the registry's database, got ${typeof value}`);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength); // not a Buffer, which is one too
}

/** A version's changes do not fit the entries that are stored. */
export function misfit(version: number, changes: readonly ChangeRow[], id: string): StoreCorruptError {
  const operation = changes.find((change) => change.id === id)?.operation ?? 'update';
  const where = operation === 'create' ? 'in' : 'not in';
  return new StoreCorruptError(
    `version ${version} cannot ${operation} entry '${id}', which is ${where} version ${version - 1}`,
  );
}

/** What a version names and does not bring: it must be stored already. */
export function namedBefore({ changes, programs, files = [] }: AppendRequest): {
  readonly programs: readonly string[];
  readonly files: readonly string[];
} {
  const needed = { programs: new Set<string>(), files: new Set<string>() };
  for (const change of changes) {
    const { before, after } = sidesOf(change);
    if (after?.program !== undefined && after.program !== before?.program) needed.programs.add(after.program);
    for (const { hash } of after === undefined ? [] : embeddedFiles(after.entry)) needed.files.add(hash);
  }
  for (const { hash } of programs) needed.programs.delete(hash);
  for (const { hash } of files) needed.files.delete(hash);
  return { programs: [...needed.programs], files: [...needed.files] };
}

/** The files that an entry's body names. */
export const fileHashesIn = (body: string): string[] =>
  [...body.matchAll(/"hash":"([0-9a-f]{64})"/g)].map(([, hash]) => hash ?? '');
