// Sets of bytes for patterns: the classes of C's ctype in its "C" locale. Sealed.
// B1: a set is 256 bytes of 0 or 1, shared and never changed once made.

export type ByteSet = Readonly<Uint8Array>;

const between = (code: number, low: number, high: number): boolean => code >= low && code <= high;
const isLetter = (code: number): boolean => between(code | 32, 97, 122);
const isDigit = (code: number): boolean => between(code, 48, 57);

const CLASSES: Readonly<Record<string, (code: number) => boolean>> = {
  a: isLetter,
  c: (code) => code < 32 || code === 127,
  d: isDigit,
  g: (code) => between(code, 33, 126),
  l: (code) => between(code, 97, 122),
  p: (code) => between(code, 33, 126) && !isLetter(code) && !isDigit(code),
  s: (code) => code === 32 || between(code, 9, 13),
  u: (code) => between(code, 65, 90),
  w: (code) => isLetter(code) || isDigit(code),
  x: (code) => isDigit(code) || between(code | 32, 97, 102),
  z: (code) => code === 0,
};

const make = (contains: (code: number) => boolean): ByteSet =>
  Uint8Array.from({ length: 256 }, (_, code) => (contains(code) ? 1 : 0));

const sets = new Map<number, ByteSet>();
for (const [letter, contains] of Object.entries(CLASSES)) {
  sets.set(letter.charCodeAt(0), make(contains));
  sets.set(
    letter.toUpperCase().charCodeAt(0),
    make((code) => !contains(code)),
  );
}

export const ANY: ByteSet = make(() => true);

const singles: (ByteSet | undefined)[] = [];
/** The set of one byte. */
export const single = (code: number): ByteSet => (singles[code] ??= make((other) => other === code));

/** `%a` and its like; any other character stands for itself. */
export const classSet = (code: number): ByteSet => sets.get(code) ?? single(code);

export const complement = (set: ByteSet): ByteSet => make((code) => set[code] === 0);

export function intersects(a: ByteSet, b: ByteSet): boolean {
  for (let code = 0; code < 256; code++) if ((a[code] ?? 0) !== 0 && (b[code] ?? 0) !== 0) return true;
  return false;
}

/** Builds a set of `[...]`. */
export class SetBuilder {
  readonly #bytes = new Uint8Array(256);

  add(set: ByteSet): void {
    for (let code = 0; code < 256; code++) if ((set[code] ?? 0) !== 0) this.#bytes[code] = 1;
  }

  addRange(low: number, high: number): void {
    for (let code = low; code <= high; code++) this.#bytes[code] = 1;
  }

  finish(isComplement: boolean): ByteSet {
    return isComplement ? complement(this.#bytes) : this.#bytes;
  }
}
