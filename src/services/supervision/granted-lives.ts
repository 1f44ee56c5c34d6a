// Lives that this node begins by leave of the supervisor, before their runs are up: at once, and in their order.
// G1: a life begins when those of the same grants that it requires run. Where one of them does not come to run, or the node
//     stops, it is declined: its run is begun as any other then.
// G2: the supervisor is told in batches what became of them, again until it has it; a start that takes long is told on the way.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BegunLife, NodeGrant } from '../../temporal/service-contracts.js';

export interface GrantedLivesOptions {
  /** As ServiceHost.begin. */
  readonly begin: (grant: Omit<NodeGrant, 'requires'>) => Promise<'Running' | 'over'> | undefined;
  /** Resolves when the supervisor has it. */
  readonly tell: (lives: readonly BegunLife[]) => Promise<void>;
}

/** How long news are gathered, what is told of a start that takes longer, and the time between two tries. Milliseconds. */
const GATHER_MS = 50;
const SLOW_MS = 500;
const AGAIN_MS = 500;
/** How long a node that stops tries on. Milliseconds. */
const LAST_WORD_MS = 3000;
/** Lives in one message. */
const BATCH = 500;

export class GrantedLives {
  readonly #options: GrantedLivesOptions;
  readonly #news: BegunLife[] = [];
  #telling: Promise<void> | undefined;
  #closedAt: number | undefined;
  #open: Promise<unknown> = Promise.resolve();

  constructor(options: GrantedLivesOptions) {
    this.#options = options;
  }

  begin(grants: readonly NodeGrant[]): void {
    const byService = new Map(grants.map((grant) => [grant.service, grant]));
    const begun = new Map<string, Promise<boolean>>();
    const runs = (service: string): Promise<boolean> => {
      const grant = byService.get(service);
      if (grant === undefined) return Promise.resolve(true);
      let running = begun.get(service);
      if (running === undefined) {
        running = this.#beginOne(grant, Promise.all(grant.requires.map(runs)));
        begun.set(service, running);
      }
      return running;
    };
    this.#open = Promise.all([this.#open, ...grants.map(({ service }) => runs(service))]);
  }

  /** Begins nothing any more, and resolves when the supervisor knows what became of all, or does not answer. */
  async close(): Promise<void> {
    this.#closedAt = performance.now();
    await Promise.race([this.#open, sleep(LAST_WORD_MS, undefined, { ref: false })]);
    await this.#telling;
  }

  /** True when it runs (G1). */
  async #beginOne(
    { requires: _requires, ...grant }: NodeGrant,
    required: Promise<readonly boolean[]>,
  ): Promise<boolean> {
    const ready = (await required).every(Boolean) && this.#closedAt === undefined;
    const life = ready ? this.#options.begin(grant) : undefined;
    const { service, token } = grant;
    if (life === undefined) {
      this.#tell({ service, token, state: 'declined', since: Date.now() });
      return false;
    }
    const since = Date.now();
    let told = false;
    const slow = setTimeout(() => {
      told = true;
      this.#tell({ service, token, state: 'Starting', since });
    }, SLOW_MS);
    const state = await life;
    clearTimeout(slow);
    // One that is over is told as beginning: its run hears how it ended where it takes it up.
    const news = state === 'Running' ? state : 'Starting';
    if (!told) this.#tell({ service, token, state: news, since: Date.now() });
    return state === 'Running';
  }

  #tell(life: BegunLife): void {
    this.#news.push(life);
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tellAll(): Promise<void> {
    await sleep(GATHER_MS);
    while (this.#news.length > 0) {
      const batch = this.#news.slice(0, BATCH);
      try {
        await this.#options.tell(batch);
        this.#news.splice(0, batch.length);
      } catch {
        if (this.#closedAt !== undefined && performance.now() > this.#closedAt + LAST_WORD_MS) return;
        await sleep(AGAIN_MS); // G2
      }
    }
  }
}
