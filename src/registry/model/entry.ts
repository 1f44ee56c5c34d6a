// An entry: everything in an app is one. Sealed.
import type { DataObject } from '../../core/data.js';
import type { Place } from '../../core/diagnostics.js';

/** `namespace:name`, matching ENTRY_ID. Only parseEntryId makes one. */
export type EntryId = string & { readonly __entryId: true };

export interface Entry {
  readonly id: EntryId;
  readonly kind: string;
  readonly meta: Readonly<DataObject>;
  /** Every other field. Sources (`file://`) are replaced by their text by the loader; see LoadedEntry. Strings are text here, not bytes. */
  readonly data: Readonly<DataObject>;
}

/** An entry with where its parts stand in the files; never stored. */
export interface LoadedEntry extends Entry {
  /** The place of a field, by JSON pointer (`/meta/temporal`), or of the entry itself (``). */
  placeOf(pointer: string): Place;
  /** For a source that is a file: its path relative to the source folder (the chunk name), and relative to the app folder. */
  readonly file?: { readonly chunk: string; readonly path: string };
}
