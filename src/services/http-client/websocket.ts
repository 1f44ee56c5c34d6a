// Connections to WebSocket servers, by ws.
// K1: what has come and is not taken is bounded, by messages and bytes; then nothing is read until some is taken.
// K2: who closes wants no more: what still comes is dropped, so that the other side's answer to the close is seen.
// K3: errors name origin and path of the URL: no query, no header, no message.
import type { ClientRequestArgs } from 'node:http';
import { isIP } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { dataObject } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { DialLimits, NetworkOverlay } from '../../core/network-host.js';
import { toText, TextError } from '../../core/text.js';
import { WakeUp } from '../../core/wake-up-host.js';
import type {
  ConnectPermissions,
  ConnectRequest,
  WebSocketClient,
  WebSocketConnection,
} from '../../modules/websocket/host.js';
import { AddressGuard } from './addresses.js';
import type { HttpClientOptions } from './client.js';
import { WebSocketError } from './errors.js';

/** Bytes that may wait to be taken. */
const MOST_WAITING = 4 * 1024 * 1024;
/** What a connection whose program has ended has for its close frame. Milliseconds. */
const LAST_WORDS_MS = 1000;
/** Longer timers fire at once (24.8 days). */
const LONGEST_MS = 2 ** 31 - 1;

export class WsClient implements WebSocketClient {
  readonly #guard: AddressGuard;

  constructor({ privateNetworks }: HttpClientOptions) {
    this.#guard = new AddressGuard(privateNetworks);
  }

  async connect(
    request: ConnectRequest,
    permissions: ConnectPermissions,
    signal: AbortSignal,
  ): Promise<WebSocketConnection> {
    const url = urlOf(request.url);
    const deadline = Date.now() + request.dialMs;
    permissions.url(`${url.protocol}//${url.host}${url.pathname}`);
    const { overlay } = request;
    const dial = { overlay, host: '', timeoutMs: request.dialMs, signal };
    if (overlay === undefined) await this.#guard.check(url.hostname, permissions.privateAddress);
    else dial.host = await this.#guard.hostBeyond(overlay, url.hostname, permissions.privateAddress);
    const connection = new Connection(url, request, this.#guard, dial);
    await connection.opened(Math.max(1, deadline - Date.now()), signal);
    return connection;
  }
}

function urlOf(bytes: string): URL {
  try {
    const url = new URL(toText(bytes));
    url.hash = '';
    return url;
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof TextError)) throw cause;
    throw new WebSocketError('Invalid', 'the URL of the connection is none', false, { cause });
  }
}

class Connection implements WebSocketConnection {
  readonly #socket: WebSocket;
  readonly #name: string;
  readonly #request: ConnectRequest;
  readonly #waiting: { readonly message: Data; readonly bytes: number }[] = [];
  #bytes = 0;
  readonly #news = new WakeUp();
  /** Who waits for its message to be on its way. */
  readonly #sending = new Set<(error: Error) => void>();
  #problem: Error | undefined;
  /** How it ended, for people. */
  #end: string | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(url: URL, request: ConnectRequest, { lookup }: AddressGuard, dial: Dial) {
    this.#name = `${url.protocol}//${url.host}${url.pathname}`;
    this.#request = request;
    const takeover =
      request.compression === 2 ? { clientNoContextTakeover: true, serverNoContextTakeover: true } : {};
    this.#socket = new WebSocket(url, [...request.protocols], {
      headers: headersOf(request),
      lookup,
      ...(dial.overlay === undefined ? {} : { createConnection: through(dial.overlay, url, dial) }),
      followRedirects: false,
      // A server that has closed or broken the rules may keep its connection open. The types do not know of it.
      ...({ closeTimeout: LAST_WORDS_MS } as object),
      maxPayload: request.mostBytes,
      perMessageDeflate: request.compression === 0 ? false : { ...takeover, threshold: request.threshold },
    });
    this.#socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    this.#socket.on('ping', () => this.#heard());
    this.#socket.on('pong', () => this.#heard());
    this.#socket.on('error', (error) => (this.#problem ??= error)); // its close follows
    this.#socket.once('close', (code, reason) => this.#over(code, reason));
  }

  /** Rejects where it does not come to be. */
  async opened(dialMs: number, signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let giveUp: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (error: Error): void => {
          this.#problem ??= error;
          reject(error);
          this.#socket.terminate();
        };
        giveUp = () => fail(new DOMException('the program gave up', 'AbortError'));
        this.#socket.once('open', resolve);
        this.#socket.once('close', () => reject(this.#problem ?? new Error('it was closed at once')));
        timer = setTimeout(
          () => fail(new Error(`no connection within ${this.#request.dialMs} ms`)),
          Math.min(dialMs, LONGEST_MS),
        );
        if (signal.aborted) giveUp();
        else signal.addEventListener('abort', giveUp, { once: true });
      });
    } catch (error) {
      throw this.#failure(error);
    } finally {
      clearTimeout(timer);
      if (giveUp !== undefined) signal.removeEventListener('abort', giveUp);
    }
    this.#heard();
  }

  async next(most: number, signal: AbortSignal): Promise<Data[]> {
    for (;;) {
      const found = this.#waiting.splice(0, most);
      for (const { bytes } of found) this.#bytes -= bytes;
      if (this.#socket.isPaused && !this.#isFull) {
        this.#socket.resume();
        this.#heard();
      }
      if (found.length > 0) return found.map(({ message }) => message);
      if (this.#end !== undefined || signal.aborted) return [];
      await this.#news.wait(signal);
    }
  }

  send(data: string, binary: boolean): Promise<void> {
    return this.#written((done) => this.#socket.send(Buffer.from(data, 'latin1'), { binary }, done));
  }

  ping(): Promise<void> {
    return this.#written((done) => this.#socket.ping('', true, done));
  }

  async close(code: number, reason: string): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#end ??= 'this program closed it';
    clearTimeout(this.#silence);
    this.#socket.close(code, Buffer.from(reason, 'latin1'));
    if (this.#socket.isPaused) this.#socket.resume(); // K2
    this.#news.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await this.close(1001, '');
    setTimeout(() => this.#socket.terminate(), LAST_WORDS_MS).unref();
  }

  #written(write: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#end !== undefined || this.#socket.readyState !== WebSocket.OPEN)
      return Promise.reject(this.#ended());
    return new Promise((resolve, reject) => {
      const { writeMs } = this.#request;
      const over = (): void => {
        clearTimeout(timer);
        this.#sending.delete(fail);
      };
      const fail = (error: Error): void => {
        over();
        reject(error);
      };
      const late = (): void => {
        const error = new WebSocketError(
          'Internal',
          `${this.#name}: a message was not taken within ${writeMs} ms`,
          true,
        );
        this.#problem ??= error;
        fail(error);
        this.#socket.terminate();
      };
      const timer = writeMs === 0 ? undefined : setTimeout(late, Math.min(writeMs, LONGEST_MS));
      this.#sending.add(fail);
      write((error) => {
        if (error === undefined || error === null) {
          over();
          resolve();
        } else fail(this.#failure(this.#problem ?? error));
      });
    });
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#end !== undefined) return; // K2
    this.#heard();
    const bytes = (data as Buffer).toString('latin1');
    const message = dataObject({ type: isBinary ? 'binary' : 'text', data: bytes });
    this.#waiting.push({ message, bytes: bytes.length });
    this.#bytes += bytes.length;
    if (this.#isFull && !this.#socket.isPaused) {
      this.#socket.pause(); // K1
      clearTimeout(this.#silence);
    }
    this.#news.wake();
  }

  get #isFull(): boolean {
    return this.#waiting.length >= this.#request.capacity || this.#bytes >= MOST_WAITING;
  }

  /** Something has come. */
  #heard(): void {
    const { readMs } = this.#request;
    if (readMs === 0) return;
    clearTimeout(this.#silence);
    if (this.#end !== undefined) return;
    this.#silence = setTimeout(
      () => {
        this.#problem ??= new Error(`nothing came within ${readMs} ms`);
        this.#socket.terminate();
      },
      Math.min(readMs, LONGEST_MS),
    );
  }

  #over(code: number, reason: Buffer): void {
    clearTimeout(this.#silence);
    const why = this.#problem?.message ?? (reason.length === 0 ? '' : reason.toString());
    this.#end ??= `it was closed with ${code}${why === '' ? '' : `: ${why}`}`;
    this.#news.wake();
    for (const fail of this.#sending) fail(this.#ended());
  }

  #ended(): WebSocketError {
    const how = this.#end ?? 'it is being closed';
    return new WebSocketError('Internal', `${this.#name}: the connection has ended: ${how}`, false);
  }

  #failure(error: unknown): Error {
    for (let cause = error; cause instanceof Error; cause = cause.cause)
      if (cause instanceof PlatformError) return cause;
    if (!(error instanceof Error)) return new Error('thrown was no error', { cause: error });
    if (error.name === 'AbortError') return error;
    const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
    const why = first?.message || error.message;
    return new WebSocketError('Internal', `${this.#name}: ${why}`, true, { cause: error });
  }
}

type CreateConnection = NonNullable<ClientRequestArgs['createConnection']>;

interface Dial extends DialLimits {
  readonly overlay: NetworkOverlay | undefined;
  /** As the network is told it. */
  readonly host: string;
}

/** What `http.request` takes: it is called back with the connection. */
function through(overlay: NetworkOverlay, { protocol, port, hostname }: URL, dial: Dial): CreateConnection {
  const isSecure = protocol === 'wss:';
  const name = hostname.replace(/^\[|\]$/g, '');
  return (_options, ready) => {
    const failed = (error: Error): void => ready(error, undefined as never);
    overlay.dial(dial.host, Number(port) || (isSecure ? 443 : 80), dial).then((socket) => {
      if (!isSecure) return ready(null, socket);
      const secured = tlsConnect({ socket, ...(isIP(name) === 0 ? { servername: name } : {}) });
      secured.once('secureConnect', () => ready(null, secured)).once('error', failed);
    }, failed);
    return undefined;
  };
}

/** A list where a name comes more than once. */
function headersOf({ headers }: ConnectRequest): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of headers) {
    const before = found[name];
    found[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return found;
}
