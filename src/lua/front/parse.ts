// The front end's door: bytes in, a resolved tree or the first syntax error out. Sealed.
// D1: any bytes give one or the other; nothing is thrown.
import type { Diagnostic } from '../../core/diagnostics.js';
import { columnOf } from './places.js';
import { StatementParser } from './statement-parser.js';
import { LuaSyntaxError } from './syntax-error.js';
import type { Chunk } from './tree.js';

export type ParseResult =
  | { readonly ok: true; readonly chunk: Chunk }
  /** One diagnostic: PUC's text without `file:line:`, which the place holds. */
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * A chunk for `debug`: in a function around it that gives it its environment, so that `_ENV` is a variable like any other. Each
 * variable counts as assigned, since `debug.setlocal` may, and `...` as used. The source has been parsed before.
 */
export function parseObserved(source: string, file: string): ParseResult {
  const parsed = parseChunk(`local _ENV=... return function(...) ${source}\nend`, file);
  if (parsed.ok) {
    for (const variable of parsed.chunk.variables)
      if (variable.attribute !== 'close') Object.assign(variable, { assigned: true });
    for (const body of parsed.chunk.functions) Object.assign(body, { usesVarargs: body.hasVarargs });
  }
  return parsed;
}

/** `source` is a byte string (one char per byte), `file` the chunk name of error messages. */
export function parseChunk(source: string, file: string): ParseResult {
  try {
    return { ok: true, chunk: new StatementParser(source, file).parse() };
  } catch (error) {
    if (!(error instanceof LuaSyntaxError)) throw error;
    const { line, message } = error;
    const column = columnOf(source, error.offset);
    return { ok: false, diagnostics: [{ severity: 'error', place: { file, line, column }, message }] };
  }
}
