// Offsets in a source to lines and columns and back; used for errors only, so nothing is remembered. Sealed.
import { isNewline } from './characters.js';

/** The 1-based column of an offset, in characters: the bytes that go on a UTF-8 sequence do not count. */
export function columnOf(source: string, offset: number): number {
  let column = 1;
  for (let at = Math.min(offset, source.length) - 1; at >= 0; at--) {
    const code = source.charCodeAt(at);
    if (isNewline(code)) break;
    if ((code & 0xc0) !== 0x80) column++;
  }
  return column;
}

/** The offset of a place of the tree: 1-based line, 1-based column in bytes. */
export function offsetOf(source: string, line: number, column: number): number {
  let at = 0;
  for (let passed = 1; passed < line && at < source.length; at++) {
    const code = source.charCodeAt(at);
    if (!isNewline(code)) continue;
    const next = source.charCodeAt(at + 1);
    if (isNewline(next) && next !== code) at++;
    passed++;
  }
  return at + column - 1;
}
