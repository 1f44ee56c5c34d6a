// The terminal of this process, for the programs that have it.
// T1: input is read only when it is asked for, and what was read but not asked for waits.
// T2: raw mode ends with the terminal's disposal, whatever the programs did.
import type { Readable, Writable } from 'node:stream';
import { textIn } from '../../core/command.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import type { HostHandlers } from '../../core/handler.js';
import { toBytes } from '../../core/text.js';

class TerminalError extends PlatformError {
  override readonly name = 'TerminalError';
  readonly code = 'TERMINAL';
  override readonly kind: ErrorKind;
  constructor(kind: 'Unavailable' | 'Internal', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export interface TerminalOptions {
  readonly input: Readable & { setRawMode?: (on: boolean) => unknown };
  readonly output: Writable;
  readonly errors: Writable;
  /** Text. */
  readonly args: readonly string[];
  /** What a text is written as: secrets are taken out. Bytes. */
  readonly redact: (text: string) => string;
}

const LONGEST_LINE = 16 * 1024 * 1024;

export class Terminal implements Disposable {
  readonly #options: TerminalOptions;
  /** Read and not asked for yet. */
  #waiting = '';
  #raw = 0;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  get args(): readonly string[] {
    return this.#options.args.map(toBytes);
  }

  write(to: 'out' | 'err', text: string): Promise<void> {
    const { output, errors, redact } = this.#options;
    return written(to === 'err' ? errors : output, redact(text));
  }

  flush(): Promise<void> {
    return written(this.#options.output, '');
  }

  /** At most `size` bytes; null at the end. */
  read(size: number): Promise<string | null> {
    return this.#inTurn(async () => {
      if (this.#waiting === '') this.#waiting = (await this.#more()) ?? '';
      if (this.#waiting === '') return null;
      const taken = this.#waiting.slice(0, size);
      this.#waiting = this.#waiting.slice(taken.length);
      return taken;
    });
  }

  readLine(): Promise<string | null> {
    return this.#inTurn(async () => {
      const pieces: string[] = [];
      for (let length = 0; ;) {
        const end = this.#waiting.indexOf('\n');
        if (end >= 0) {
          pieces.push(this.#waiting.slice(0, end));
          this.#waiting = this.#waiting.slice(end + 1);
          return pieces.join('').replace(/\r$/, '');
        }
        pieces.push(this.#waiting);
        length += this.#waiting.length;
        if (length > LONGEST_LINE)
          throw new TerminalError('Internal', `a line of the input is longer than ${LONGEST_LINE} bytes`);
        const more = await this.#more();
        this.#waiting = more ?? '';
        if (more === null) return length === 0 ? null : pieces.join('');
      }
    });
  }

  raw(on: boolean): void {
    const { input } = this.#options;
    if (input.setRawMode === undefined)
      throw new TerminalError('Unavailable', 'the input is no terminal; raw mode needs one');
    const wanted = Math.max(0, this.#raw + (on ? 1 : -1));
    if (wanted > 0 !== this.#raw > 0) input.setRawMode(wanted > 0);
    this.#raw = wanted;
  }

  [Symbol.dispose](): void {
    if (this.#raw > 0) this.#options.input.setRawMode?.(false);
    this.#raw = 0;
    this.#options.input.pause();
  }

  /** One reader after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#reading.then(work);
    this.#reading = turn.catch(() => undefined);
    return turn;
  }

  /** The next piece of the input; null at its end. */
  #more(): Promise<string | null> {
    const { input } = this.#options;
    return new Promise((resolve, reject) => {
      const take = (): void => {
        const chunk = input.read() as Buffer | string | null;
        if (chunk !== null) settle(() => resolve(Buffer.from(chunk).toString('latin1')));
        else if (input.readableEnded || input.destroyed) settle(() => resolve(null));
      };
      const end = (): void => settle(() => resolve(null));
      const fail = (cause: Error): void =>
        settle(() =>
          reject(new TerminalError('Internal', `the input cannot be read: ${cause.message}`, { cause })),
        );
      const settle = (then: () => void): void => {
        input.off('readable', take).off('end', end).off('close', end).off('error', fail);
        then();
      };
      input.on('readable', take).on('end', end).on('close', end).on('error', fail);
      take();
    });
  }
}

function written(stream: Writable, bytes: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(Buffer.from(bytes, 'latin1'), (cause) => {
      if (cause === undefined || cause === null) resolve();
      else reject(new TerminalError('Internal', `it cannot be written: ${cause.message}`, { cause }));
    });
  });
}

/** `terminal` is undefined where the programs of the node have none. */
export function ioHandlers(terminal: Terminal | undefined): HostHandlers {
  const own = (): Terminal => {
    if (terminal === undefined)
      throw new TerminalError(
        'Unavailable',
        'this program has no terminal; run it with `moontide run -x` or `moontide call`',
      );
    return terminal;
  };
  return {
    'io.write': async (command) => {
      await own().write(command['to'] === 'err' ? 'err' : 'out', textIn(command, 'text'));
      return true;
    },
    'io.read': ({ size }) => own().read(Number(size)),
    'io.readline': () => own().readLine(),
    'io.raw': ({ on }) => {
      own().raw(on === true);
      return true;
    },
    'io.flush': async () => {
      await own().flush();
      return true;
    },
    'io.args': () => [...own().args],
  };
}
