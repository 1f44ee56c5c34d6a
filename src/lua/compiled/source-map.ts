// Source maps (revision 3, line by line) from a unit's script to its Lua source, for debuggers. Sealed.
import { toTextLossy } from '../../core/text.js';
import type { ScriptText } from './unit.js';

/** What stands before a chunk's name; a debugger's settings map it to a folder. */
export const SOURCE_ROOT = 'lua:///';

export interface SourceMap {
  readonly version: 3;
  readonly file: string;
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** `headerLines`: what V8 counts before the text's first line. */
export function sourceMapOf({ url, chunk, source, map }: ScriptText, headerLines: number): SourceMap {
  let mappings = ';'.repeat(headerLines);
  let before = 0;
  for (const line of map.lines) {
    if (line > 0) {
      mappings += `AA${quantity(line - 1 - before)}A`; // column 0 of line `line` of source 0
      before = line - 1;
    }
    mappings += ';';
  }
  return {
    version: 3,
    file: url,
    sources: [`${SOURCE_ROOT}${chunk}`],
    sourcesContent: [toTextLossy(source)],
    names: [],
    mappings,
  };
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A number as base-64 digits of five bits, the sign last. */
function quantity(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS.charAt(rest > 0 ? digit | 32 : digit);
  } while (rest > 0);
  return text;
}
