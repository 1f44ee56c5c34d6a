// Entries with places, and a place for entries that have none (those made at run time).
import type { DataObject } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import type { Entry, EntryId, LoadedEntry } from '../model/entry.js';
import type { FoundFolder } from './embedded.js';
import type { Located } from './schema-check.js';
import type { TextStart } from './yaml-tree.js';

/** An entry of a YAML file. */
export interface LocatedEntry extends LoadedEntry, Located {
  /** For a source that stands in the YAML itself, as it is: where it begins. */
  readonly inline?: TextStart;
  /** What it embeds. */
  readonly folder?: FoundFolder;
  /** The module that it came with (`acme/http`); absent: the app's own. */
  readonly module?: string;
}

/** Where an entry's parts stand. An entry made at run time has no file: its id stands for one. */
export function locate(entry: Entry): Located {
  const none: Place = { file: entry.id, line: 0, column: 0 };
  const { placeOf, keyPlaceOf } = entry as Partial<LocatedEntry>;
  return {
    placeOf: placeOf === undefined ? () => none : placeOf.bind(entry),
    keyPlaceOf: (keyPlaceOf ?? placeOf ?? (() => none)).bind(entry),
  };
}

/** What pointers of KindSpec.references go into: the fields, with `meta` beside them. */
export function fieldsOf(entry: Entry): DataObject {
  return Object.assign(Object.create(null) as DataObject, entry.data, { meta: entry.meta });
}

/** The same entry with other parts; its places stay. */
export function changed<E extends Entry>(
  entry: E,
  change: Partial<Pick<Entry, 'kind' | 'meta' | 'data'>>,
): E {
  return { ...entry, ...change };
}

/** By file, line and column; what has one place stays in the order in which it was found. Made safe for a terminal. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const compare = (a: Place, b: Place): number =>
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column;
  return diagnostics.map(printable).sort((a, b) => compare(a.place, b.place));
}

const CONTROL = /\p{Cc}/gu;
const withoutControl = (text: string): string =>
  text.replaceAll(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** What a file says is quoted in messages: a line break or an escape sequence in it must not reach the terminal. */
function printable(diagnostic: Diagnostic): Diagnostic {
  const { place, message, fix } = diagnostic;
  return {
    ...diagnostic,
    place: { ...place, file: withoutControl(place.file) },
    message: withoutControl(message),
    ...(fix === undefined ? {} : { fix: withoutControl(fix) }),
  };
}

/** Diagnostics of single entries: left out when the entry is disabled. */
export type EntryDiagnostics = ReadonlyMap<EntryId, readonly Diagnostic[]>;
