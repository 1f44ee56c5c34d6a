// A Node stream as a source of bytes, with a limit and a deadline.
import type { Readable } from 'node:stream';
import type { ByteSource } from '../../core/http-exchange.js';
import { ERROR } from '../../modules/http/constants.js';
import { HttpExchangeError } from './errors.js';

export interface SourceOptions {
  readonly size: number | undefined;
  readonly maxBytes: number;
  /** For all of it. Milliseconds. */
  readonly timeoutMs: number;
  readonly tooLarge: () => Error;
  /** The other end went away, or was too slow. Default: an HttpExchangeError. */
  readonly broken?: (why: string) => Error;
}

export class StreamSource implements ByteSource {
  readonly #stream: Readable;
  readonly #options: SourceOptions;
  readonly #deadline: number;
  #read = 0;

  constructor(stream: Readable, options: SourceOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#deadline = performance.now() + options.timeoutMs;
  }

  get size(): number | undefined {
    return this.#options.size;
  }

  async read(size: number): Promise<string | undefined> {
    const stream = this.#stream;
    for (;;) {
      // `read(size)` waits for exactly so many; what there is, is enough.
      const chunk = (stream.readableLength > size ? stream.read(size) : stream.read()) as Buffer | null;
      if (chunk !== null) {
        this.#read += chunk.length;
        if (this.#read > this.#options.maxBytes) throw this.#options.tooLarge();
        return chunk.toString('latin1');
      }
      if (stream.readableEnded || stream.destroyed) {
        if (stream.errored !== null || !stream.readableEnded)
          throw this.#broken(`it broke off: ${stream.errored?.message ?? 'the other end went away'}`);
        return undefined;
      }
      await this.#more();
    }
  }

  #broken(why: string): Error {
    return (this.#options.broken ?? failure)(why);
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#stream;
      const done = (): void => {
        clearTimeout(timer);
        stream.off('readable', go).off('end', go).off('close', go).off('error', go);
      };
      const go = (): void => {
        done();
        resolve();
      };
      const timer = setTimeout(
        () => {
          done();
          reject(this.#broken(`it did not come within ${this.#options.timeoutMs} ms`));
        },
        Math.max(0, Math.min(this.#deadline - performance.now(), 2 ** 31 - 1)),
      );
      stream.once('readable', go).once('end', go).once('close', go).once('error', go);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.on('error', () => undefined); // nobody reads it any more
    this.#stream.resume();
  }
}

const failure = (why: string): HttpExchangeError =>
  new HttpExchangeError('Internal', ERROR.STREAM_ERROR, `the stream cannot be read: ${why}`);
