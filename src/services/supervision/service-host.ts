// The services that live on this node, each held by a lease from Temporal. No delay, no counter and no order is kept here.
// H1: a service has one life here at most; a lease with a newer token ends the older life before the new one begins.
// H2: a lease that the server has ended: with `keep` the life goes on and waits to be adopted, for adopt_timeout from when the
//     server said so; with `stop` it ends at once.
// H3: with `stop` the lease is renewed by heartbeats that the server acknowledges. When none has been for as long as the server
//     waits for one, the life is ended at once: from then on another node may have it. A process that was frozen meanwhile
//     finds that out before anything of the life runs again (`mayRun`).
// H4: a start that takes longer than start_timeout has failed; a stop that takes longer than stop_timeout ends the life by force.
import type { Logger } from '../../core/logger.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorData } from '../../core/error-data.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import type { Outcome } from '../../lua/step.js';
import { errorToErrorData } from '../../temporal/failures.js';
import type {
  Lease,
  LeaseEnd,
  LeaseRequest,
  LifeEnd,
  ServiceLeases,
  ServiceNews,
  ServiceState,
  StopRequest,
} from '../../temporal/service-contracts.js';

/** A life of a service on this node. */
export interface ServiceInstance {
  /** Never rejects. */
  readonly ended: Promise<Outcome>;
  /** Asks it to end, and ends it by force after `graceMs`. */
  stop(reason: string, graceMs: number): void;
  /** Ends it at once: nothing of it runs any more. */
  kill(reason: string): void;
}

/**
 * Starts a service of some kind; resolves when it runs. What runs asks `mayRun` before each of its steps: false, the life is
 * over and has been killed.
 */
export type ServiceStarter = (
  id: string,
  fence: number,
  signal: AbortSignal,
  mayRun: () => boolean,
) => Promise<ServiceInstance>;

export interface ServiceHostOptions {
  readonly node: string;
  /** Task queue of this life of the node. */
  readonly queue: string;
  readonly starters: ReadonlyMap<string, ServiceStarter>;
  readonly logger: Logger;
  /** Renews a lease; resolves when the server has taken it. */
  readonly renew: (taskToken: Uint8Array) => Promise<void>;
  /** Tells a run of a service; resolves when the server has taken it. */
  readonly tell: (lease: Pick<Lease, 'workflowId' | 'runId'>, news: ServiceNews) => Promise<void>;
  /** Whether an error of `renew` says that the lease is over, rather than that nobody answers. */
  readonly isLeaseOver: (error: unknown) => boolean;
  readonly changed: (id: string, state: ServiceState, reason: string) => void;
}

class ServiceStartTimeoutError extends PlatformError {
  override readonly name = 'ServiceStartTimeoutError';
  readonly code = 'SERVICE_START_TIMEOUT';
  override readonly kind = 'Timeout' as const;
  override readonly retryable = true;
  constructor(service: string, milliseconds: number) {
    super(
      `service '${service}' did not start within ${milliseconds} ms; raise its lifecycle.start_timeout if it needs more`,
    );
  }
}

class ServiceKindError extends PlatformError {
  override readonly name = 'ServiceKindError';
  readonly code = 'SERVICE_KIND';
  override readonly kind = 'Unavailable' as const;
  constructor(service: string, kind: string) {
    super(
      `this node runs no services of kind '${kind}', as '${service}' is; run the same version of Moontide on every node`,
    );
  }
}

/** How often a lease is renewed. Milliseconds. */
const RENEW_MS = 1000;
const KEPT_RENEW_MS = 1500;
/** A start that takes longer is told on the way. Milliseconds. */
const SLOW_START_MS = 500;
const TELL_AGAIN_MS = 500;

export class ServiceHost implements ServiceLeases {
  readonly #options: ServiceHostOptions;
  readonly #lives = new Map<string, Life>();
  #leaving = false;

  constructor(options: ServiceHostOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#lives.size;
  }

  async hold(request: LeaseRequest, lease: Lease): Promise<LeaseEnd> {
    const { service, token, adopt } = request;
    const known = this.#lives.get(service);
    if (adopt)
      return known?.token === token && !known.isOver
        ? known.take(lease)
        : { end: 'none', reason: 'its node has it no more', ranMs: 0 };
    if (known !== undefined) {
      if (known.token >= token) return { end: 'stopped', reason: 'a newer life of it is here', ranMs: 0 };
      await known.end('lost', 'a newer life of it begins'); // H1
    }
    if (this.#leaving) return { end: 'lost', reason: 'its node stops', ranMs: 0 };
    const life = new Life(request, this.#options);
    this.#lives.set(service, life);
    void life.over.then(() => {
      if (this.#lives.get(service) === life) this.#lives.delete(service);
    });
    const held = life.take(lease);
    life.begin();
    return held;
  }

  async stop({ service, token, stopTimeoutMs, handover }: StopRequest): Promise<void> {
    const life = this.#lives.get(service);
    if (life?.token !== token) return;
    await life.end(handover ? 'lost' : 'stopped', '', stopTimeoutMs);
  }

  /** Ends what still lives here, last begun first; whatever comes from now on goes elsewhere. */
  async leave(): Promise<void> {
    this.#leaving = true;
    for (const life of [...this.#lives.values()].reverse()) await life.end('lost', 'its node stops');
  }
}

class Life {
  readonly token: number;
  /** Settles when nothing of it runs any more. */
  readonly over: Promise<void>;
  isOver = false;
  readonly #request: LeaseRequest;
  readonly #options: ServiceHostOptions;
  readonly #startEnds = new AbortController();
  #settleOver: () => void = () => undefined;
  #instance: ServiceInstance | undefined;
  #runningSince: number | undefined;
  /** Set when it has been asked to end. */
  #ending: { readonly end: LifeEnd; readonly reason: string } | undefined;
  /** The lease that it has, and who holds it. */
  #lease: Lease | undefined;
  #release: ((end: LeaseEnd) => void) | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #adoption: NodeJS.Timeout | undefined;
  /** When the last heartbeat was sent that the server has taken. */
  #renewedAt = 0;

  constructor(request: LeaseRequest, options: ServiceHostOptions) {
    this.#request = request;
    this.#options = options;
    this.token = request.token;
    this.over = new Promise((settle) => {
      this.#settleOver = settle;
    });
  }

  get #keeps(): boolean {
    return this.#request.settings.onLostLease === 'keep';
  }

  /** Holds the lease until the life is over or the lease is. */
  take(lease: Lease): Promise<LeaseEnd> {
    this.#letGo({ end: 'lost', reason: 'it has a newer lease', ranMs: this.#ranMs() });
    clearTimeout(this.#adoption);
    this.#lease = lease;
    const held = new Promise<LeaseEnd>((release) => {
      this.#release = release;
    });
    this.#renewedAt = performance.now();
    lease.signal.onEnd((why) => {
      if (this.#lease !== lease) return;
      if (why === 'cancelled') void this.end('stopped', '');
      else this.#lost(why === 'gone' ? 'the server has given up the lease' : 'its worker has stopped');
    });
    if (this.#lease === lease) {
      this.#renewLater(lease);
      if (this.#runningSince !== undefined) void this.#tell('Running');
    }
    return held;
  }

  begin(): void {
    this.#changed('Starting', '');
    const slow = setTimeout(() => void this.#tell('Starting'), SLOW_START_MS);
    this.#start().then(
      (instance) => {
        clearTimeout(slow);
        this.#started(instance);
      },
      (error: unknown) => {
        clearTimeout(slow);
        this.#finish({ ok: false, error: errorToErrorData(error) });
      },
    );
  }

  async #start(): Promise<ServiceInstance> {
    const { service, kind, token, settings } = this.#request;
    const starter = this.#options.starters.get(kind);
    if (starter === undefined) throw new ServiceKindError(service, kind);
    const { signal } = this.#startEnds;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new ServiceStartTimeoutError(service, settings.startTimeoutMs));
        this.#startEnds.abort();
      }, settings.startTimeoutMs); // H4
      signal.addEventListener(
        'abort',
        () => reject(new ServiceStartTimeoutError(service, settings.startTimeoutMs)),
        {
          once: true,
        },
      );
    });
    const started = starter(service, token, signal, () => this.#mayRun());
    started.then(
      (instance) => {
        if (signal.aborted) instance.kill('its start was given up');
      },
      () => undefined, // told to who awaits it, if anybody does
    );
    try {
      return await Promise.race([started, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #started(instance: ServiceInstance): void {
    this.#instance = instance;
    this.#runningSince = performance.now();
    void instance.ended.then((outcome) => this.#finish(outcome));
    if (this.#ending !== undefined) {
      instance.stop(this.#ending.reason, this.#request.settings.stopTimeoutMs);
      return;
    }
    this.#changed('Running', '');
    void this.#tell('Running');
  }

  /** Settles when it is over. */
  end(end: LifeEnd, reason: string, graceMs = this.#request.settings.stopTimeoutMs): Promise<void> {
    if (this.isOver || this.#ending !== undefined) return this.over;
    this.#ending = { end, reason };
    clearTimeout(this.#adoption);
    this.#changed('Stopping', reason);
    if (this.#instance === undefined) this.#startEnds.abort();
    else this.#instance.stop(reason === '' ? 'the service is stopped' : reason, graceMs);
    return this.over;
  }

  #finish(outcome: Outcome): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.#adoption);
    const how = this.#ending === undefined ? endOf(outcome) : { ...this.#ending, error: undefined };
    const state =
      how.end === 'failed' ? 'Failed' : how.end === 'returned' || how.end === 'final' ? 'Exited' : 'Stopped';
    this.#changed(state, how.reason);
    if (how.end === 'failed' || how.end === 'final')
      this.#options.logger.warn(`a service has ${how.end === 'failed' ? 'failed' : 'ended for good'}`, {
        service: this.#request.service,
        life: this.token,
        reason: toTextLossy(how.reason),
      });
    this.#letGo({ ...how, ranMs: this.#ranMs() });
    this.#settleOver();
  }

  #letGo(end: LeaseEnd): void {
    clearTimeout(this.#renewal);
    const release = this.#release;
    this.#release = undefined;
    this.#lease = undefined;
    release?.(end);
  }

  /** H2, H3. */
  #lost(reason: string): void {
    const { service, settings } = this.#request;
    this.#letGo({ end: 'lost', reason, ranMs: this.#ranMs() });
    if (this.isOver) return;
    this.#options.logger.warn('a service has lost its lease', {
      service,
      token: this.token,
      reason,
      then: this.#keeps ? `it runs on, and waits ${settings.adoptTimeoutMs} ms to be adopted` : 'it ends',
    });
    if (this.#keeps) {
      this.#adoption = setTimeout(
        () => void this.end('lost', 'nobody has adopted it'),
        settings.adoptTimeoutMs,
      );
      return;
    }
    this.#ending ??= { end: 'lost', reason };
    this.#startEnds.abort();
    this.#instance?.kill(reason);
  }

  #renewLater(lease: Lease): void {
    this.#renewal = setTimeout(
      () => {
        if (this.#lease !== lease) return;
        if (this.#keeps) lease.heartbeat();
        else void this.#renew(lease);
        this.#renewLater(lease);
      },
      this.#keeps ? KEPT_RENEW_MS : RENEW_MS,
    );
  }

  async #renew(lease: Lease): Promise<void> {
    const sent = performance.now();
    if (!this.#mayRun()) return;
    try {
      await this.#options.renew(lease.taskToken);
      this.#renewedAt = Math.max(this.#renewedAt, sent);
      if (this.#lease === lease) lease.heartbeat(); // the SDK keeps a clock of its own
    } catch (error) {
      // Nobody answers: the next one may. A cancellation comes by the lease's own signal.
      if (this.#lease === lease && this.#options.isLeaseOver(error))
        this.#lost('the server has given up the lease');
    }
  }

  /** H3. */
  #mayRun(): boolean {
    const lease = this.#lease;
    if (lease === undefined || this.#keeps) return true;
    if (performance.now() - this.#renewedAt <= lease.heartbeatTimeoutMs) return true;
    this.#lost(`Temporal has not acknowledged it for ${lease.heartbeatTimeoutMs} ms`);
    return false;
  }

  #ranMs(): number {
    return this.#runningSince === undefined ? 0 : Math.round(performance.now() - this.#runningSince);
  }

  async #tell(state: ServiceNews['state']): Promise<void> {
    const lease = this.#lease;
    const { node, queue, tell } = this.#options;
    const news: ServiceNews = { token: this.token, state, node: toBytes(node), queue: toBytes(queue) };
    while (lease !== undefined && this.#lease === lease && !this.isOver)
      try {
        await tell(lease, news);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, TELL_AGAIN_MS)); // until the lease is over
      }
  }

  #changed(state: ServiceState, reason: string): void {
    this.#options.changed(this.#request.service, state, toTextLossy(reason));
  }
}

/** How a life ended that nobody has asked to end. */
function endOf(outcome: Outcome): { end: LifeEnd; reason: string; error?: unknown } {
  if (outcome.ok) return { end: 'returned', reason: '' };
  const { error } = outcome;
  const stays = error.retryable === false || error.kind === 'Canceled';
  return { end: stays ? 'final' : 'failed', reason: reasonOf(error), error: { data: error } };
}

/** Kind, message and the innermost place; a byte string. */
function reasonOf({ kind, message, stack }: ErrorData): string {
  const place = /[^\s]+:\d+/.exec(stack ?? '')?.[0];
  const where = place === undefined || message.includes(place) ? '' : ` (${place})`;
  return `${kind}: ${message}${where}`;
}
