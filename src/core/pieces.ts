// Bytes in pieces: lines, words, bytes, characters of UTF-8. Sealed.
export const SPLITS = ['lines', 'words', 'bytes', 'runes'] as const;
export type Split = (typeof SPLITS)[number];

/** A piece of a text. */
export interface Piece {
  readonly text: string;
  /** How much of the buffer it takes, what separates it included. */
  readonly taken: number;
}

/** The piece that begins at `at`; undefined: more has to be read, or nothing is left. `ended`: nothing follows the buffer. */
export function nextPiece(buffer: string, at: number, split: Split, ended: boolean): Piece | undefined {
  const left = buffer.length - at;
  switch (split) {
    case 'words': {
      WORD.lastIndex = at;
      const [taken = '', word = ''] = WORD.exec(buffer) ?? [];
      const whole = ended || taken.length < left;
      return word === '' || !whole ? undefined : { text: word, taken: taken.length };
    }
    case 'bytes':
      return left <= 0 ? undefined : { text: buffer.charAt(at), taken: 1 };
    case 'runes': {
      const length = runeLength(buffer.charCodeAt(at));
      if (left <= 0 || (length > left && !ended)) return undefined;
      return { text: buffer.slice(at, at + length), taken: Math.min(length, left) };
    }
    case 'lines': {
      const end = buffer.indexOf('\n', at);
      if (end >= 0) return { text: withoutReturn(buffer.slice(at, end)), taken: end + 1 - at };
      return ended && left > 0 ? { text: withoutReturn(buffer.slice(at)), taken: left } : undefined;
    }
  }
}

const WORD = /[\t-\r ]*([^\t-\r ]*)/y;
const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

/** Bytes of the UTF-8 character that begins with this one; 1 for what is none. */
const runeLength = (first: number): number =>
  !(first >= 0xc2 && first <= 0xf4) ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
