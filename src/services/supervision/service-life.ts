// One life of a service on its node: its start, the lease that it has, and how it ended.
import type { ErrorData } from '../../core/error-data.js';
import { PlatformError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import type { Outcome } from '../../lua/step.js';
import { errorToErrorData } from '../../temporal/failures.js';
import { NODE_HEARTBEAT_MS } from '../../temporal/names.js';
import type {
  Lease,
  LeaseEnd,
  LeaseRequest,
  LifeEnd,
  ServiceNews,
  ServiceState,
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

export interface LifeOptions {
  readonly node: string;
  /** Task queue of this life of the node. */
  readonly queue: string;
  readonly starters: ReadonlyMap<string, ServiceStarter>;
  readonly logger: Logger;
  /** Tells a run of a service; resolves when the server has taken it. */
  readonly tell: (lease: Pick<Lease, 'workflowId' | 'runId'>, news: ServiceNews) => Promise<void>;
  readonly changed: (id: string, state: ServiceState, reason: string) => void;
}

export type LifeRequest = Omit<LeaseRequest, 'adopt' | 'state'>;

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

/** How often a lease says by itself that it is held, and while its life starts: a start may be withdrawn. Milliseconds. */
const BEAT_MS = 20_000;
const STARTING_BEAT_MS = 1000;
/** A start that takes longer is told on the way. Milliseconds. */
const SLOW_START_MS = 500;
const TELL_AGAIN_MS = 500;

/** See H1 to H5 of service-host.ts. */
export class Life {
  readonly service: string;
  readonly token: number;
  /** Settles when nothing of it runs any more. */
  readonly over: Promise<void>;
  isOver = false;
  /** Settles when it has had a lease (H5). */
  readonly claimed: Promise<void>;
  isClaimed = false;
  /** Settles when it is over, and whoever has its lease knows. */
  readonly told: Promise<void>;
  readonly #request: LifeRequest;
  readonly #options: LifeOptions;
  readonly #leasesHoldUntil: () => number;
  readonly #startEnds = new AbortController();
  #settleOver: () => void = () => undefined;
  #settleClaimed: () => void = () => undefined;
  #settleTold: () => void = () => undefined;
  #begun: Promise<'Running' | 'over'> | undefined;
  /** How it ended. */
  #how: LeaseEnd | undefined;
  /** What its lease waits for before it is told how the life ended: the server, or the supervisor's ear. */
  #waitsFor: 'server' | 'supervisor' | undefined;
  #untold: LeaseEnd | undefined;
  #instance: ServiceInstance | undefined;
  #runningSince: number | undefined;
  /** Set when it has been asked to end. */
  #ending: { readonly end: LifeEnd; readonly reason: string } | undefined;
  /** The lease that it has, and who holds it. */
  #lease: Lease | undefined;
  #release: ((end: LeaseEnd) => void) | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #adoption: NodeJS.Timeout | undefined;

  /** `leasesHoldUntil`: on the clock of `performance`. */
  constructor(request: LifeRequest, options: LifeOptions, leasesHoldUntil: () => number) {
    this.#leasesHoldUntil = leasesHoldUntil;
    this.#request = request;
    this.#options = options;
    this.service = request.service;
    this.token = request.token;
    this.over = new Promise((settle) => {
      this.#settleOver = settle;
    });
    this.claimed = new Promise((settle) => {
      this.#settleClaimed = settle;
    });
    this.told = new Promise((settle) => {
      this.#settleTold = settle;
    });
  }

  get #keeps(): boolean {
    return this.#request.settings.onLostLease === 'keep';
  }

  /** Holds the lease until the life is over or the lease is. `known`: the state that its run knows. */
  take(lease: Lease, known: ServiceState | undefined): Promise<LeaseEnd> {
    this.isClaimed = true;
    this.#settleClaimed();
    this.serverIsBack();
    if (this.#how !== undefined) return Promise.resolve(this.#how);
    this.#releaseLease({ end: 'lost', reason: 'it has a newer lease', ranMs: this.#ranMs() });
    clearTimeout(this.#adoption);
    this.#lease = lease;
    const held = new Promise<LeaseEnd>((release) => {
      this.#release = release;
    });
    lease.signal.onEnd((why) => {
      if (this.#lease !== lease) return;
      if (why === 'cancelled') {
        this.serverIsBack(); // who withdraws it does not wait to hear how it ended
        void this.end('stopped', '');
      } else this.#lost(why === 'gone' ? 'the server has given up the lease' : 'its worker has stopped');
    });
    if (this.#lease === lease) {
      this.#beatLater(lease);
      if (this.#runningSince !== undefined && known !== 'Running') void this.#tell('Running');
    }
    return held;
  }

  /** Once; later calls give the same. */
  begin(): Promise<'Running' | 'over'> {
    this.#begun ??= this.#begin();
    return this.#begun;
  }

  async #begin(): Promise<'Running' | 'over'> {
    this.#changed('Starting', '');
    const slow = setTimeout(() => void this.#tell('Starting'), SLOW_START_MS);
    try {
      this.#started(await this.#start());
    } catch (error) {
      this.#finish({ ok: false, error: errorToErrorData(error) });
    } finally {
      clearTimeout(slow);
    }
    return this.isOver ? 'over' : 'Running';
  }

  async #start(): Promise<ServiceInstance> {
    const { service, kind, token, settings } = this.#request;
    const starter = this.#options.starters.get(kind);
    if (starter === undefined) throw new ServiceKindError(service, kind);
    const { signal } = this.#startEnds;
    const late = new Promise<never>((_resolve, reject) => {
      signal.addEventListener(
        'abort',
        () => reject(new ServiceStartTimeoutError(service, settings.startTimeoutMs)),
        { once: true },
      );
    });
    const timer = setTimeout(() => this.#startEnds.abort(), settings.startTimeoutMs); // H4
    const started = starter(service, token, signal, () => this.mayRun());
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
    this.#how = { ...how, ranMs: this.#ranMs() };
    if (how.end === 'failed' || how.end === 'final')
      this.#options.logger.warn(`a service has ${how.end === 'failed' ? 'failed' : 'ended for good'}`, {
        service: this.#request.service,
        life: this.token,
        reason: toTextLossy(how.reason),
      });
    this.#letGo(this.#how);
    this.#settleOver();
  }

  #letGo(end: LeaseEnd): void {
    if (this.#waitsFor !== undefined) {
      this.#untold ??= end;
      return;
    }
    this.#releaseLease(end);
  }

  #releaseLease(end: LeaseEnd): void {
    clearTimeout(this.#renewal);
    const release = this.#release;
    this.#release = undefined;
    this.#lease = undefined;
    release?.(end);
    if (this.isOver) this.#settleTold();
  }

  /** H2, H3. */
  #lost(reason: string): void {
    const { service, settings } = this.#request;
    this.#waitsFor = undefined;
    this.#untold = undefined;
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
    this.#kill(reason);
  }

  /** Its node goes now: what still runs of it is killed, and its lease waits for nothing. */
  release(reason: string): void {
    this.#waitsFor = undefined;
    const end = this.#untold ?? { end: 'lost', reason, ranMs: this.#ranMs() };
    this.#untold = undefined;
    this.#kill(reason);
    this.#letGo(end);
  }

  #kill(reason: string): void {
    this.#ending ??= { end: 'lost', reason };
    this.#startEnds.abort();
    this.#instance?.kill(reason);
  }

  /** H3; false: it is over. */
  mayRun(): boolean {
    if (this.isOver || this.#startEnds.signal.aborted) return false;
    if (this.#keeps || performance.now() <= this.#leasesHoldUntil()) return true;
    if (this.#waitsFor === undefined) {
      const reason = `Temporal has not acknowledged its node for ${NODE_HEARTBEAT_MS} ms`;
      this.#waitsFor = 'server';
      this.#untold = { end: 'lost', reason, ranMs: this.#ranMs() };
      this.#kill(reason);
    }
    return false;
  }

  serverIsBack(): void {
    if (this.#waitsFor === 'server') this.#tellLease({});
  }

  /** Ends it as stopped; its lease hears of it by `supervisorKnows`. */
  stopQuietly(reason: string): Promise<void> {
    this.#waitsFor ??= 'supervisor';
    return this.end('stopped', reason);
  }

  supervisorKnows(told: boolean): void {
    if (this.#waitsFor === 'supervisor') this.#tellLease({ told });
  }

  #tellLease(more: { readonly told?: boolean }): void {
    const end = this.#untold;
    this.#waitsFor = undefined;
    this.#untold = undefined;
    if (end !== undefined) this.#letGo({ ...end, ...more });
  }

  #beatLater(lease: Lease): void {
    const beat = (): void => {
      if (this.#lease !== lease) return;
      lease.heartbeat();
      this.#beatLater(lease);
    };
    this.#renewal = setTimeout(beat, this.#runningSince === undefined ? STARTING_BEAT_MS : BEAT_MS);
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
