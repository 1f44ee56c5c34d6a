// What a node answers to the commands of the `http_client` module; services/http-client sends the requests.
// C1: a request that a workflow makes carries its idempotency key, where its method is not idempotent and it has none of its own.
// C2: what a workflow gets is recorded: the URL in it is without the query, which may hold the value of a secret.
import type { Authorize } from '../../core/authorize.js';
import { NotAuthorizedError } from '../../core/authorize.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import type { ByteSource } from '../../core/http-exchange.js';
import type { NetworkOverlay } from '../../core/network-host.js';
import { toBytes } from '../../core/text.js';

/** A name and its value. All texts of requests and responses are byte strings. */
export type Pair = readonly [string, string];

export interface ClientRequest {
  /** Upper case. */
  readonly method: string;
  readonly url: string;
  readonly query: readonly Pair[];
  readonly headers: readonly Pair[];
  readonly cookies: readonly Pair[];
  readonly auth?: { readonly user: string; readonly pass: string };
  readonly body?: string;
  readonly form?: readonly Pair[];
  readonly files?: readonly FormFile[];
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly stream: boolean;
  /** Most bytes of the answer's body. */
  readonly most: number;
  readonly unixSocket?: string;
  readonly tls?: ClientTls;
  /** What its connections go through. */
  readonly overlay?: NetworkOverlay;
}

export interface FormFile {
  readonly name: string;
  readonly filename: string;
  readonly content: string;
  readonly type: string;
}

/** PEM texts. */
export interface ClientTls {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly serverName?: string;
  readonly insecure: boolean;
}

export interface ClientResponse {
  readonly status: number;
  readonly headers: readonly Pair[];
  readonly cookies: readonly Pair[];
  /** Where the answer came from, after redirects; without user and password. */
  readonly url: string;
  /** The whole body, or where it comes from. */
  readonly body: string | ByteSource;
}

/** What the client asks on the way. */
export interface Permissions {
  /** Throws where the URL, without user, password and query, may not be asked. */
  readonly url: (url: string) => void;
  /** Whether an address of a private network that the app names may be reached. */
  readonly privateAddress: (address: string) => boolean;
}

/** Throws PlatformErrors. */
export interface HttpClient {
  send(request: ClientRequest, permissions: Permissions, signal: AbortSignal): Promise<ClientResponse>;
}

const USUAL_TIMEOUT_MS = 30_000;
const USUAL_MOST = 64 * 1024 * 1024;
/** Requests of a batch at the same time. */
const AT_ONCE = 32;
/** RFC 9110, 9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function httpClientHandlers(client: HttpClient, authorize: Authorize): HostHandlers {
  const ask = async (
    given: Data | undefined,
    context: CommandContext,
    key: string | undefined,
  ): Promise<Data> => {
    const need = (action: string, resource: string): void => {
      if (!authorize(context, action, resource)) throw new NotAuthorizedError(context, action, resource);
    };
    const { overlay: network } = given as DataObject;
    if (typeof network === 'string') need('network.select', network);
    const overlay =
      typeof network === 'string' ? await context.resource<NetworkOverlay>(network, 'network.*') : undefined;
    const request: ClientRequest = {
      ...clientRequest(given as DataObject, key),
      ...(overlay === undefined ? {} : { overlay }),
    };
    if (request.unixSocket !== undefined) need('http_client.unix_socket', request.unixSocket);
    if (request.tls?.insecure === true) need('http_client.insecure_tls', request.url);
    const permissions: Permissions = {
      url: (url) => need('http_client.request', url),
      privateAddress: (address) => authorize(context, 'http_client.private_ip', address),
    };
    const { status, headers, cookies, url, body } = await client.send(request, permissions, context.signal);
    const whole = typeof body === 'string';
    return dataObject({
      status_code: status,
      body_size: whole ? body.length : -1,
      headers: dataObject(Object.fromEntries(headers)),
      cookies: dataObject(Object.fromEntries(cookies)),
      url: key === undefined ? url : url.replace(/[?].*$/, ''),
      ...(whole ? { body } : { stream: context.own(body) }),
    });
  };
  return {
    'http_client.request': (command, context) => ask(command['request'], context, context.idempotencyKey),
    'http_client.request_batch': async (command, context) => {
      const requests = command['requests'] as readonly Data[];
      const answers: Data[] = [];
      let next = 0;
      let failed = false;
      const work = async (): Promise<void> => {
        while (next < requests.length && !failed) {
          const at = next++;
          const key = context.idempotencyKey && `${context.idempotencyKey}/${at + 1}`;
          try {
            answers[at] = dataObject({ response: await ask(requests[at], context, key) });
          } catch (error) {
            if (context.signal.aborted || !(error instanceof PlatformError)) {
              failed = true;
              throw error;
            }
            const { kind, message, retryable } = error;
            answers[at] = dataObject({ error: dataObject({ kind, message: toBytes(message), retryable }) });
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, requests.length) }, work));
      return answers;
    },
  };
}

/** The command's request (options.ts, R1) as the client takes it. Its texts were checked before secrets took their places. */
function clientRequest(given: DataObject, key: string | undefined): ClientRequest {
  const pairs = (name: string): readonly Pair[] => (given[name] ?? []) as unknown as readonly Pair[];
  const optional = <T>(name: string, field: string): T =>
    (given[name] === undefined ? {} : { [field]: given[name] }) as T;
  const method = given['method'] as string;
  const headers = [...pairs('headers')];
  if (
    key !== undefined &&
    !IDEMPOTENT.has(method) &&
    !headers.some(([name]) => name.toLowerCase() === 'idempotency-key')
  )
    headers.push(['Idempotency-Key', key]);
  const tls = given['tls'] as DataObject | undefined;
  return {
    method,
    url: given['url'] as string,
    query: pairs('query'),
    headers,
    cookies: pairs('cookies'),
    ...optional<Pick<ClientRequest, 'auth'>>('auth', 'auth'),
    ...optional<Pick<ClientRequest, 'body'>>('body', 'body'),
    ...optional<Pick<ClientRequest, 'form'>>('form', 'form'),
    ...optional<Pick<ClientRequest, 'files'>>('files', 'files'),
    ...optional<Pick<ClientRequest, 'unixSocket'>>('unix_socket', 'unixSocket'),
    timeout: typeof given['timeout'] === 'number' ? given['timeout'] : USUAL_TIMEOUT_MS,
    stream: given['stream'] === true,
    most:
      typeof given['most'] === 'number' ? given['most'] : given['stream'] === true ? Infinity : USUAL_MOST,
    ...(tls === undefined ? {} : { tls: clientTls(tls) }),
  };
}

function clientTls({ cert, key, ca, server_name: serverName, insecure }: DataObject): ClientTls {
  const given = { cert, key, ca, serverName };
  return {
    ...(Object.fromEntries(Object.entries(given).filter(([, text]) => typeof text === 'string')) as Partial<
      Record<keyof typeof given, string>
    >),
    insecure: insecure === true,
  };
}
