// Middleware put into a scope of a fastify app: `before` runs for every request below the scope's prefix, `after` for its routes.
// M1: they run in the order in which they are named.
// M2: what this version cannot do never lets through what it should have held up: without actors a firewall refuses everyone.
import { randomUUID } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import compress from '@fastify/compress';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseDurationMs } from '../../../core/durations.js';
import type { Logger } from '../../../core/logger.js';
import { toText } from '../../../core/text.js';
import type { NodeExchange } from '../exchange.js';
import { errorBody } from '../answers.js';
import type { PlannedMiddleware } from '../plan.js';
import type { HttpMetrics } from '../metrics.js';
import { originsOf } from './origins.js';
import { TokenBuckets } from './rate-limit.js';
import { upgradeOf } from '../relay/upgrade.js';

export interface MiddlewareDependencies {
  readonly exchangeOf: (request: FastifyRequest, reply: FastifyReply) => NodeExchange;
  /** Calls a function that is middleware; false: it has answered itself, and the request goes no further. */
  readonly call: (func: string, exchange: NodeExchange) => Promise<boolean>;
  readonly metrics: HttpMetrics;
  readonly logger: Logger;
  /** What is sent for a file of a volume. */
  readonly namedFile: (
    fs: string,
    path: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => Promise<unknown>;
}

type Options = PlannedMiddleware['options'];
type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** For every request below the scope's prefix. */
export async function useMiddleware(
  scope: FastifyInstance,
  list: readonly PlannedMiddleware[],
  dependencies: MiddlewareDependencies,
): Promise<void> {
  for (const one of list) await build(scope, one, dependencies, (hook) => scope.addHook('onRequest', hook));
}

/** For requests whose route is known: hooks of the routes themselves. */
export function hooksAfter(
  scope: FastifyInstance,
  list: readonly PlannedMiddleware[],
  dependencies: MiddlewareDependencies,
): Hook[] {
  const hooks: Hook[] = [];
  for (const one of list) void build(scope, one, dependencies, (hook) => hooks.push(hook));
  return hooks;
}

function build(
  scope: FastifyInstance,
  { name, options }: PlannedMiddleware,
  dependencies: MiddlewareDependencies,
  add: (hook: Hook) => void,
): void | Promise<void> {
  if (!name.includes(':')) return BUILD[name]?.(scope, options, dependencies, add);
  add(async (request, reply) => {
    const exchange = dependencies.exchangeOf(request, reply);
    if (await dependencies.call(name, exchange)) return undefined;
    await exchange.finish();
    return reply;
  });
}

type Build = (
  scope: FastifyInstance,
  options: Options,
  dependencies: MiddlewareDependencies,
  add: (hook: Hook) => void,
) => void | Promise<void>;

const BUILD: Readonly<Record<string, Build>> = {
  cors: (_scope, options, _dependencies, add) => add(cors(options)),
  ratelimit: rateLimit,
  compress: compression,
  real_ip: realIp,
  timeout: timeLimit,
  request_id(_scope, options, _dependencies, add) {
    const header = (options.get('header') ?? 'X-Request-ID').toLowerCase();
    const trusts = options.get('trust.incoming') !== 'false';
    add(async (request, reply) => {
      const given = request.headers[header];
      const id = trusts && typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
      request.headers[header] = id; // what the function reads by `req:header`
      reply.header(header, id);
    });
  },
  security_headers(_scope, options, _dependencies, add) {
    const frame = options.get('frame') ?? 'SAMEORIGIN';
    const hsts = options.get('hsts') === 'true';
    add(async (_request, reply) => {
      reply.header('x-content-type-options', 'nosniff');
      reply.header('x-frame-options', frame);
      reply.header('referrer-policy', 'strict-origin-when-cross-origin');
      reply.header('cross-origin-opener-policy', 'same-origin');
      if (hsts) reply.header('strict-transport-security', 'max-age=31536000; includeSubDomains');
    });
  },
  metrics(_scope, _options, { metrics }, add) {
    add(async (request, reply) => {
      metrics.begin(request);
      reply.raw.once('close', () => metrics.end(request, reply));
    });
  },
  token_auth(_scope, _options, { logger }) {
    logger.warn('token_auth sets no actor: security is not built in this version');
  },
  endpoint_firewall: refuseAll('endpoint_firewall'),
  resource_firewall: refuseAll('resource_firewall'),
  websocket_relay: relayOrigins(({ raw }) => upgradeOf(raw) !== undefined),
  sse_relay: relayOrigins(({ headers }) => /\btext\/event-stream\b/.test(headers.accept ?? '')),
  sendfile(scope, options, { namedFile }) {
    const fs = options.get('fs') ?? '';
    scope.addHook('onSend', async (request, reply, payload) => {
      const path = reply.getHeader('x-sendfile');
      if (typeof path !== 'string') return payload;
      const name = reply.getHeader('x-file-name');
      reply.removeHeader('x-sendfile');
      reply.removeHeader('x-file-name');
      if (typeof name === 'string')
        reply.header(
          'content-disposition',
          `attachment; filename*=UTF-8''${encodeURIComponent(toText(name))}`,
        );
      return namedFile(fs, path, request, reply);
    });
  },
};

/** M2 */
function refuseAll(name: string): Build {
  return (_scope, _options, { logger }, add) => {
    logger.warn(
      `${name} refuses every request: without security, which is not built in this version, nobody is known`,
    );
    add(async (_request, reply) =>
      reply
        .code(401)
        .header('content-type', 'application/json')
        .send(errorBody('Unauthorized', 'nobody is known here')),
    );
  };
}

/** Browsers let any page connect, so the server asks where the page is from: the same host, or one that is named. */
function relayOrigins(concerns: (request: FastifyRequest) => boolean): Build {
  return (_scope, options, _dependencies, add) => {
    const allowed = originsOf(options.get('allowed.origins') ?? '');
    add(async (request, reply) => {
      const { origin, host } = request.headers;
      if (origin === undefined || !concerns(request) || isSameHost(origin, host) || allowed.allows(origin))
        return undefined;
      return reply
        .code(403)
        .header('content-type', 'application/json')
        .send(errorBody('PermissionDenied', 'pages of this origin may not connect'));
    });
  };
}

function isSameHost(origin: string, host: string | undefined): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false; // `null`
  }
}

/** By the Fetch standard, https://fetch.spec.whatwg.org/#http-cors-protocol; a plugin's own OPTIONS route would stand in the app's way. */
function cors(options: Options): Hook {
  const origins = originsOf(options.get('allow.origins') ?? '*');
  const credentials = options.get('allow.credentials') === 'true';
  const methods = listed(options.get('allow.methods') ?? 'GET,POST,PUT,DELETE,OPTIONS,PATCH');
  const headers = listed(
    options.get('allow.headers') ?? 'Origin,Content-Type,Accept,Authorization,X-Requested-With',
  );
  const exposed = listed(options.get('expose.headers') ?? '');
  const maxAge = options.get('max.age') ?? '86400';
  const privateNetwork = options.get('allow.private.network') === 'true';
  return async (request, reply) => {
    const { origin } = request.headers;
    if (!origins.any || credentials) reply.header('vary', 'Origin');
    const preflight =
      request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (origin !== undefined && origins.allows(origin)) {
      // With credentials `*` would be taken literally by browsers.
      reply.header('access-control-allow-origin', origins.any && !credentials ? '*' : origin);
      if (credentials) reply.header('access-control-allow-credentials', 'true');
      if (preflight) {
        reply.header('access-control-allow-methods', methods);
        reply.header('access-control-allow-headers', headers);
        reply.header('access-control-max-age', maxAge);
        if (privateNetwork && request.headers['access-control-request-private-network'] === 'true')
          reply.header('access-control-allow-private-network', 'true');
      } else if (exposed !== '') reply.header('access-control-expose-headers', exposed);
    }
    if (preflight) return reply.code(204).send();
    return undefined;
  };
}

const listed = (text: string): string =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .join(', ');

function rateLimit(
  scope: FastifyInstance,
  options: Options,
  dependencies: MiddlewareDependencies,
  add: (hook: Hook) => void,
): void {
  const requests = Number(options.get('requests') ?? 100);
  const window = options.get('window') ?? '1m';
  const buckets = new TokenBuckets({
    requests,
    windowMs: parseDurationMs(window),
    burst: Number(options.get('burst') ?? 20),
    ttlMs: parseDurationMs(options.get('entry.ttl') ?? '10m'),
    maxEntries: Number(options.get('max.entries') ?? 100_000),
  });
  const keyOf = rateKey(options.get('key') ?? 'ip');
  const sweep = setInterval(
    () => buckets.sweep(performance.now()),
    Math.min(parseDurationMs(options.get('cleanup.interval') ?? '5m'), 2 ** 31 - 1),
  );
  sweep.unref();
  scope.addHook('onClose', async () => clearInterval(sweep));
  add(async (request, reply) => {
    const key = keyOf(dependencies.exchangeOf(request, reply));
    reply.header('x-ratelimit-limit', String(requests));
    reply.header('x-ratelimit-window', window);
    if (buckets.take(key, performance.now())) return undefined;
    return reply
      .code(429)
      .header('retry-after', String(Math.max(1, Math.ceil(buckets.waitMs(key) / 1000))))
      .header('content-type', 'application/json')
      .send(errorBody('RateLimited', 'too many requests'));
  });
}

function rateKey(strategy: string): (exchange: NodeExchange) => string {
  const at = strategy.indexOf(':');
  const name = strategy.slice(at + 1);
  if (strategy.startsWith('header:')) return (exchange) => `h${exchange.header(name) ?? ''}`;
  if (strategy.startsWith('query:')) return (exchange) => `q${exchange.query.get(name)?.[0] ?? ''}`;
  return (exchange) => exchange.clientAddress;
}

const LEVELS: Readonly<Record<string, number>> = { fastest: 1, default: 6, best: 9 };

async function compression(scope: FastifyInstance, options: Options): Promise<void> {
  // Its hooks are put on routes that come after it.
  await scope.register(compress, {
    global: true,
    encodings: ['gzip'],
    threshold: Number(options.get('min.length') ?? 1024),
    zlibOptions: { level: LEVELS[options.get('level') ?? 'default'] ?? 6 },
  });
}
const PRIVATE = '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,::1/128,fc00::/7';

function realIp(
  _scope: FastifyInstance,
  options: Options,
  { exchangeOf }: MiddlewareDependencies,
  add: (hook: Hook) => void,
): void {
  const trustsAll = options.get('trust.all') === 'true';
  const trusted = new BlockList();
  for (const subnet of (options.get('trusted.subnets') ?? PRIVATE).split(',')) {
    const [address = '', bits] = subnet.trim().split('/');
    const family = isIP(address);
    if (family !== 0)
      trusted.addSubnet(address, Number(bits ?? (family === 6 ? 128 : 32)), family === 6 ? 'ipv6' : 'ipv4');
  }
  const isTrusted = (address: string): boolean => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(plain);
    return trustsAll || (family !== 0 && trusted.check(plain, family === 6 ? 'ipv6' : 'ipv4'));
  };
  add(async (request, reply) => {
    const exchange = exchangeOf(request, reply);
    if (!isTrusted(request.raw.socket.remoteAddress ?? '')) return;
    const single = exchange.header('true-client-ip') ?? exchange.header('x-real-ip');
    // The last of the list that no trusted proxy has added is the client: what stands before it anybody may have written.
    const forwarded = (exchange.header('x-forwarded-for') ?? '').split(',').map((one) => one.trim());
    const found =
      single?.trim() ?? forwarded.findLast((one) => isIP(one) !== 0 && !isTrusted(one)) ?? forwarded[0];
    if (found !== undefined && isIP(found) !== 0) exchange.forwardedFor = found;
  });
}

function timeLimit(
  _scope: FastifyInstance,
  options: Options,
  { exchangeOf }: MiddlewareDependencies,
  add: (hook: Hook) => void,
): void {
  const limit = parseDurationMs(options.get('duration') ?? '30s');
  add(async (request, reply) => {
    exchangeOf(request, reply).limitMs = limit;
  });
}
