// A node's part in supervision: its workers for services, and its word with the supervisor.
// N1: three workers, made when the app first has a service: this node's queue and the queue of all nodes take leases only, so that
//     a service never takes a function's place; the system queue runs the platform's own workflows, apart from the app's.
// N2: a node joins once its workers poll, again where the server has lost sight of it, and tells what the registry changes.
// N3: what the supervisor gives leave for begins at once, before its runs are up (granted-lives.ts).
// N4: a node that stops takes no new lease, has the supervisor hand over or stop what it has, in order, and ends what is left.
//     When its time is over it waits for nobody any more: what still lives here is killed, and its leases are let go.
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../core/logger.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import { within } from '../../core/within-host.js';
import type { TemporalConnection } from '../../temporal/connection.js';
import {
  NODE_HEARTBEAT_MS,
  NODE_JOIN_MS,
  nodeQueue,
  SERVICE_ATTRIBUTES,
  serviceQueue,
  systemQueue,
} from '../../temporal/names.js';
import type { NodeLife, ServiceSpec, ServiceState } from '../../temporal/service-contracts.js';
import type { ArtifactSource } from '../../temporal/contracts.js';
import type { Supervisor } from '../../temporal/supervision.js';
import type { RunningWorker } from '../../temporal/worker.js';
import { NodeStopTimeoutError } from '../../runtime/errors.js';
import type { TemporalPlatform } from '../temporal/platform.js';
import { GrantedLives } from './granted-lives.js';
import { ServiceHost } from './service-host.js';
import type { ServiceStarter } from './service-life.js';

export interface NodeSupervisionOptions {
  readonly app: string;
  readonly node: string;
  readonly platform: Pick<TemporalPlatform, 'client' | 'connection' | 'onMoved'>;
  readonly artifacts: ArtifactSource;
  /** Default: the built one. */
  readonly bundle?: () => Promise<{ readonly code: string }>;
  readonly starters: ReadonlyMap<string, ServiceStarter>;
  readonly logger: Logger;
  /** The services of the newest registry version, and its number. */
  readonly current: () => { readonly services: readonly ServiceSpec[]; readonly registryVersion: number };
  readonly changed: (id: string, state: ServiceState, reason: string) => void;
  /** How long a stop may wait for services in all. Milliseconds. */
  readonly drainMs: number;
}

/** Leases that a node may have at once, on top of its services. */
const SPARE_LEASES = 1000;
const POLLS = 5;
/** A run whose worker is gone is taken by another after this long. Milliseconds. */
const STICKY_MS = 500;
const JOIN_AGAIN_MS = 1000;
/** The server has lost the node for this long: it joins again, until it is watched. Milliseconds. */
const UNWATCHED_MS = 5000;
const GRACE_MS = 1000;
/** What the workers of a node take to say goodbye, on top of the grace time of each. Milliseconds. */
const GOODBYE_MS = 3000;

export class NodeSupervision {
  readonly #options: NodeSupervisionOptions;
  readonly #startedAt = Date.now();
  readonly #queue: string;
  readonly #ending = new AbortController();
  #host: ServiceHost | undefined;
  #granted: GrantedLives | undefined;
  #workers: Workers | undefined;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #joined = false;
  /** What was told last. */
  #told = '';
  #leave: () => void = () => undefined;
  readonly #left = new Promise<void>((leave) => {
    this.#leave = leave;
  });
  /** Whether the server waits for heartbeats of this node. */
  #isWatched = false;
  #unwatched: NodeJS.Timeout | undefined;
  #forget: () => void = () => undefined;

  constructor(options: NodeSupervisionOptions) {
    this.#options = options;
    this.#queue = nodeQueue(options.app, options.node, randomUUID());
  }

  /** Begins where there is a service, once. Resolves when the node has joined; never rejects. */
  start(): Promise<void> {
    if (this.#options.current().services.length === 0 || this.#ending.signal.aborted)
      return Promise.resolve();
    this.#started ??= this.#begin().catch((error: unknown) => {
      if (!this.#ending.signal.aborted)
        this.#options.logger.error('services cannot be supervised by this node', { error });
    });
    return this.#started;
  }

  /** The registry has changed. */
  async declare(): Promise<void> {
    if (!this.#joined) return this.start();
    const { services, registryVersion } = this.#options.current();
    const told = JSON.stringify(services);
    if (told === this.#told) return;
    this.#told = told;
    const supervisor = await this.#supervisor();
    try {
      await supervisor.declare({ registryVersion, services });
    } catch (error) {
      this.#options.logger.warn(
        'the supervisor does not know of the newest services; the node tells it again',
        {
          error,
        },
      );
      await this.#join();
    }
  }

  /** Called again it gives the same stop. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** N4. */
  async #stop(): Promise<void> {
    const { logger, drainMs } = this.#options;
    this.#ending.abort();
    clearTimeout(this.#unwatched);
    this.#forget();
    if (this.#started === undefined) return;
    const until = performance.now() + drainMs;
    const step = async (
      what: string,
      work: () => Promise<unknown> | undefined,
      keepMs = 0,
    ): Promise<void> => {
      const leftMs = Math.max(0, until - keepMs - performance.now());
      await within(
        Promise.resolve(work()),
        leftMs,
        () => new NodeStopTimeoutError(what, drainMs - keepMs),
      ).catch((error: unknown) => logger.warn(`the node goes without ${what}`, { error }));
    };
    // What the supervisor does not come to is ended here, and has its time for that.
    const ownMs = Math.min(drainMs / 2, this.#longestStopMs());
    await step('having joined', () => this.#started, ownMs);
    this.#workers?.any.worker.shutdown(); // it polls no more, and what it has goes on until it is ended
    await step('having told what began', () => this.#granted?.close(), ownMs);
    if (this.#joined) await step('its services stopped in order', () => this.#giveUp(), ownMs);
    await step('the end of its services', () => this.#host?.leave());
    this.#host?.release();
    this.#leave();
    if (this.#workers !== undefined)
      await within(
        this.#workers.stop(),
        GRACE_MS + GOODBYE_MS,
        () => new NodeStopTimeoutError('the workers of services', GRACE_MS + GOODBYE_MS),
      );
  }

  #longestStopMs(): number {
    return Math.max(0, ...this.#options.current().services.map(({ settings }) => settings.stopTimeoutMs));
  }

  /** Has its services handed over, or stops them. */
  async #giveUp(): Promise<void> {
    const supervisor = await this.#supervisor();
    const { stops } = await supervisor.leave(this.#options.node, this.#options.drainMs);
    if (stops) await this.#stopAll(supervisor);
  }

  async #supervisor(): Promise<Supervisor> {
    const { Supervisor } = await import('../../temporal/supervision.js');
    return new Supervisor(await this.#options.platform.client(undefined), this.#options.app);
  }

  /** In the reverse order of their start. */
  async #stopAll(supervisor: Supervisor): Promise<void> {
    const requiredBy = new Map<string, string[]>();
    for (const { id, requires, after = [] } of this.#options.current().services)
      for (const required of [...requires, ...after]) {
        const others = requiredBy.get(required) ?? [];
        others.push(id);
        requiredBy.set(required, others);
      }
    const node = toBytes(this.#options.node);
    await this.#host?.stopAll(
      (service) => requiredBy.get(service) ?? [],
      (stopped) => supervisor.left({ node, state: 'left', stopped }),
    );
  }

  async #begin(): Promise<void> {
    const { platform, node, starters, logger, changed } = this.#options;
    const { tellService } = await import('../../temporal/supervision.js');
    this.#host = new ServiceHost({
      node,
      queue: this.#queue,
      starters,
      logger,
      changed,
      tell: async (lease, news) => tellService(await platform.client(undefined), lease, news),
    });
    const host = this.#host;
    this.#granted = new GrantedLives({
      begin: (grant) => host.begin(grant),
      tell: async (lives) => {
        const supervisor = await this.#supervisor();
        await supervisor.began({ node: toBytes(node), queue: toBytes(this.#queue), lives });
      },
    });
    this.#forget = platform.onMoved(async () => {
      const before = this.#workers;
      this.#workers = undefined;
      const again = this.#makeWorkers().then(() => this.#join());
      await before?.stop(); // it drains for nobody; services that keep live on, and are adopted
      await again;
    });
    await this.#makeWorkers();
    await this.#join();
  }

  async #makeWorkers(): Promise<void> {
    const { platform, app, artifacts, current } = this.#options;
    const host = this.#host;
    if (host === undefined) return;
    const [{ createWorker }, bundle, { serviceActivities }, connection] = await Promise.all([
      import('../../temporal/worker.js'),
      this.#bundle(),
      import('../../../activities/service.js'),
      platform.connection(undefined),
    ]);
    const common = { connection: await connection.native(), namespace: connection.namespace, artifacts };
    const activities = {
      activities: serviceActivities({
        leases: host,
        watched: (life, isWatched) => this.#watched(life, isWatched),
        group: ({ id, state, reason }) => this.#options.changed(id, state, toTextLossy(reason)),
        renew: (taskToken) => this.#renew(host, taskToken),
        left: this.#left,
      }),
      interceptors: [],
    };
    const leases = current().services.length + SPARE_LEASES;
    const overrides = {
      maxHeartbeatThrottleInterval: 1000,
      maxConcurrentActivityTaskExecutions: leases,
      maxConcurrentActivityTaskPolls: POLLS,
    };
    const graceMs = this.#options.drainMs + GRACE_MS;
    const [own, any, system] = await Promise.all([
      createWorker({ ...common, taskQueue: this.#queue, activities, drainMs: GRACE_MS, overrides }),
      createWorker({ ...common, taskQueue: serviceQueue(app), activities, drainMs: graceMs, overrides }),
      createWorker({
        ...common,
        taskQueue: systemQueue(app),
        bundle,
        drainMs: GRACE_MS,
        overrides: {
          stickyQueueScheduleToStartTimeout: STICKY_MS,
          workflowThreadPoolSize: 1,
          maxCachedWorkflows: 1000,
        },
      }),
    ]);
    this.#workers = new Workers(own, any, system);
  }

  async #bundle(): Promise<{ readonly code: string }> {
    if (this.#options.bundle !== undefined) return this.#options.bundle();
    const { readWorkflowBundle } = await import('../../temporal/bundle.js');
    return readWorkflowBundle();
  }

  /** Until the supervisor has taken it. */
  async #join(): Promise<void> {
    const { platform, app, node, current, logger } = this.#options;
    const { joinSupervisor } = await import('../../temporal/supervision.js');
    const { signal } = this.#ending;
    for (let told = false; !signal.aborted;) {
      try {
        const connection = await platform.connection(undefined);
        const attributes = await ensureAttributes(connection, logger);
        const { services, registryVersion } = current();
        this.#told = JSON.stringify(services);
        const again = this.#joined && !this.#isWatched;
        const sentAt = performance.now();
        const { grants } = await connection.client.withAbortSignal(signal, () =>
          joinSupervisor(connection.client, app, {
            node: toBytes(node),
            queue: toBytes(this.#queue),
            startedAt: this.#startedAt,
            registryVersion,
            services,
            attributes,
            ...(again ? { again } : {}),
          }),
        );
        if (!this.#isWatched) this.#host?.renewed(sentAt, again ? NODE_HEARTBEAT_MS : NODE_JOIN_MS);
        this.#joined = true;
        this.#granted?.begin(grants);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!told) logger.warn('the supervisor does not answer yet; the node asks on', { error });
        told = true;
        await new Promise((resolve) => setTimeout(resolve, JOIN_AGAIN_MS));
      }
    }
  }

  /** The node's lease, which all of its services share. */
  async #renew(host: ServiceHost, taskToken: Uint8Array): Promise<void> {
    const { ActivityCancelledError, ActivityNotFoundError } = await import('@temporalio/client');
    const sentAt = performance.now();
    try {
      const client = await this.#options.platform.client(undefined);
      // A word that takes longer comes too late.
      await client.withDeadline(Date.now() + NODE_HEARTBEAT_MS, () => client.activity.heartbeat(taskToken));
    } catch (error) {
      if (error instanceof ActivityNotFoundError) host.unrenewed();
      // Nobody answers: the next one may. That somebody wants its end, the server does know it.
      if (!(error instanceof ActivityCancelledError)) return;
    }
    host.renewed(sentAt, NODE_HEARTBEAT_MS);
  }

  #joinLater(): void {
    this.#unwatched = setTimeout(() => {
      void this.#join().then(() => {
        if (!this.#isWatched && !this.#ending.signal.aborted) this.#joinLater();
      });
    }, UNWATCHED_MS);
  }

  #watched(_life: NodeLife, isWatched: boolean): void {
    this.#isWatched = isWatched;
    clearTimeout(this.#unwatched);
    if (isWatched || this.#ending.signal.aborted) return;
    this.#joinLater();
  }
}

class Workers {
  readonly own: RunningWorker;
  readonly any: RunningWorker;
  readonly system: RunningWorker;
  constructor(own: RunningWorker, any: RunningWorker, system: RunningWorker) {
    this.own = own;
    this.any = any;
    this.system = system;
  }

  /** What tells how it ended comes last. */
  async stop(): Promise<void> {
    const ends = await Promise.allSettled([this.any.shutdown(), this.own.shutdown()]);
    ends.push(...(await Promise.allSettled([this.system.shutdown()])));
    const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    if (errors.length > 0) throw new AggregateError(errors, 'the workers of services did not stop cleanly');
  }
}

let known: { readonly connection: TemporalConnection; readonly there: boolean } | undefined;

/** Whether the search attributes of services are there to be written. */
async function ensureAttributes(connection: TemporalConnection, logger: Logger): Promise<boolean> {
  if (known?.connection === connection) return known.there;
  const { ensureSearchAttributes } = await import('../../temporal/search-attributes.js');
  const wanted = Object.fromEntries(
    Object.values(SERVICE_ATTRIBUTES).map((name) => [name, 'Keyword' as const]),
  );
  const { missing, refused, advice } = await ensureSearchAttributes(connection, { wanted });
  const there = missing.length === 0 && refused === undefined;
  if (!there)
    logger.warn('services cannot be found by their state in Temporal; they go on without search attributes', {
      ...(missing.length === 0 ? {} : { missing: missing.join(', ') }),
      ...(advice === undefined ? {} : { advice }),
      ...(refused === undefined ? {} : { refused }),
    });
  known = { connection, there };
  return there;
}
