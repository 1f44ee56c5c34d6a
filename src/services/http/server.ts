// One http.service: it listens, and hands requests to the app of its newest routes.
// S1: routes change between two requests: one that runs ends on the app that it began on.
// S2: a stop takes no new connection, lets answers end within its time and cuts what is left then.
// S3: a client that goes away takes all its requests with it: of those whose answer has no connection yet Node tells nobody.
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Logger } from '../../core/logger.js';
import { HttpListenError } from './errors.js';
import { asksForWebSocket, responseFor, withoutOffer } from './relay/upgrade.js';
import type { ServerSettings } from './settings.js';
import type { Stopping } from './workflow-endpoint.js';

/** What waits answers so long before its connection is cut. Milliseconds. */
const LAST_WORDS_MS = 1000;
/** Requests of one connection that may wait for the answers before theirs. */
const MOST_BEHIND = 200;

class Routes {
  readonly app: FastifyInstance;
  /** Answers under way that began on them. */
  running = 0;
  constructor(app: FastifyInstance) {
    this.app = app;
  }
}

export class HttpServer {
  readonly id: string;
  readonly settings: ServerSettings;
  readonly #logger: Logger;
  #server: Server | undefined;
  #routes: Routes | undefined;
  #isStopping = false;
  /** Connections that Node has let go. */
  readonly #upgraded = new Set<Duplex>();
  /** Answers that wait for those before them on their connection. S3 */
  readonly #behind = new WeakMap<Duplex, Set<ServerResponse>>();
  readonly #begun = new AbortController();
  readonly #ending = new AbortController();

  constructor(id: string, settings: ServerSettings, logger: Logger) {
    this.id = id;
    this.settings = settings;
    this.#logger = logger;
  }

  readonly stopping: Stopping = { begun: this.#begun.signal, ending: this.#ending.signal };

  /** Where it listens; undefined while it does not. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null
      ? { host: address.address, port: address.port }
      : undefined;
  }

  async start(app: FastifyInstance): Promise<void> {
    this.#routes = new Routes(app);
    const { tls, readMs, idleMs, host, port } = this.settings;
    const options = { connectionsCheckingInterval: readMs === 0 ? 30_000 : Math.min(30_000, readMs / 4) };
    const server =
      tls === undefined
        ? createHttpServer(options, this.#handle)
        : createHttpsServer({ ...tls, ...options }, this.#handle);
    server.requestTimeout = readMs;
    server.headersTimeout = readMs === 0 ? 60_000 : Math.min(readMs, 60_000);
    server.keepAliveTimeout = idleMs;
    server.maxHeadersCount = 200;
    server.on('upgrade', (request, socket, head) => {
      if (!asksForWebSocket(request)) {
        socket.unshift(withoutOffer(request, head));
        server.emit(tls === undefined ? 'connection' : 'secureConnection', socket);
        return;
      }
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
      this.#handle(request, responseFor(request, socket, head));
    });
    await listen(server, host, port, this.id);
    server.on('error', (error) => this.#logger.error('an HTTP server failed', { service: this.id, error }));
    this.#server = server;
    const at = this.address;
    this.#logger.info(`'${this.id}' listens on ${tls === undefined ? 'http' : 'https'}://${shown(at)}`);
  }

  /** S1 */
  swap(app: FastifyInstance): void {
    const old = this.#routes;
    this.#routes = new Routes(app);
    if (old?.running === 0) this.#leave(old);
  }

  async stop(timeoutMs: number): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#isStopping = true;
    this.#begun.abort();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const last = setTimeout(() => this.#ending.abort(), Math.max(0, timeoutMs - LAST_WORDS_MS));
    const timer = setTimeout(() => {
      this.#logger.warn('answers were cut because the server stopped', { service: this.id });
      server.closeAllConnections();
      for (const socket of this.#upgraded) socket.destroy();
    }, timeoutMs);
    await closed;
    clearTimeout(last);
    clearTimeout(timer);
    this.#server = undefined;
    await this.#routes?.app.close();
    this.#routes = undefined;
  }

  readonly #handle = (request: IncomingMessage, response: ServerResponse): void => {
    const routes = this.#routes;
    if (routes === undefined) {
      response.writeHead(503, { connection: 'close' }).end();
      return;
    }
    routes.running += 1;
    response.on('close', () => {
      routes.running -= 1;
      if (routes.running === 0 && routes !== this.#routes) this.#leave(routes);
      // An answer that began before the stop keeps its connection otherwise.
      if (this.#isStopping) request.socket.end();
    });
    if (response.socket === null && !this.#waitsBehind(request, response)) return;
    routes.app.routing(request, response);
  };

  /** S3. False: the connection is cut, for too many wait on it. */
  #waitsBehind({ socket }: IncomingMessage, response: ServerResponse): boolean {
    let waiting = this.#behind.get(socket);
    if (waiting === undefined) {
      const all = (waiting = new Set());
      this.#behind.set(socket, all);
      socket.once('close', () => {
        for (const one of all)
          if (one.socket === null) {
            one.destroy();
            one.emit('close');
          }
      });
    }
    waiting.add(response);
    response.once('close', () => waiting.delete(response));
    if (waiting.size <= MOST_BEHIND) return true;
    this.#logger.warn('a connection was cut: too many requests came on it before their answers', {
      service: this.id,
      requests: waiting.size,
    });
    socket.destroy();
    return false;
  }

  #leave({ app }: Routes): void {
    app
      .close()
      .catch((error: unknown) => this.#logger.error('old routes did not close', { service: this.id, error }));
  }
}

const shown = (at: HttpServer['address']): string =>
  at === undefined
    ? ''
    : `${at.host === '::' || at.host === '0.0.0.0' ? 'localhost' : at.host.includes(':') ? `[${at.host}]` : at.host}:${at.port}`;

function listen(server: Server, host: string | undefined, port: number, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      const why =
        cause.code === 'EADDRINUSE'
          ? 'somebody else listens there; change `addr` or stop the other'
          : cause.code === 'EACCES'
            ? 'this user may not; take a port above 1023'
            : `${cause.message}; change \`addr\``;
      reject(new HttpListenError(`'${id}' cannot listen on '${host ?? ''}:${port}': ${why}`, { cause }));
    };
    server.once('error', fail);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
