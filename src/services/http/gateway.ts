// The HTTP servers of a node: what the newest version says, kept so while the node serves.
// G1: a version that cannot be served is refused before it is taken (the plan); what only shows when it is tried (a port in use) is logged.
// G2: only what concerns the listening itself restarts a server; routes are swapped.
import type { FastifyReply } from 'fastify';
import type { Logger } from '../../core/logger.js';
import type { Outcome } from '../../lua/step.js';
import type { Volume } from '../../modules/fs/host.js';
import type { NodeService } from '../../runtime/supervisor-client.js';
import type { ResourceUser } from '../../runtime/resources.js';
import type { SecretGuard } from '../../runtime/secret-guard.js';
import type { TemporalAccess } from '../../runtime/temporal-access.js';
import { buildHttpApp } from './app.js';
import type { NodeExchange } from './exchange.js';
import type { HttpMetrics } from './metrics.js';
import type { HttpPlan, PlannedServer } from './plan.js';
import type { RelayNode } from './relay/session.js';
import { HttpServer } from './server.js';
import { serverSettings } from './settings.js';
import type { ServerSettings } from './settings.js';
import type { WorkflowEndpoint } from './workflow-endpoint.js';

export interface HttpGatewayOptions {
  /** Name of the app. */
  readonly app: string;
  /** Absolute. */
  readonly appFolder: string;
  readonly plan: () => HttpPlan;
  readonly fill: (text: string) => string;
  /** Calls a function for a request. Never rejects. */
  readonly call: (request: {
    readonly func: string;
    readonly exchange: NodeExchange;
    readonly timeoutMs: number | undefined;
  }) => Outcome | Promise<Outcome>;
  readonly relays: RelayNode;
  readonly temporal: TemporalAccess;
  readonly guard: SecretGuard;
  readonly resources: () => ResourceUser;
  readonly metrics: HttpMetrics;
  readonly logger: Logger;
}

export class HttpGateway implements NodeService {
  readonly name = 'moontide.http';
  readonly requires: readonly string[] = [];
  readonly #options: HttpGatewayOptions;
  readonly #servers = new Map<string, HttpServer>();
  #endpoint: WorkflowEndpoint | undefined;
  #serving = false;
  /** Changes go one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: HttpGatewayOptions) {
    this.#options = options;
  }

  /** Servers stop within their own times. */
  get stopTimeoutMs(): number {
    return Math.max(0, ...[...this.#servers.values()].map(({ settings }) => settings.stopMs)) + 1000;
  }

  /** Where each server listens, by its entry. */
  addresses(): ReadonlyMap<string, { readonly host: string; readonly port: number }> {
    return new Map(
      [...this.#servers.values()].flatMap(({ id, address }) =>
        address === undefined ? [] : [[id, address] as const],
      ),
    );
  }

  async start(): Promise<void> {
    this.#serving = true;
    await this.#next(() => this.#reconcile('throw'));
  }

  /** To be called when a version is taken. */
  async changed(): Promise<void> {
    if (this.#serving) await this.#next(() => this.#reconcile('log'));
  }

  async stop(): Promise<void> {
    this.#serving = false;
    await this.#next(async () => {
      await Promise.all([...this.#servers.values()].map((server) => server.stop(server.settings.stopMs)));
      this.#servers.clear();
    });
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined); // told to who waits for `done`
    return done;
  }

  async #reconcile(failures: 'throw' | 'log'): Promise<void> {
    const { logger, fill } = this.#options;
    const { servers } = this.#options.plan();
    const wanted = new Set(servers.map(({ entry }) => entry.id as string));
    for (const [id, server] of this.#servers)
      if (!wanted.has(id)) {
        this.#servers.delete(id);
        await server.stop(server.settings.stopMs);
      }
    for (const planned of servers)
      try {
        await this.#serve(planned, serverSettings(planned.entry, fill, this.#options.appFolder));
      } catch (error) {
        if (failures === 'throw') throw error;
        logger.error('an HTTP server does not run as its entry says', { service: planned.entry.id, error });
      }
  }

  async #serve(planned: PlannedServer, settings: ServerSettings): Promise<void> {
    const { id } = planned.entry;
    const running = this.#servers.get(id);
    if (running !== undefined && running.settings.key !== settings.key) {
      this.#servers.delete(id);
      await running.stop(running.settings.stopMs);
    }
    if (!settings.autoStart) {
      this.#options.logger.warn(
        `'${id}' does not run; set \`lifecycle: { auto_start: true }\` to start it with the app`,
      );
      return;
    }
    const server = this.#servers.get(id) ?? new HttpServer(id, settings, this.#options.logger);
    const app = await buildHttpApp(planned, {
      app: this.#options.app,
      call: (func, exchange) => this.#options.call({ func, exchange, timeoutMs: exchange.limitMs }),
      volume: (fs, reply) => this.#volume(fs, reply),
      metrics: this.#options.metrics,
      logger: this.#options.logger,
      accessLog: settings.accessLog,
      workflow: async (request) => (await this.#workflows()).answer(request),
      stopping: server.stopping,
      relay: {
        node: this.#options.relays,
        server: id,
        most: settings.buffer,
        stopping: server.stopping,
        logger: this.#options.logger,
      },
      writeTimeoutMs: settings.writeMs,
    });
    if (this.#servers.has(id)) {
      server.swap(app);
      return;
    }
    await server.start(app);
    this.#servers.set(id, server);
  }

  /** Loaded with the first request for a workflow: Temporal's client is large. */
  async #workflows(): Promise<WorkflowEndpoint> {
    if (this.#endpoint !== undefined) return this.#endpoint;
    const [{ WorkflowEndpoint: Endpoint }, { WorkflowRuns }] = await Promise.all([
      import('./workflow-endpoint.js'),
      import('./workflow-runs.js'),
    ]);
    const { temporal, guard, logger } = this.#options;
    return (this.#endpoint ??= new Endpoint({ runs: new WorkflowRuns({ temporal, guard }), guard, logger }));
  }

  #volume(fs: string, reply: FastifyReply): Promise<Volume> {
    const user = this.#options.resources();
    reply.raw.once('close', () => {
      user[Symbol.asyncDispose]().then(undefined, (error: unknown) =>
        this.#options.logger.error('a file system could not be let go', { error }),
      );
    });
    return user.use<Volume>(fs, 'fs.*');
  }
}
