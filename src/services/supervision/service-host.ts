// The services that live on this node, each held by a lease from Temporal. No delay, no counter and no order is kept here.
// H1: a service has one life here at most; a lease with a newer token ends the older life before the new one begins.
// H2: a lease that the server has ended: with `keep` the life goes on and waits to be adopted, for adopt_timeout from when the
//     server said so; with `stop` it ends at once.
// H3: the node renews its leases together, by heartbeats of its own that the server acknowledges (`renewed`). When none has been
//     for as long as the server waits for one, every life with `stop` is ended at once: from then on another node may have it.
//     A process that was frozen meanwhile finds that out before the life's own process runs again (`mayRun`);
//     a function that it waits for may take one more step before it is cancelled, and what it spawned without a link lives on.
// H4: a start that takes longer than start_timeout has failed; a stop that takes longer than stop_timeout ends the life by force.
// H5: a life may begin by leave of the supervisor, before it has a lease. How it ended, if it has, is kept for its first lease.
import { EventEmitter, once } from 'node:events';
import type {
  Lease,
  LeaseEnd,
  LeaseRequest,
  ServiceLeases,
  StopRequest,
} from '../../temporal/service-contracts.js';
import { Life } from './service-life.js';
import type { LifeOptions, LifeRequest } from './service-life.js';

/** How often it is looked whether leases still hold. Milliseconds. */
const CHECK_MS = 500;
/** How long a lease waits for its node to be heard of. Milliseconds. */
const HEARD_MS = 10_000;

export class ServiceHost implements ServiceLeases {
  readonly #options: LifeOptions;
  /** The newest of each service. */
  readonly #lives = new Map<string, Life>();
  /** Those that are over as well, until it is known who hears of it. */
  readonly #untold = new Set<Life>();
  #leaving = false;
  /** Until when leases hold that nothing else renews; on the clock of `performance`. */
  #holdsUntil = Infinity;
  /** When the newest word was sent that the server has taken. */
  #saidAt = -Infinity;
  readonly #check: NodeJS.Timeout;
  readonly #news = new EventEmitter().setMaxListeners(0);

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#check = setInterval(() => this.#endUnrenewed(), CHECK_MS);
    this.#check.unref();
  }

  /** The server has taken a word of the node that was sent at `sentAt`: its leases hold for `ms` from then (H3). */
  renewed(sentAt: number, ms: number): void {
    // Words overtake each other where the server was away.
    if (sentAt >= this.#saidAt) this.#holdsUntil = sentAt + ms;
    this.#saidAt = Math.max(this.#saidAt, sentAt);
    this.#news.emit('heard');
    for (const life of this.#untold) life.serverIsBack();
  }

  /** A node that was silent takes no life before the server has heard of it again; false: it has not. */
  async #heard(): Promise<boolean> {
    try {
      await once(this.#news, 'heard', { signal: AbortSignal.timeout(HEARD_MS) });
      return true;
    } catch {
      return false;
    }
  }

  /** The server holds the node for lost. */
  unrenewed(): void {
    this.#holdsUntil = -Infinity;
    this.#endUnrenewed();
  }

  #endUnrenewed(): void {
    if (performance.now() <= this.#holdsUntil) return;
    for (const life of this.#lives.values()) life.mayRun();
  }

  async hold(request: LeaseRequest, lease: Lease): Promise<LeaseEnd> {
    const { service, token, adopt } = request;
    const known = this.#lives.get(service);
    if (adopt) {
      if (known?.token !== token || (known.isOver && known.isClaimed))
        return { end: 'none', reason: 'its node has it no more', ranMs: 0 };
      return known.take(lease, request.state);
    }
    if (known !== undefined) {
      if (known.token >= token) return { end: 'stopped', reason: 'a newer life of it is here', ranMs: 0 };
      await known.end('lost', 'a newer life of it begins'); // H1
    }
    if (performance.now() > this.#holdsUntil && !(await this.#heard()))
      return { end: 'lost', reason: 'its node is not heard of', ranMs: 0 };
    if (this.#leaving) return { end: 'lost', reason: 'its node stops', ranMs: 0 };
    const life = this.#add(request);
    const held = life.take(lease, undefined);
    void life.begin();
    return held;
  }

  /** Begins a life without a lease; undefined where there is a newer one, or the node stops. Resolves when it runs or is over (H5). */
  begin(request: LifeRequest): Promise<'Running' | 'over'> | undefined {
    const known = this.#lives.get(request.service);
    if (known?.token === request.token) return known.begin();
    if (this.#leaving || (known !== undefined && !known.isOver)) return undefined;
    return this.#add(request).begin();
  }

  #add(request: LifeRequest): Life {
    const life = new Life(request, this.#options, () => this.#holdsUntil);
    const { service } = request;
    this.#lives.set(service, life);
    this.#untold.add(life);
    void life.told.then(() => this.#untold.delete(life));
    void Promise.all([life.over, life.claimed]).then(() => {
      if (this.#lives.get(service) === life) this.#lives.delete(service);
    });
    return life;
  }

  async stop({ service, token, stopTimeoutMs, handover }: StopRequest): Promise<void> {
    const life = this.#lives.get(service);
    if (life?.token !== token) return;
    await life.end(handover ? 'lost' : 'stopped', '', stopTimeoutMs);
  }

  /**
   * Stops what lives here, each after what requires it. Their leases are told once it is known whether `tell` has reached the
   * supervisor; what lives here from now on goes elsewhere.
   */
  async stopAll(
    requiredBy: (service: string) => readonly string[],
    tell: (stopped: readonly { readonly service: string; readonly token: number }[]) => Promise<void>,
  ): Promise<void> {
    this.#leaving = true;
    const lives = [...this.#lives.values()];
    const stops = new Map<string, Promise<void>>();
    const stop = (service: string): Promise<void> => {
      let stopped = stops.get(service);
      if (stopped === undefined) {
        const before = Promise.all(requiredBy(service).map(stop));
        stopped = before.then(() => this.#lives.get(service)?.stopQuietly('its node stops'));
        stops.set(service, stopped);
      }
      return stopped;
    };
    await Promise.all(lives.map(({ service }) => stop(service)));
    let told = true;
    try {
      await tell(lives.map(({ service, token }) => ({ service, token })));
    } catch {
      told = false; // their runs tell it
    }
    for (const life of lives) life.supervisorKnows(told);
  }

  /** No time is left: what still lives here is killed, and its leases wait for nothing. */
  release(): void {
    this.#leaving = true;
    for (const life of this.#untold) life.release('its node stops');
  }

  /** Ends what still lives here, last begun first; whatever comes from now on goes elsewhere. */
  async leave(): Promise<void> {
    this.#leaving = true;
    for (const life of [...this.#lives.values()].reverse()) await life.end('lost', 'its node stops');
    clearInterval(this.#check);
  }
}
