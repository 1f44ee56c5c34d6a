// The front end's door: bytes in, a resolved tree or the first syntax error out. Sealed.
import type { Diagnostic } from '../../core/diagnostics.js';
import type { Chunk } from './tree.js';

export type ParseResult =
  | { readonly ok: true; readonly chunk: Chunk }
  /** One diagnostic: PUC's text without `file:line:`, which the place holds. */
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** `source` is a byte string (one char per byte), `file` the chunk name of error messages. Never throws. */
export type ParseChunk = (source: string, file: string) => ParseResult;
