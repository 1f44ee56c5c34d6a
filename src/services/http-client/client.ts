// Requests to other servers, by undici.
// C1: every hop of a redirect is asked for anew: its URL, and its address once it is known.
// C2: a redirect to another origin loses Authorization and cookies; what is in a URL before the `@` becomes Authorization.
// C3: connections are shared, but for requests with a socket, a network or TLS options of their own.
// C4: errors name method, origin and path: no query, no header, no body.
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Agent, buildConnector, errors as undici } from 'undici';
import type { Dispatcher } from 'undici';
import { decodeComponent, encodePairs } from '../../core/form-encoding.js';
import type { ByteSource } from '../../core/http-exchange.js';
import { PlatformError } from '../../core/errors.js';
import { toBytes, toText } from '../../core/text.js';
import type {
  ClientRequest,
  ClientResponse,
  ClientTls,
  HttpClient,
  Pair,
  Permissions,
} from '../../modules/http_client/host.js';
import { StreamSource } from '../http/stream-source.js';
import { AddressGuard } from './addresses.js';
import { encodeBody } from './body.js';
import { HttpRequestError, UnixSocketError } from './errors.js';

const MOST_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface HttpClientOptions {
  /** Private networks that may be reached: CIDR, or single addresses. */
  readonly privateNetworks: readonly string[];
  /** Paths of the sockets of this machine that may be reached. Default: none. */
  readonly unixSockets?: readonly string[];
}

interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly Pair[];
  readonly body: Buffer | null;
}

export class UndiciClient implements HttpClient, AsyncDisposable {
  readonly #guard: AddressGuard;
  readonly #shared: Agent;
  readonly #unixSockets: ReadonlySet<string>;

  constructor({ privateNetworks, unixSockets = [] }: HttpClientOptions) {
    this.#unixSockets = new Set(unixSockets);
    this.#guard = new AddressGuard(privateNetworks);
    this.#shared = new Agent({ connect: { lookup: this.#guard.lookup } });
  }

  async send(request: ClientRequest, permissions: Permissions, signal: AbortSignal): Promise<ClientResponse> {
    const deadline = AbortSignal.timeout(Math.min(request.timeout, 2 ** 31 - 1));
    let hop = firstHop(request);
    const given = AbortSignal.any([signal, deadline]);
    const own = ownAgent(request, this.#guard, permissions, given);
    try {
      for (let hops = 0; ; hops++) {
        await this.#check(hop.url, request, permissions);
        const answer = await this.#ask(hop, own ?? this.#shared, given);
        const next = request.unixSocket === undefined ? redirected(hop, answer) : undefined;
        if (next === undefined) return await responseOf(request, hop, answer, own);
        await answer.body.dump();
        if (hops === MOST_REDIRECTS)
          throw new HttpRequestError('Internal', `${named(hop)}: more than ${MOST_REDIRECTS} redirects`);
        hop = next;
      }
    } catch (error) {
      await own?.destroy();
      throw clientError(error, request, hop, deadline);
    }
  }

  async #check(
    url: URL,
    { unixSocket, overlay }: ClientRequest,
    { url: mayAsk, privateAddress }: Permissions,
  ): Promise<void> {
    mayAsk(`${url.origin}${url.pathname}`);
    if (overlay !== undefined) await this.#guard.hostBeyond(overlay, url.hostname, privateAddress);
    else if (unixSocket === undefined) await this.#guard.check(url.hostname, privateAddress);
    else if (!this.#unixSockets.has(toText(unixSocket))) throw new UnixSocketError(toText(unixSocket));
  }

  #ask(
    { url, method, headers, body }: Hop,
    dispatcher: Dispatcher,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    return dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: method,
      headers: headers.flat(),
      body,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared.destroy();
  }
}

function firstHop(request: ClientRequest): Hop {
  const url = urlOf(request.url);
  if (request.query.length > 0)
    url.search = `${url.search === '' ? '' : `${url.search}&`}${encodePairs(request.query)}`;
  const { bytes, contentType } = encodeBody(request);
  const headers = [...request.headers];
  const set = (name: string, value: string): void => {
    if (!headers.some(([known]) => known.toLowerCase() === name.toLowerCase())) headers.push([name, value]);
  };
  const auth = request.auth ?? userOf(url);
  if (auth !== undefined) set('Authorization', basic(auth));
  strip(url);
  if (contentType !== undefined) set('Content-Type', contentType);
  if (request.cookies.length > 0)
    set('Cookie', request.cookies.map(([name, value]) => `${name}=${value}`).join('; '));
  set('User-Agent', 'moontide');
  set('Accept-Encoding', 'gzip, deflate, br');
  return { url, method: request.method, headers, body: bytes };
}

type Auth = NonNullable<ClientRequest['auth']>;
const basic = ({ user, pass }: Auth): string =>
  `Basic ${Buffer.from(`${user}:${pass}`, 'latin1').toString('base64')}`;

/** Takes away what is not sent in the line of a request. */
function strip(url: URL): void {
  url.username = '';
  url.password = '';
  url.hash = '';
}

function urlOf(bytes: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(toText(bytes), base);
  } catch (error) {
    throw new HttpRequestError('Invalid', `'${shown(bytes)}' is no URL`, false, { cause: error });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new HttpRequestError('Invalid', `a URL begins with http:// or https://, got '${url.protocol}'`);
  return url;
}

/** What a message may repeat of a URL (C4). */
const shown = (url: string): string =>
  url
    .replace(/[?#].*$/s, '')
    .replace(/[^/]*@/, '')
    .slice(0, 100);

function userOf({ username, password, origin }: URL): Auth | undefined {
  if (username === '' && password === '') return undefined;
  const [user, pass] = [decodeComponent(toBytes(username), false), decodeComponent(toBytes(password), false)];
  if (user === undefined || pass === undefined)
    throw new HttpRequestError(
      'Invalid',
      `the user or password in the URL of '${origin}' has a '%' that begins nothing`,
    );
  return { user, pass };
}

/** An agent for one request, where it has a socket, a network or TLS options of its own. */
function ownAgent(
  { unixSocket, tls, overlay, timeout }: ClientRequest,
  guard: AddressGuard,
  { privateAddress }: Permissions,
  signal: AbortSignal,
): Agent | undefined {
  if (overlay !== undefined) {
    const limits = { timeoutMs: timeout, signal };
    const secured = buildConnector(tls === undefined ? {} : tlsOptions(tls));
    return new Agent({
      pipelining: 0,
      connect: (options, callback) => {
        const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80);
        guard
          .hostBeyond(overlay, options.hostname, privateAddress)
          .then((host) => overlay.dial(host, port, limits))
          .then(
            (socket) =>
              options.protocol === 'https:'
                ? secured({ ...options, httpSocket: socket }, callback)
                : callback(null, socket),
            (error: unknown) => callback(error as Error, null),
          );
      },
    });
  }
  if (unixSocket === undefined && tls === undefined) return undefined;
  return new Agent({
    pipelining: 0,
    connect: {
      ...(unixSocket === undefined ? { lookup: guard.lookup } : { socketPath: toText(unixSocket) }),
      ...(tls === undefined ? {} : tlsOptions(tls)),
    },
  });
}

const tlsOptions = ({ cert, key, ca, serverName, insecure }: ClientTls): Record<string, unknown> => ({
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
  ...(ca === undefined ? {} : { ca }),
  ...(serverName === undefined ? {} : { servername: serverName }),
  rejectUnauthorized: !insecure,
});

/** Where an answer sends the request, as the Fetch standard says (4.4); undefined: nowhere. */
function redirected({ url, method, headers, body }: Hop, answer: Dispatcher.ResponseData): Hop | undefined {
  const location = answer.headers['location'];
  if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string') return undefined;
  const to = urlOf(toBytes(location), url);
  const auth = userOf(to);
  strip(to);
  const becomesGet =
    (answer.statusCode === 303 && method !== 'HEAD') || (answer.statusCode <= 302 && method === 'POST');
  const lost = new Set<string>();
  if (becomesGet) for (const name of ['content-type', 'content-length', 'content-encoding']) lost.add(name);
  if (auth !== undefined) lost.add('authorization');
  if (to.origin !== url.origin) for (const name of ['authorization', 'cookie', 'host']) lost.add(name);
  return {
    url: to,
    method: becomesGet ? 'GET' : method,
    headers: [
      ...headers.filter(([name]) => !lost.has(name.toLowerCase())),
      ...(auth === undefined ? [] : [['Authorization', basic(auth)] as const]),
    ],
    body: becomesGet ? null : body,
  };
}

async function responseOf(
  request: ClientRequest,
  hop: Hop,
  answer: Dispatcher.ResponseData,
  own: Agent | undefined,
): Promise<ClientResponse> {
  const { headers, decoded } = decode(answer, hop.method);
  const source = new StreamSource(decoded, {
    size: undefined,
    maxBytes: request.most,
    timeoutMs: request.timeout,
    broken: (why) =>
      new HttpRequestError('Internal', `${named(hop)}: the answer cannot be read: ${why}`, true),
    tooLarge: () =>
      new HttpRequestError(
        'Invalid',
        `${named(hop)}: the answer is larger than ${request.most} bytes; raise max_response_body, or take it as a stream`,
      ),
  });
  const body: ByteSource = owning(source, decoded, answer.body, own);
  return {
    status: answer.statusCode,
    headers: headers.map(([name, values]) => [canonical(name), values.join(', ')]),
    cookies: cookiesOf(headers),
    url: toBytes(hop.url.href),
    body: request.stream ? body : await whole(body),
  };
}

async function whole(source: ByteSource): Promise<string> {
  try {
    const pieces: string[] = [];
    for (let piece = await source.read(1 << 20); piece !== undefined; piece = await source.read(1 << 20))
      pieces.push(piece);
    return pieces.join('');
  } finally {
    await source[Symbol.asyncDispose]();
  }
}

/** The source, which lets go of its connection when it is disposed of. */
const owning = (
  source: ByteSource,
  decoded: Readable,
  raw: Readable,
  own: Agent | undefined,
): ByteSource => ({
  size: source.size,
  read: (size) => source.read(size),
  async [Symbol.asyncDispose]() {
    for (const stream of new Set([decoded, raw])) {
      stream.on('error', () => undefined);
      if (!stream.readableEnded) stream.destroy();
    }
    await own?.destroy();
  },
});

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

type HeaderLists = readonly (readonly [string, readonly string[]])[];

/** The body without its encoding, and the headers without those that told of it. */
function decode(
  { headers, body, statusCode }: Dispatcher.ResponseData,
  method: string,
): { readonly headers: HeaderLists; readonly decoded: Readable } {
  const lists: HeaderLists = Object.entries(headers).map(([name, value]) => [
    name,
    value === undefined ? [] : Array.isArray(value) ? value : [value],
  ]);
  const encoding = lists
    .find(([name]) => name === 'content-encoding')?.[1]
    .join(', ')
    .toLowerCase();
  const decoder = encoding === undefined ? undefined : DECODERS[encoding];
  if (decoder === undefined || method === 'HEAD' || statusCode === 204 || statusCode === 304)
    return { headers: lists, decoded: body };
  return {
    headers: lists.filter(([name]) => name !== 'content-encoding' && name !== 'content-length'),
    decoded: pipeline(body, decoder() as never, () => undefined) as unknown as Readable,
  };
}

const canonical = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => `${dash}${letter.toUpperCase()}`);

function cookiesOf(headers: HeaderLists): Pair[] {
  const set = headers.find(([name]) => name === 'set-cookie')?.[1] ?? [];
  return set.flatMap((cookie): Pair[] => {
    const [pair = ''] = cookie.split(';', 1);
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
  });
}

const named = ({ method, url }: Pick<Hop, 'method' | 'url'>): string =>
  `${method} ${url.origin}${url.pathname}`;

const UNSENDABLE = [
  undici.InvalidArgumentError,
  undici.NotSupportedError,
  undici.RequestContentLengthMismatchError,
];

/** As programs see it (en/lua/http/client.md, Errors). */
function clientError(error: unknown, request: ClientRequest, hop: Hop, deadline: AbortSignal): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof PlatformError) return cause;
  if (deadline.aborted)
    return new HttpRequestError('Internal', `${named(hop)}: no answer within ${request.timeout} ms`, true, {
      cause: error,
    });
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  if (UNSENDABLE.some((kind) => error instanceof kind))
    return new HttpRequestError('Invalid', `${named(hop)}: ${error.message}`, false, { cause: error });
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  return new HttpRequestError('Internal', `${named(hop)}: ${first?.message || code}`, true, { cause: error });
}
