// Open files as C's stdio has them: buffered, with one position for reading and writing. Strings are byte strings.
// F1: `#at` is where the program is; what was read ahead begins there, what is not yet written ends there.
// F2: there is never something read ahead and something not yet written at once.
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { Failed } from './errno.js';

const CHUNK = 65_536;
const LONGEST_NUMERAL = 200;
const SPACE = ' \t\n\v\f\r';

export type Buffering = 'no' | 'full' | 'line';
export type Whence = 'set' | 'cur' | 'end';

/** All bytes, also where the stream takes only a part at a time. `position`: undefined where the descriptor has one of its own. */
export function writeAll(descriptor: number, text: string, position?: number): void {
  const bytes = Buffer.from(text, 'latin1');
  for (let done = 0; done < bytes.length;) {
    try {
      const at = position === undefined ? null : position + done;
      done += writeSync(descriptor, bytes, done, bytes.length - done, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** Files that are to be flushed when the program ends. */
const openFiles = new Set<OpenFile>();

/** The program ends: what it has not closed is written, as far as that is possible. */
export function flushFiles(): void {
  for (const file of openFiles) {
    try {
      file.flush();
    } catch {
      // The disk is full, say: nobody is left to be told.
    }
  }
}

export class OpenFile {
  readonly #descriptor: number;
  readonly #reads: boolean;
  readonly #writes: boolean;
  readonly #appends: boolean;
  readonly #isSeekable: boolean;
  #buffering: Buffering;
  #at = 0;
  #ahead = '';
  #taken = 0;
  #unwritten = '';

  private constructor(descriptor: number, mode: string, buffering: Buffering) {
    this.#descriptor = descriptor;
    this.#reads = /r|[+]/.test(mode);
    this.#writes = /w|a|[+]/.test(mode);
    this.#appends = mode.startsWith('a');
    this.#isSeekable = fstatSync(descriptor).isFile() && (descriptor > 2 || !this.#writes);
    this.#buffering = buffering;
    if (mode.startsWith('a') && !this.#reads) this.#at = this.#size();
  }

  /** `mode` is C's, checked: `r`, `w`, `a`, with `+` or without. */
  static open(path: string, mode: string): OpenFile {
    const bare = mode.replace(/b/g, '');
    const file = new OpenFile(openSync(path, bare), bare, 'full');
    openFiles.add(file);
    return file;
  }

  /** A standard stream; what is written goes out at once. */
  static standard(descriptor: 0 | 1 | 2): OpenFile {
    return new OpenFile(descriptor, descriptor === 0 ? 'r' : 'w', 'no');
  }

  #size(): number {
    return fstatSync(this.#descriptor).size;
  }

  /** Reads more ahead; false at the end. */
  #more(): boolean {
    if (!this.#reads) throw new Failed('EBADF');
    this.flush();
    const bytes = Buffer.allocUnsafe(CHUNK);
    const position = this.#isSeekable ? this.#at + this.#ahead.length - this.#taken : null;
    for (;;) {
      try {
        const count = readSync(this.#descriptor, bytes, 0, CHUNK, position);
        if (count === 0) return false;
        this.#ahead = this.#ahead.slice(this.#taken) + bytes.toString('latin1', 0, count);
        this.#taken = 0;
        return true;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EOF') return false;
        if (code !== 'EAGAIN') throw error;
      }
    }
  }

  #take(count: number): string {
    const text = this.#ahead.slice(this.#taken, this.#taken + count);
    this.#taken += text.length;
    this.#at += text.length;
    return text;
  }

  get #left(): number {
    return this.#ahead.length - this.#taken;
  }

  #peek(): string {
    return this.#left > 0 || this.#more() ? (this.#ahead[this.#taken] ?? '') : '';
  }

  /** So many bytes, or fewer at the end; undefined when there are none. 0: '' or undefined. */
  readBytes(count: number): string | undefined {
    if (count === 0) return this.#peek() === '' ? undefined : '';
    while (this.#left < count && this.#more());
    return this.#left === 0 ? undefined : this.#take(count);
  }

  readAll(): string {
    while (this.#more());
    return this.#take(this.#left);
  }

  /** A line with its newline, if it has one. */
  readLine(): string | undefined {
    for (let looked = 0; ;) {
      const at = this.#ahead.indexOf('\n', this.#taken + looked);
      if (at >= 0) return this.#take(at + 1 - this.#taken);
      looked = this.#left;
      if (!this.#more()) return looked === 0 ? undefined : this.#take(looked);
    }
  }

  /** The longest text that may begin a numeral, as PUC reads it; '' where it is too long. */
  readNumeral(): string {
    while (this.#peek() !== '' && SPACE.includes(this.#peek())) this.#take(1);
    let text = '';
    let isTooLong = false;
    const accept = (characters: string): boolean => {
      const next = this.#peek();
      if (isTooLong || next === '' || !characters.includes(next)) return false;
      if (text.length >= LONGEST_NUMERAL) {
        isTooLong = true;
        return false;
      }
      text += this.#take(1);
      return true;
    };
    const digits = (characters: string): number => {
      let count = 0;
      while (accept(characters)) count++;
      return count;
    };
    accept('+-');
    const startsWithZero = accept('0');
    const isHex = startsWithZero && accept('xX');
    const known = isHex ? '0123456789abcdefABCDEF' : '0123456789';
    let count = (startsWithZero && !isHex ? 1 : 0) + digits(known);
    if (accept('.')) count += digits(known);
    if (count > 0 && accept(isHex ? 'pP' : 'eE')) {
      accept('+-');
      digits('0123456789');
    }
    return isTooLong ? '' : text;
  }

  write(text: string): void {
    if (!this.#writes) throw new Failed('EBADF');
    this.#ahead = '';
    this.#taken = 0;
    this.#unwritten += text;
    this.#at += text.length;
    const goesOut =
      this.#buffering === 'no' ||
      this.#unwritten.length >= CHUNK ||
      (this.#buffering === 'line' && text.includes('\n'));
    if (goesOut) this.flush();
  }

  flush(): void {
    const text = this.#unwritten;
    if (text === '') return;
    this.#unwritten = '';
    const hasPlace = this.#isSeekable && !this.#appends;
    writeAll(this.#descriptor, text, hasPlace ? this.#at - text.length : undefined);
    if (this.#appends) this.#at = this.#size();
  }

  /** The new position, in bytes from the beginning. */
  seek(whence: Whence, offset: number): number {
    if (!this.#isSeekable) throw new Failed('ESPIPE');
    this.flush();
    const to = (whence === 'set' ? 0 : whence === 'end' ? this.#size() : this.#at) + offset;
    if (to < 0) throw new Failed('EINVAL');
    this.#at = to;
    this.#ahead = '';
    this.#taken = 0;
    return to;
  }

  buffer(how: Buffering): void {
    this.flush();
    this.#buffering = how;
  }

  close(): void {
    openFiles.delete(this);
    try {
      this.flush();
    } finally {
      closeSync(this.#descriptor);
    }
  }
}
