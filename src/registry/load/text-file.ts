// Bytes of a file as text: UTF-8 with or without a byte order mark, and the place of the first byte that is not.
import type { Place } from '../../core/diagnostics.js';

export type Decoded = { readonly text: string } | { readonly line: number; readonly column: number };

const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder('utf-8');

export function decodeText(bytes: Uint8Array): Decoded {
  try {
    return { text: strict.decode(bytes) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return firstBadPlace(bytes);
  }
}

/** The longest prefix that is UTF-8 ends where the trouble begins. */
function firstBadPlace(bytes: Uint8Array): { line: number; column: number } {
  let good = 0;
  let bad = bytes.length;
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    // A prefix may end inside a character: streaming waits for the rest of it, and so does not call it bad.
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      // This prefix has the bad byte in it.
      bad = middle;
    }
  }
  const before = lenient.decode(bytes.subarray(0, good)).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

export const wholeFile = (file: string): Place => ({ file, line: 0, column: 0 });
