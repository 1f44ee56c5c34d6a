// The platform's connection to Temporal, and those of the app's own temporal.client entries: each made at first use, once.
// T1: the embedded server is started or joined only where the settings say so; its last user ends it.
// T2: a client entry on this machine's own address brings the embedded server up there when nothing listens.
// T3: where the embedded server comes back at another address, its connections are made anew and `onMoved` is told.
import { connect as connectSocket } from 'node:net';
import type { Client } from '@temporalio/client';
import { unreachable } from '../../core/errors.js';
import type { PlatformError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { TemporalAccess } from '../../runtime/temporal-access.js';
import type { TemporalConnection, TemporalTarget } from '../../temporal/connection.js';
import type { DevServer, ServerChange } from '../../temporal/dev-server.js';
import { TemporalUnavailableError } from '../../temporal/errors.js';
import type { RegistryIdentity } from './app-record.js';
import { DEFAULT_PORT, loopbackPort } from '../../temporal/loopback.js';
import { TemporalUnsetError, standsForPlatform } from './settings.js';
import type { ResolvedSettings } from './settings.js';
import { needsTemporal } from './worker-plan.js';
import type { WorkerPlan } from './worker-plan.js';

export interface PlatformOptions {
  /** A start of the embedded server that is under way ends when this aborts. */
  readonly interrupted?: AbortSignal;
  readonly app: string;
  /** Real path of the app's folder. */
  readonly folder: string;
  readonly registry: RegistryIdentity;
  readonly stateFolder: string;
  /** Why nothing can be kept there, and so no embedded server be had. */
  readonly stateless?: PlatformError;
  readonly settings: ResolvedSettings;
  readonly logger: Logger;
  readonly identity: string;
  /** 'join': never starts a server, only finds one that runs. */
  readonly embedded: 'start' | 'join';
  readonly plan: () => WorkerPlan;
  /** Called once, when the first connection is made for somebody who asked for it. */
  readonly onFirstUse?: (connection: TemporalConnection) => Promise<void>;
}

/** Where the UI of the embedded server is wanted. */
const UI_PORT = 8233;
const PROBE_MS = 500;

export class TemporalPlatform implements TemporalAccess, AsyncDisposable {
  readonly #options: PlatformOptions;
  readonly #connections = new Map<string | undefined, Promise<TemporalConnection>>();
  readonly #moved = new Set<() => Promise<void>>();
  readonly #ending = new AbortController();
  #server: DevServer | undefined;
  #used: Promise<void> | undefined;
  /** Whether runs that are started from now on, through clients that are asked for from now on, skip their time. */
  skipsTime = false;

  constructor(options: PlatformOptions) {
    this.#options = options;
  }

  /** Of the embedded server, once it is connected. */
  get ui(): string | undefined {
    return this.#server?.ui;
  }

  /** What this process has to do with the embedded server; undefined: there is none. */
  get role(): DevServer['role'] | undefined {
    return this.#server?.role;
  }

  get inUse(): boolean {
    return needsTemporal(this.#options.plan());
  }

  /** Calls back when connections of the embedded server have to be made anew (T3), and closes the old ones when all have let go. Gives the end of that. */
  onMoved(listener: () => Promise<void>): () => void {
    this.#moved.add(listener);
    return () => this.#moved.delete(listener);
  }

  /** Whether a client entry's connection goes to where the platform's goes. */
  isOwn(client: string | undefined): boolean {
    return client === undefined || standsForPlatform(this.#options.settings, client);
  }

  routes(): WorkerPlan {
    return this.#options.plan();
  }

  async client(entry: string | undefined): Promise<Client> {
    const connection = await this.connection(entry);
    this.#used ??= this.#options.onFirstUse?.(connection) ?? Promise.resolve();
    await this.#used;
    if (!this.skipsTime) return connection.client;
    const { skippingClient } = await import('../../temporal/time-skipping.js');
    return skippingClient(connection.client);
  }

  /** The connection of a client entry; the platform's for undefined and for entries that stand for it. */
  connection(entry: string | undefined): Promise<TemporalConnection> {
    const { settings } = this.#options;
    const own = this.isOwn(entry) ? undefined : entry;
    const known = this.#connections.get(own);
    if (known !== undefined) return known;
    const target = own === undefined ? undefined : settings.others.get(own);
    const made = target === undefined ? this.#connectPlatform() : connectTo(target);
    this.#connections.set(own, made);
    made.catch(() => {
      // Who asked has the error; the next one tries again.
      if (this.#connections.get(own) === made) this.#connections.delete(own);
    });
    return made;
  }

  async #connectPlatform(): Promise<TemporalConnection> {
    const { settings, logger } = this.#options;
    const { platform } = settings;
    if (platform.kind === 'none') throw new TemporalUnsetError();
    const target = platform.kind === 'server' ? platform.target : await this.#embedded(platform);
    const connection = await (this.#server === undefined ? connectTo(target) : connectEmbedded(target));
    try {
      await this.#claimName(connection);
    } catch (error) {
      await connection.close();
      throw error;
    }
    logger.debug('connected to Temporal', { address: connection.address, namespace: connection.namespace });
    return connection;
  }

  /** Refuses another app of the same name. A server on a port that nobody else can guess is this app's alone. */
  async #claimName(connection: TemporalConnection): Promise<void> {
    const { app, folder, registry, settings } = this.#options;
    const { address, namespace } = connection;
    const guessable =
      settings.platform.kind === 'embedded' ? (settings.platform.port ?? DEFAULT_PORT) : undefined;
    if (this.#server !== undefined && loopbackPort(address) !== guessable) return;
    const [{ claimAppName }, { namespaceId }] = await Promise.all([
      import('./app-record.js'),
      import('./namespace.js'),
    ]);
    claimAppName(
      { app, folder, registry, address, namespace, namespaceId: await namespaceId(connection) },
      {
        own: this.#server !== undefined && this.#server.role !== 'joined',
        take: this.#options.embedded === 'start',
      },
    );
  }

  /** Where the embedded server is, started if that is wanted. */
  async #embedded(
    platform: Extract<ResolvedSettings['platform'], { kind: 'embedded' }>,
  ): Promise<TemporalTarget> {
    const { identity, embedded } = this.#options;
    const { namespace, port, target } = platform;
    const server = this.#server ?? (await this.#enter(embedded, port, target));
    if (server === undefined) {
      // Something else runs where the app's client entry points to: that is what the entry means.
      if (target !== undefined && port !== undefined && (await listens(port))) return target;
      throw new TemporalUnavailableError(
        target?.address ?? `127.0.0.1:${DEFAULT_PORT}`,
        'no Temporal runs for this app',
        'start one with `moontide dev`, or name a running one with --address',
      );
    }
    this.#server = server;
    return { address: server.address, namespace, identity };
  }

  /** The embedded server, joined or, where that is wanted and nobody else listens on its port, started. */
  async #enter(
    embedded: PlatformOptions['embedded'],
    port: number | undefined,
    target: TemporalTarget | undefined,
  ): Promise<DevServer | undefined> {
    const { stateFolder, stateless, logger, interrupted } = this.#options;
    if (stateless !== undefined) throw stateless;
    const { joinDevServer, startOrJoinDevServer } = await import('../../temporal/dev-server.js');
    const common = {
      stateFolder,
      signal:
        interrupted === undefined ? this.#ending.signal : AbortSignal.any([this.#ending.signal, interrupted]),
      changed: (change: ServerChange): void => this.#onServerChange(change),
    };
    const occupied = target !== undefined && port !== undefined && (await listens(port));
    if (embedded === 'join' || occupied) return joinDevServer(common);
    return startOrJoinDevServer({
      ...common,
      port: port ?? DEFAULT_PORT,
      uiPort: UI_PORT,
      binary: async () => {
        const { findTemporalBinary } = await import('../../temporal/binary.js');
        const tried = (line: string): void => logger.debug('looking for the Temporal CLI', { tried: line });
        const { path, from } = await findTemporalBinary({ tried });
        logger.debug('found the Temporal CLI', { path, from });
        return path;
      },
    });
  }

  #onServerChange(change: ServerChange): void {
    const { logger } = this.#options;
    switch (change.what) {
      case 'gone':
        logger.warn('the embedded Temporal is gone; starting it again', { address: change.address });
        return;
      case 'failed':
        logger.error('the embedded Temporal cannot be started again; trying on', { error: change.error });
        return;
      case 'back':
        logger.warn('the embedded Temporal runs again', {
          address: change.address,
          started_by: change.by === 'us' ? 'this process' : 'another process',
        });
        if (change.moved) this.#follow();
        return;
      default:
        unreachable(change);
    }
  }

  /** T3. Calls that wait on the old connections fail as UNAVAILABLE; nobody would ever answer them. */
  #follow(): void {
    const made = this.#connections.get(undefined);
    this.#connections.delete(undefined);
    const released = Promise.allSettled([...this.#moved].map((listener) => listener()));
    const close = async (): Promise<void> => {
      const connection = await made;
      await connection?.connection.close(); // ends calls that wait there for ever
      await released;
      await connection?.close();
    };
    close().catch((error: unknown) =>
      this.#options.logger.debug('the connection to where Temporal was did not close', { error }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(); // a start that is under way ends here
    const errors: unknown[] = [];
    for (const made of this.#connections.values()) {
      try {
        const connection = await made.catch(() => undefined); // one that never came up was told to who asked
        await connection?.close();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#connections.clear();
    try {
      await this.#server?.stop();
    } catch (error) {
      errors.push(error);
    }
    if (errors.length > 0)
      throw new AggregateError(errors, 'the connections to Temporal did not close cleanly');
  }
}

async function connectTo(target: TemporalTarget): Promise<TemporalConnection> {
  // On this machine a closed port is known at once; gRPC would try for seconds.
  const port = loopbackPort(target.address);
  if (port !== undefined && !(await listens(port)))
    throw new TemporalUnavailableError(
      target.address,
      'nothing listens there',
      'start the server, or check TEMPORAL_ADDRESS; without an address the embedded server is used',
    );
  const { connectTemporal } = await import('../../temporal/connection.js');
  return connectTemporal(target);
}

/** The embedded server has the namespaces that apps ask for: one that is missing is made. */
async function connectEmbedded(target: TemporalTarget): Promise<TemporalConnection> {
  const { namespace = 'default', ...server } = target;
  if (namespace !== 'default') {
    const { ensureNamespace } = await import('./namespace.js');
    await using first = await connectTo({ ...server, namespace: 'default' });
    await ensureNamespace(first, namespace);
  }
  return connectTo(target);
}

/** Whether anything listens on this machine's port, on IPv4 or IPv6. */
const listens = async (port: number): Promise<boolean> =>
  (await answersOn('127.0.0.1', port)) || (await answersOn('::1', port));

function answersOn(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket({ port, host, timeout: PROBE_MS });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true));
    socket.once('error', end(false));
    socket.once('timeout', end(false));
  });
}
