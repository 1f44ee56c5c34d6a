// One server's routes as a fastify app, which never listens itself: server.ts hands it requests, and a new version of the routes is a new app.
// A1: a router is a scope with its prefix; its middleware runs for every request below it, matched or not.
// A2: bodies are not read here: the function reads what it wants, within its own limits.
// A3: a path that is there under another method is answered with 405 and the methods that it has; OPTIONS with 204 and the same.
import { createServer } from 'node:http';
import fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorData } from '../../core/error-data.js';
import type { Logger } from '../../core/logger.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import { encodeWire } from '../../core/wire.js';
import type { Outcome } from '../../lua/step.js';
import type { Volume } from '../../modules/fs/host.js';
import { METHODS } from '../../registry/kinds/http-kinds.js';
import { answerOf, errorBody } from './answers.js';
import type { BodySchema } from './body-schema.js';
import { cutAfter, NodeExchange } from './exchange.js';
import { fileAnswer, namedFileAnswer } from './files.js';
import { answerError, jsonBody, Refused } from './json-answer.js';
import { CLIENT_GONE, wasCut } from './metrics.js';
import type { HttpMetrics } from './metrics.js';
import { Outgoing } from './outgoing.js';
import { openApiOf } from './openapi.js';
import { hooksAfter, useMiddleware } from './middleware/build.js';
import type { MiddlewareDependencies } from './middleware/build.js';
import type { PlannedFiles, PlannedRouter, PlannedServer } from './plan.js';
import type { Relay, RelayOptions } from './relay/relays.js';
import type { Stopping, WorkflowRequest } from './workflow-endpoint.js';

export interface HttpAppDependencies {
  /** Name of the app. */
  readonly app: string;
  /** Calls the function that answers: an outcome where it has not waited for anything. Never rejects. */
  readonly call: (func: string, exchange: NodeExchange) => Outcome | Promise<Outcome>;
  /** Answers for a workflow. Never rejects. */
  readonly workflow: (request: WorkflowRequest) => Promise<void>;
  /** Of connections to processes. */
  readonly relay: RelayOptions;
  /** A file system, held until the request is done. */
  readonly volume: (id: string, reply: FastifyReply) => Promise<Volume>;
  readonly metrics: HttpMetrics;
  readonly logger: Logger;
  readonly accessLog: boolean;
  /** From its beginning on connections end with their answer. */
  readonly stopping: Stopping;
  /** How long an answer may take; 0: for ever. Milliseconds. */
  readonly writeTimeoutMs: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    exchange: NodeExchange | null;
  }
}

export async function buildHttpApp(
  server: PlannedServer,
  dependencies: HttpAppDependencies,
): Promise<FastifyInstance> {
  const app = fastify({
    serverFactory: (handler) => createServer(handler), // never listens
    exposeHeadRoutes: true,
    // A2
    bodyLimit: Number.MAX_SAFE_INTEGER,
    routerOptions: { maxParamLength: 4096, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    frameworkErrors: (_error, _request, reply) => {
      // Its type is that of a route with schemas, of which there are none here.
      const answer = reply as FastifyReply;
      answer.code(400).header('content-type', 'application/json');
      answer.send(errorBody('Invalid', 'the URL cannot be read'));
    },
    logger: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.decorateRequest('exchange', null);
  const { logger } = dependencies;
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    // What fastify refuses of a request: a type that is none.
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) {
      reply.code(statusCode).header('content-type', 'application/json');
      await reply.send(errorBody('Invalid', toBytes(error.message)));
      return;
    }
    logger.error('an HTTP request failed', { method: request.method, path: request.url, error });
    await reply
      .code(500)
      .header('content-type', 'application/json')
      .send(errorBody('Internal', 'internal error'));
  });
  const methods = methodsByPath(server);
  // Some that Node knows and no entry can have ask for more than a path, which fastify looks at before it misses a route.
  app.addHook('onRequest', (request, reply, next) => {
    if (KNOWN_METHODS.has(request.method)) next();
    else notMatched(methods, request, reply);
  });
  // With callbacks: promises would put every answer off to a later microtask.
  app.addHook('onSend', (_request, reply, payload, next) => {
    if (dependencies.stopping.begun.aborted) reply.header('connection', 'close');
    next(null, payload);
  });
  if (dependencies.accessLog || logger.isEnabled('debug')) {
    const level = dependencies.accessLog ? 'info' : 'debug';
    // Not onResponse, which answers that are cut never come to.
    app.addHook('onRequest', (request, reply, next) => {
      reply.raw.once('close', () => {
        const status = wasCut(reply) ? CLIENT_GONE : reply.statusCode;
        logger.log(level, `${request.method} ${request.url.replace(/\?.*$/s, '')} ${status}`, {
          ms: Math.round(reply.elapsedTime * 10) / 10,
          client: exchangeOf(request, reply).clientAddress,
        });
      });
      next();
    });
  }

  const middleware: MiddlewareDependencies = {
    exchangeOf,
    call: async (func, exchange) => {
      const outcome = await dependencies.call(func, exchange);
      if (!outcome.ok) fail(func, exchange, outcome.error, logger);
      return outcome.ok && outcome.values[0] !== false;
    },
    metrics: dependencies.metrics,
    logger,
    namedFile: async (fs, path, request, reply) =>
      namedFileAnswer(await dependencies.volume(fs, reply), path, request, reply),
  };
  const prefixes = new Set<string>();
  const scoped = (prefix: string, fill: (scope: FastifyInstance) => Promise<void>): void => {
    app.register(
      async (scope) => {
        await fill(scope);
        // Only one handler a prefix: the first router of a prefix has the requests that match none of its routes.
        if (!prefixes.has(prefix))
          scope.setNotFoundHandler((request, reply) => notMatched(methods, request, reply));
        prefixes.add(prefix);
      },
      prefix === '' ? {} : { prefix },
    );
  };
  for (const router of server.routers)
    scoped(router.prefix, (scope) => routes(scope, router, middleware, dependencies));
  for (const files of server.files)
    scoped(files.prefix, (scope) => fileRoutes(scope, files, methods, middleware, dependencies));
  if (server.openapi !== undefined) {
    const document = encodeWire(openApiOf(server, dependencies.app), { pretty: true });
    const handler = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      reply.header('content-type', 'application/json').send(document);
    app.route({ method: 'GET', url: server.openapi, handler });
  }
  await app.after();
  if (!prefixes.has('')) app.setNotFoundHandler((request, reply) => notMatched(methods, request, reply));
  await app.ready();
  return app;
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

function exchangeOf(request: FastifyRequest, reply: FastifyReply): NodeExchange {
  return (request.exchange ??= new NodeExchange(request, reply));
}

async function routes(
  scope: FastifyInstance,
  router: PlannedRouter,
  middleware: MiddlewareDependencies,
  { call, workflow, relay, stopping, logger, writeTimeoutMs }: HttpAppDependencies,
): Promise<void> {
  await useMiddleware(scope, router.before, middleware);
  const preHandler = hooksAfter(scope, router.after, middleware);
  const relays = await relaysOf(router, relay);
  const isSeen = [...router.before, ...router.after].some(({ name }) => SEES_ANSWERS.has(name));
  const outgoing = isSeen ? undefined : new Outgoing(stopping, logger);
  const answered = (
    func: string,
    outcome: Outcome,
    request: FastifyRequest,
    reply: FastifyReply,
    exchange: NodeExchange,
    soon: boolean,
  ): Promise<void> | undefined => {
    if (!outcome.ok) {
      fail(func, exchange, outcome.error, logger);
      return undefined;
    }
    const asked = relays.find(({ header }) => asksFor(exchange, header));
    return asked === undefined ? exchange.end(soon) : asked.relay(request, reply, exchange);
  };
  /** Undefined: it has answered without waiting for anything. */
  const answer = (
    func: string,
    request: FastifyRequest,
    reply: FastifyReply,
    exchange: NodeExchange,
  ): Promise<void> | undefined => {
    const outcome = call(func, exchange);
    if (outcome instanceof Promise)
      return outcome.then((reached) => answered(func, reached, request, reply, exchange, false));
    return answered(func, outcome, request, reply, exchange, true);
  };
  // HEAD first: where an endpoint has it, none is made for its GET.
  const sorted = router.endpoints.toSorted(
    (a, b) => Number(b.method === 'HEAD') - Number(a.method === 'HEAD'),
  );
  for (const { method, path, target, input } of sorted)
    scope.route({
      method,
      url: path,
      preHandler,
      handler: (request, reply) => {
        const exchange = exchangeOf(request, reply);
        if (writeTimeoutMs > 0) exchange.limitMs = Math.min(exchange.limitMs ?? Infinity, writeTimeoutMs);
        exchange.outgoing = outgoing;
        if ('workflow' in target)
          return after(workflow({ route: target.workflow, input, exchange, stopping }), reply);
        if (input !== undefined)
          return after(
            hasBodyOf(exchange, input).then((has) =>
              has ? answer(target.func, request, reply, exchange) : undefined,
            ),
            reply,
          );
        return after(answer(target.func, request, reply, exchange), reply);
      },
    });
}

/** What a handler gives fastify: nothing where it has answered already. */
const after = (answered: Promise<void> | undefined, reply: FastifyReply): Promise<FastifyReply> | undefined =>
  answered?.then(() => reply);

/** Middleware with hooks that look at what is sent. */
const SEES_ANSWERS: ReadonlySet<string> = new Set(['compress', 'sendfile']);

const asksFor = (exchange: NodeExchange, header: string): boolean =>
  !exchange.headersSent && exchange.responseHeader(header) !== undefined;

interface RouterRelay {
  readonly header: string;
  readonly relay: Relay;
}

/** Loaded where a router has any. */
async function relaysOf({ after }: PlannedRouter, options: RelayOptions): Promise<readonly RouterRelay[]> {
  if (!after.some(({ name }) => name.endsWith('_relay'))) return [];
  const { RELAYS } = await import('./relay/relays.js');
  return after.flatMap(({ name }) => {
    if (name !== 'websocket_relay' && name !== 'sse_relay') return [];
    const { header, make } = RELAYS[name];
    return [{ header, relay: make(options) }];
  });
}

/** Whether the body fits; else the request is answered. The function can read it again. */
async function hasBodyOf(exchange: NodeExchange, input: BodySchema): Promise<boolean> {
  try {
    await jsonBody(exchange, input);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await answerError(exchange, error.status, error.kind, error.message);
    return false;
  }
}

function fail(func: string, exchange: NodeExchange, error: ErrorData, logger: Logger): void {
  if (exchange.aborted) {
    logger.debug('a client went away before its answer', {
      method: exchange.method,
      path: exchange.path,
      func,
    });
    return;
  }
  logger.error(`'${func}' did not answer: ${toTextLossy(error.message)}`, {
    method: exchange.method,
    path: toTextLossy(exchange.path),
    kind: error.kind,
    ...(error.stack === undefined ? {} : { stack: toTextLossy(error.stack) }),
  });
  const { status, body } = answerOf(error);
  exchange.fail(status, body);
}

async function fileRoutes(
  scope: FastifyInstance,
  { fs, spa, index, cache, before }: PlannedFiles,
  methods: ReturnType<typeof methodsByPath>,
  middleware: MiddlewareDependencies,
  { volume, writeTimeoutMs }: HttpAppDependencies,
): Promise<void> {
  await useMiddleware(scope, before, middleware);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    if (writeTimeoutMs > 0) cutAfter(reply.raw, writeTimeoutMs);
    const { '*': path = '' } = request.params as { '*'?: string };
    const payload = await fileAnswer(
      await volume(fs, reply),
      toBytes(path),
      { index, spa, cache },
      request,
      reply,
    );
    // There is no such file, and perhaps an endpoint with other methods.
    if (reply.statusCode === 404 && endpointsAt(methods, request).length > 0)
      return notMatched(methods, request, reply);
    return reply.send(payload);
  };
  scope.route({ method: 'GET', url: '/*', handler });
  scope.route({ method: 'GET', url: '/', handler });
}

/** Methods of each route, by a pattern that tells whether a path is meant. */
function methodsByPath(
  server: PlannedServer,
): readonly { readonly pattern: RegExp; readonly methods: Set<string>; readonly files: boolean }[] {
  const found = new Map<string, Set<string>>();
  const add = (path: string, method: string): void => {
    const source = sourceOf(path);
    const methods = found.get(source) ?? new Set();
    found.set(source, methods.add(method));
    if (method === 'GET') methods.add('HEAD');
  };
  for (const { prefix, endpoints } of server.routers)
    for (const { path, method } of endpoints) add((prefix + path).replace(/(.)\/$/, '$1'), method);
  for (const { prefix } of server.files) add(`${prefix}/*`, 'GET');
  if (server.openapi !== undefined) add(server.openapi, 'GET');
  const files = new Set(server.files.map(({ prefix }) => sourceOf(`${prefix}/*`)));
  return [...found].map(([source, methods]) => ({
    pattern: new RegExp(`^${source}/?$`),
    methods,
    files: files.has(source),
  }));
}

/** A route's path as the source of a pattern. */
const sourceOf = (path: string): string =>
  path
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&'),
    )
    .join('/');

const pathOf = ({ url }: FastifyRequest): string => url.replace(/[?#].*$/s, '');
const endpointsAt = (
  known: ReturnType<typeof methodsByPath>,
  request: FastifyRequest,
): ReturnType<typeof methodsByPath> =>
  known.filter(({ pattern, files }) => !files && pattern.test(pathOf(request)));

/** A3 */
function notMatched(
  known: ReturnType<typeof methodsByPath>,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  // Below a folder of files anything may be there; where an endpoint is, its methods count.
  const endpoints = endpointsAt(known, request);
  const meant =
    endpoints.length > 0 ? endpoints : known.filter(({ pattern }) => pattern.test(pathOf(request)));
  const methods = new Set(meant.flatMap((one) => [...one.methods]));
  reply.header('content-type', 'application/json');
  if (methods.size === 0) return reply.code(404).send(errorBody('NotFound', 'there is nothing here'));
  reply.header('allow', [...methods, 'OPTIONS'].sort().join(', '));
  if (request.method === 'OPTIONS') return reply.removeHeader('content-type').code(204).send();
  return reply.code(405).send(errorBody('Invalid', `${request.method} is not allowed here`));
}
