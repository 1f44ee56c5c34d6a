// A request and its answer, on fastify's request and reply.
// E1: a short answer goes out whole, with its length; a flush turns it into a stream, which hooks of the app (compression) see as such.
// E2: what was not read of a body when the answer ends is Node's to drop; a body that is too large ends its connection.
// E3: a client that goes away aborts `gone`: whatever was called to answer it need not go on. A signal and the listener to the
//     connection are made when somebody first wants to hear of it: together they cost more than a short answer.
// E4: where no hook of the app looks at what is sent, a whole answer goes out past fastify's reply.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import accepts from 'accepts';
import { parseCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BodyLimits, ByteSource, HttpBody, HttpExchange, HttpForm } from '../../core/http-exchange.js';
import { isAscii, toBytes } from '../../core/text.js';
import { ERROR } from '../../modules/http/constants.js';
import { percentDecoded } from '../../modules/http/request.js';
import { manyListeners } from '../../runtime/abortable.js';
import { readMultipart } from './multipart.js';
import { HttpExchangeError } from './errors.js';
import type { Outgoing } from './outgoing.js';
import { StreamSource } from './stream-source.js';

/** Written and not sent: after so much a program waits for the client. Bytes. */
const MOST_WAITING = 64 * 1024;

export class NodeExchange implements HttpExchange, HttpBody {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  #gone: AbortController | undefined;
  /** Who wants to hear that the client goes away; undefined: nobody has asked yet. */
  #listeners: Set<() => void> | undefined;
  #waiting = '';
  #stream: PassThrough | undefined;
  #ended = false;
  #body: Promise<string> | undefined;
  #taken = false;
  #query: ReadonlyMap<string, readonly string[]> | undefined;
  #params: ReadonlyMap<string, string> | undefined;
  #cookies: ReadonlyMap<string, string> | undefined;
  /** As a trusted proxy gives it, without a port. */
  forwardedFor: string | undefined;
  /** How long the call that answers may take. Milliseconds. */
  limitMs: number | undefined;
  /** E4; undefined: some hook looks. */
  outgoing: Outgoing | undefined;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request;
    this.#reply = reply;
  }

  /** The client went away. */
  get aborted(): boolean {
    const { raw } = this.#reply;
    return raw.destroyed && !raw.writableFinished;
  }

  /** E3 */
  get gone(): AbortSignal {
    if (this.#gone === undefined) {
      const made = (this.#gone = manyListeners());
      this.onAbort(() => made.abort());
    }
    return this.#gone.signal;
  }

  get signal(): AbortSignal {
    return this.gone;
  }

  /** Calls it once when the client goes away: at once where it has. */
  onAbort(listener: () => void): void {
    if (this.aborted) listener();
    else if (this.#listeners !== undefined) this.#listeners.add(listener);
    else {
      const listeners = (this.#listeners = new Set([listener]));
      const { raw } = this.#reply;
      raw.once('close', () => {
        if (raw.writableFinished) return;
        for (const tell of listeners) tell();
        listeners.clear();
      });
    }
  }

  offAbort(listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  get method(): string {
    return this.#request.method;
  }
  get path(): string {
    const { url } = this.#request;
    const end = url.search(/[?#]/);
    return decodedPath(end < 0 ? url : url.slice(0, end));
  }
  get host(): string | undefined {
    return this.#request.headers.host;
  }
  /** Address of the client without a port. */
  get clientAddress(): string {
    return this.forwardedFor ?? this.#request.raw.socket.remoteAddress ?? '';
  }
  get remoteAddress(): string {
    if (this.forwardedFor !== undefined) return this.forwardedFor;
    const { remoteAddress = '', remotePort = 0 } = this.#request.raw.socket;
    return remoteAddress.includes(':')
      ? `[${remoteAddress}]:${remotePort}`
      : `${remoteAddress}:${remotePort}`;
  }
  header(name: string): string | undefined {
    const { headers } = this.#request;
    const known = name.toLowerCase();
    // A plain object: 'constructor' is no header that has come.
    const value = Object.hasOwn(headers, known) ? headers[known] : undefined;
    return Array.isArray(value) ? value.join(', ') : value;
  }
  get params(): ReadonlyMap<string, string> {
    if (this.#params === undefined) {
      const params = new Map<string, string>();
      for (const [name, value] of Object.entries(this.#request.params as Record<string, string>))
        if (name !== '*') params.set(name, toBytes(value));
      this.#params = params;
    }
    return this.#params;
  }
  get query(): ReadonlyMap<string, readonly string[]> {
    return (this.#query ??= queryOf(this.#request.url));
  }
  get cookies(): ReadonlyMap<string, string> {
    if (this.#cookies === undefined) {
      const parsed = Object.entries(parseCookie(this.#request.headers.cookie ?? ''));
      this.#cookies = new Map(
        parsed.flatMap(([name, value]) => (value === undefined ? [] : [[name, toBytes(value)]])),
      );
    }
    return this.#cookies;
  }
  get hasBody(): boolean {
    const { headers } = this.#request;
    return headers['transfer-encoding'] !== undefined || (this.contentLength ?? 0) > 0;
  }
  get contentLength(): number | undefined {
    const length = this.#request.headers['content-length'];
    return length === undefined ? undefined : Number(length);
  }
  accepts(type: string): boolean {
    return accepts(this.#request.raw).type([type]) !== false;
  }

  get headersSent(): boolean {
    return this.#stream !== undefined || this.#ended;
  }
  get ended(): boolean {
    return this.#ended;
  }
  setStatus(code: number): void {
    this.#reply.code(code);
  }
  setHeader(name: string, value: string, add = false): void {
    const before = add ? this.#reply.getHeader(name) : undefined;
    if (before === undefined) this.#reply.header(name, value);
    else {
      this.#reply.removeHeader(name);
      this.#reply.header(name, [...(Array.isArray(before) ? before : [String(before)]), value]);
    }
  }
  responseHeader(name: string): string | undefined {
    const value: unknown = this.#reply.getHeader(name);
    const isHeader = typeof value === 'string' || typeof value === 'number' || Array.isArray(value);
    return isHeader ? String(value) : undefined;
  }
  write(data: string): boolean {
    this.#waiting += data;
    return this.#waiting.length > MOST_WAITING;
  }

  async flush(): Promise<void> {
    this.#mustBeThere();
    if (this.#ended) return;
    if (this.#stream === undefined) {
      this.#stream = new PassThrough();
      // What goes out piece by piece is not held back by a compressor.
      if (this.responseHeader('content-type')?.startsWith('text/event-stream') === true)
        this.#request.headers['x-no-compression'] = '1';
      this.#reply.send(this.#stream);
    }
    await this.#send(this.#stream);
  }

  async finish(): Promise<void> {
    await this.end();
  }

  /** As `finish`; undefined: there is nothing to wait for. `soon`: nobody has waited so far, and others may be answered too (O1). */
  end(soon = false): Promise<void> | undefined {
    if (this.#ended) return undefined;
    this.#ended = true;
    if (this.#stream === undefined) this.#sendWhole(soon);
    else return this.#endStream(this.#stream);
    return undefined;
  }

  async #endStream(stream: PassThrough): Promise<void> {
    // The function has ended, and with it what looks at its time.
    if (this.limitMs !== undefined) cutAfter(this.#reply.raw, this.limitMs);
    if (!this.aborted) await this.#send(stream);
    stream.end();
  }

  /** E1 */
  #sendWhole(soon: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = '';
    if (this.aborted) return;
    const { statusCode } = this.#reply;
    if (this.outgoing !== undefined && statusCode !== 204 && statusCode !== 304 && this.method !== 'HEAD') {
      const { raw } = this.#reply;
      const headers = this.#reply.getHeaders() as OutgoingHttpHeaders;
      if (waiting !== '') headers['content-type'] ??= 'application/octet-stream';
      if (soon) this.outgoing.sendSoon(raw, headers, waiting);
      else this.outgoing.send(raw, headers, waiting);
      return;
    }
    // Without a type fastify would name one for text.
    const typed = this.#reply.hasHeader('content-type');
    // Text goes out in one piece with its head, bytes in a second one.
    this.#reply.send(
      waiting === '' ? undefined : typed && isAscii(waiting) ? waiting : Buffer.from(waiting, 'latin1'),
    );
  }

  /** Ends it for a failure: with a status where the head is not sent yet, else by cutting the connection. */
  fail(status: number, body: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting = '';
    if (this.#stream !== undefined) {
      this.#stream.destroy();
      this.#reply.raw.destroy();
      return;
    }
    if (this.aborted) return;
    for (const name of Object.keys(this.#reply.getHeaders()))
      if (!KEPT.test(name)) this.#reply.removeHeader(name);
    this.#reply.code(status).header('content-type', 'application/json').send(body);
  }

  body({ maxBytes, timeoutMs }: BodyLimits): Promise<string> {
    if (this.#body !== undefined) return this.#body;
    const { contentLength } = this;
    if (contentLength !== undefined && contentLength > maxBytes) return Promise.reject(tooLarge(maxBytes));
    this.#body = readAll(this.#take(), maxBytes, timeoutMs);
    return this.#body;
  }

  stream({ maxBytes, timeoutMs }: BodyLimits): ByteSource {
    return new StreamSource(this.#take(), {
      size: this.contentLength,
      timeoutMs,
      maxBytes,
      tooLarge: () => tooLarge(maxBytes),
    });
  }

  form(limits: BodyLimits, maxMemory: number): Promise<HttpForm> {
    const { contentLength } = this;
    if (contentLength !== undefined && contentLength > limits.maxBytes)
      return Promise.reject(tooLarge(limits.maxBytes));
    return readMultipart(this.#take(), this.#request.headers, { ...limits, maxMemory });
  }

  #take(): Readable {
    if (this.#taken)
      throw new HttpExchangeError(
        'Invalid',
        ERROR.INVALID_STATE,
        'the body was read as a stream or form before',
      );
    this.#taken = true;
    return this.#request.raw;
  }

  #send(stream: PassThrough): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = '';
    if (waiting === '' || stream.write(Buffer.from(waiting, 'latin1'))) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const gone = (): void => {
        stream.off('drain', drained);
        reject(clientGone());
      };
      const drained = (): void => {
        this.offAbort(gone);
        resolve();
      };
      stream.once('drain', drained);
      this.onAbort(gone);
    });
  }

  #mustBeThere(): void {
    if (this.aborted) throw clientGone();
  }
}

/** Cuts an answer that its client has not taken by then. */
export function cutAfter(response: ServerResponse, ms: number): void {
  const timer = setTimeout(() => response.destroy(), Math.min(ms, 2 ** 31 - 1));
  response.once('close', () => clearTimeout(timer));
}

/** Headers that middleware has set and a failure keeps. */
const KEPT = /^(access-control-|x-ratelimit-|vary$|x-request-id$|strict-transport-security$)/;

const clientGone = (): HttpExchangeError =>
  new HttpExchangeError('Internal', ERROR.WRITE_FAILED, 'the client went away');
const tooLarge = (maxBytes: number): HttpExchangeError =>
  new HttpExchangeError('Invalid', ERROR.STREAM_ERROR, `the body is larger than ${maxBytes} bytes`);

/** `%41` of a path, as bytes; `+` stands for itself. */
const decodedPath = (path: string): string => percentDecoded(path.replaceAll('+', '%2B'));

function queryOf(url: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const start = url.indexOf('?');
  if (start < 0) return found;
  const end = url.indexOf('#', start);
  for (const pair of url.slice(start + 1, end < 0 ? undefined : end).split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = percentDecoded(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? '' : percentDecoded(pair.slice(at + 1));
    const values = found.get(name);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  return found;
}

function readAll(from: Readable, maxBytes: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (): void => {
      clearTimeout(timer);
      from.off('data', take).off('end', end).off('error', fail).off('close', cut);
    };
    const refuse = (error: HttpExchangeError): void => {
      done();
      from.resume(); // what still comes is dropped
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) refuse(tooLarge(maxBytes));
      else chunks.push(chunk);
    };
    const end = (): void => {
      done();
      resolve(Buffer.concat(chunks, length).toString('latin1'));
    };
    const fail = (cause: Error): void => {
      done();
      reject(
        new HttpExchangeError('Internal', ERROR.STREAM_ERROR, `the body broke off: ${cause.message}`, {
          cause,
        }),
      );
    };
    const cut = (): void => fail(new Error('the client went away'));
    const timer = setTimeout(
      () =>
        refuse(
          new HttpExchangeError(
            'Internal',
            ERROR.STREAM_ERROR,
            `the body did not come within ${timeoutMs} ms`,
          ),
        ),
      Math.min(timeoutMs, 2 ** 31 - 1),
    );
    from.on('data', take).once('end', end).once('error', fail).once('close', cut);
  });
}
