// One HTTP request and its answer, as Lua sees them: what needs no waiting. Sealed; services/http makes them.
// X1: all strings are byte strings. X2: what has to wait (the body, a flush) is a command, answered by `HttpBody`.
import type { Data } from './data.js';

export interface HttpExchange {
  readonly method: string;
  /** Of the URL, decoded, without the query. */
  readonly path: string;
  /** The Host header. */
  readonly host: string | undefined;
  /** `address:port` of the client; of the one that a trusted proxy names where the middleware says so. */
  readonly remoteAddress: string;
  /** By name in any case. */
  header(name: string): string | undefined;
  /** What stands for the `{names}` of the route. */
  readonly params: ReadonlyMap<string, string>;
  /** Decoded; every value of a name in its order. */
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly cookies: ReadonlyMap<string, string>;
  readonly hasBody: boolean;
  /** As the request says; undefined where it does not. Bytes. */
  readonly contentLength: number | undefined;
  /** Whether the client takes a media type (the Accept header). */
  accepts(type: string): boolean;

  /** Nothing of the head can be changed any more. */
  readonly headersSent: boolean;
  /** Nothing more can be written. */
  readonly ended: boolean;
  setStatus(code: number): void;
  /** In place of what the header had; `add`: beside it. Name and value are checked by who calls. */
  setHeader(name: string, value: string, add?: boolean): void;
  /** What the answer has set so far; by name in lower case. */
  responseHeader(name: string): string | undefined;
  /** Keeps it until the next flush or the end. True: there is so much that it should be flushed first. */
  write(data: string): boolean;
}

/** What of an exchange has to be waited for. Its errors are PlatformErrors. */
export interface HttpBody {
  /** The whole body, read once and kept. `maxBytes` and `timeoutMs` bound the reading. */
  body(limits: BodyLimits): Promise<string>;
  /** The body as it comes; it cannot be had by `body` any more. */
  stream(limits: BodyLimits): ByteSource;
  form(limits: BodyLimits, maxMemory: number): Promise<HttpForm>;
  /** Sends what was written; resolves when the client's side takes more. */
  flush(): Promise<void>;
  /** Sends what was written and ends the answer; the program goes on. */
  finish(): Promise<void>;
}

export interface BodyLimits {
  readonly maxBytes: number;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
}

/** Bytes that come one after the other. */
export interface ByteSource extends AsyncDisposable {
  /** At most `size` bytes, at least one; undefined at the end. */
  read(size: number): Promise<string | undefined>;
  /** Bytes in all; undefined where nobody knows. */
  readonly size: number | undefined;
}

export interface UploadedFile {
  /** The field of the form. */
  readonly field: string;
  /** The last part of the name that the client gave. */
  readonly name: string;
  readonly size: number;
  readonly headers: ReadonlyMap<string, string>;
  open(): ByteSource;
}

/** A form of fields and files. Disposing it takes away what it keeps on the disk. */
export interface HttpForm extends AsyncDisposable {
  /** A list where a field came more than once. */
  readonly values: ReadonlyMap<string, Data>;
  readonly files: readonly UploadedFile[];
}
