// The workers of a node: one for each queue of the plan, as services of the node's supervisor.
// K1: an activity-only worker where no workflow can come; a workflow worker costs memory and time.
// K2: a worker that stops by itself is started again, with growing delays; so is one whose Temporal has moved, at once.
// K4: the Nexus services of a queue have a worker of their own, which takes nothing else: it is made anew when the registry
//     brings other services or operations, and the queue's activities and workflows do not notice.
// K3: queues that a registry change brings get their worker at once; one whose options changed keeps the old ones until the node restarts.
import type { Logger } from '../../core/logger.js';
import type { NodeService, SupervisorClient } from '../../runtime/supervisor-client.js';
import type { ArtifactSource } from '../../temporal/contracts.js';
import type { CreateWorkerOptions, RunningWorker } from '../../temporal/worker.js';
import type { TemporalPlatform } from './platform.js';
import type { PlannedWorker, WorkerPlan } from './worker-plan.js';

export interface WorkersOptions {
  readonly platform: TemporalPlatform;
  readonly supervisor: SupervisorClient;
  readonly artifacts: ArtifactSource;
  readonly activities: () => NonNullable<CreateWorkerOptions['activities']>;
  /** Handlers for the services of a queue. */
  readonly nexus: (planned: PlannedWorker) => Promise<NonNullable<CreateWorkerOptions['nexusServices']>>;
  readonly logger: Logger;
  /** How long a stopping worker waits for running activities before it cancels them. Milliseconds. */
  readonly drainMs: number;
}

/** How a worker that stopped by itself is started again, as every service is by default. Milliseconds. */
const INITIAL_DELAY_MS = 1000;
const MAX_DELAY_MS = 90_000;
const BACKOFF = 2;
/** A worker that ran this long counts as stable: its delays begin anew. Milliseconds. */
const STABLE_MS = 5000;
/** What the SDK needs on top of the grace time to say goodbye. Milliseconds. */
const GOODBYE_MS = 5000;

export class Workers {
  readonly #options: WorkersOptions;
  readonly #services = new Map<string, PlannedWorker>();
  /** Workers of Nexus services, by their names (K4). */
  readonly #nexus = new Map<string, NexusWorker>();

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** Adds what the plan has and is not there yet; the supervisor starts it. */
  add(plan: WorkerPlan): readonly string[] {
    const added: string[] = [];
    const anyWorkflow = plan.workers.some(({ workflows }) => workflows.size > 0);
    for (const planned of plan.workers) {
      if (!planned.autoStart) continue;
      added.push(...this.#addNexus(planned));
      const name = nameOf(planned);
      const known = this.#services.get(name);
      if (known !== undefined) {
        if (JSON.stringify(known.options) !== JSON.stringify(planned.options))
          this.#options.logger.warn('worker_options changed; they count after the next start of this node', {
            worker: name,
          });
        continue;
      }
      this.#services.set(name, planned);
      // A declared worker may be asked for any workflow (process.spawn names it), the default queue only for its own.
      const withWorkflows = planned.workflows.size > 0 || (planned.workers.length > 0 && anyWorkflow);
      const { supervisor } = this.#options;
      supervisor.add(this.#service(name, planned, () => this.#create(planned, withWorkflows)).service);
      added.push(name);
    }
    return added;
  }

  /** The worker of a queue's Nexus services, where it is new. */
  #addNexus(planned: PlannedWorker): readonly string[] {
    const name = `moontide.nexus/${planned.client === undefined ? '' : `${planned.client}/`}${planned.taskQueue}`;
    const offers = JSON.stringify(
      planned.services.map(({ service, operations }) => [service, ...operations.keys()].sort()).sort(),
    );
    const known = this.#nexus.get(name);
    if (known !== undefined) {
      known.planned = planned;
      if (known.offers !== offers) {
        known.offers = offers;
        void known.renew();
      }
      return [];
    }
    if (planned.services.length === 0) return [];
    const made: NexusWorker = { planned, offers, renew: () => Promise.resolve() };
    this.#nexus.set(name, made);
    const { service, renew } = this.#service(name, planned, () => this.#createNexus(made.planned));
    made.renew = renew;
    this.#options.supervisor.add(service);
    return [name];
  }

  /** `create` gives undefined where there is nothing to do until it is renewed. */
  #service(
    name: string,
    planned: Pick<PlannedWorker, 'client' | 'taskQueue'>,
    create: () => Promise<RunningWorker | undefined>,
  ): { readonly service: NodeService; readonly renew: () => Promise<void> } {
    const { platform, drainMs, logger, supervisor } = this.#options;
    let running: RunningWorker | undefined;
    let stopping = false;
    let restart: NodeJS.Timeout | undefined;
    let attempts = 0;
    let starting: Promise<void> = Promise.resolve();
    const start = (): Promise<void> => (starting = begin());
    const begin = async (): Promise<void> => {
      const worker = await create();
      if (worker === undefined) return;
      if (stopping) return worker.shutdown();
      running = worker;
      logger.debug('worker polls', { task_queue: planned.taskQueue, worker: name });
      const began = performance.now();
      const ended = (state: 'Exited' | 'Failed', error: unknown): void => {
        if (running !== worker) return; // we stopped or replaced it
        running = undefined;
        if (performance.now() - began > STABLE_MS) attempts = 0;
        logger.error('a worker stopped by itself', { worker: name, task_queue: planned.taskQueue, error });
        supervisor.report(name, state, error instanceof Error ? error.message : 'it stopped by itself');
        again(Math.min(MAX_DELAY_MS, INITIAL_DELAY_MS * BACKOFF ** attempts));
        attempts += 1;
      };
      worker.ended.then(
        () => ended('Exited', undefined),
        (error: unknown) => ended('Failed', error),
      );
    };
    const again = (delayMs: number): void => {
      clearTimeout(restart);
      restart = setTimeout(() => {
        start().then(
          () => supervisor.report(name, 'Running', 'it was started again'),
          (error: unknown) => {
            logger.error('a worker could not be started again', { worker: name, error });
            again(Math.min(MAX_DELAY_MS, INITIAL_DELAY_MS * BACKOFF ** attempts));
            attempts += 1;
          },
        );
      }, delayMs);
    };
    const forget = platform.onMoved(async () => {
      const before = running;
      if (before === undefined || !platform.isOwn(planned.client)) return;
      running = undefined;
      again(0);
      // It drains for nobody: what it still does is told to a server that is gone, and done again elsewhere.
      await before.shutdown();
    });
    const stop = async (): Promise<void> => {
      stopping = true;
      forget();
      clearTimeout(restart);
      const last = running;
      running = undefined;
      await last?.shutdown();
    };
    let renewing = Promise.resolve();
    return {
      service: { name, requires: [], stopTimeoutMs: drainMs + GOODBYE_MS, start, stop },
      // Two workers of one process cannot poll one queue for the same.
      renew: () =>
        (renewing = renewing.then(async () => {
          await starting.catch(() => undefined); // told to who started it
          const before = running;
          running = undefined;
          await before?.shutdown().catch(() => undefined); // it broke: the next one begins anyway
          if (!stopping) again(0);
        })),
    };
  }

  async #createNexus(planned: PlannedWorker): Promise<RunningWorker | undefined> {
    if (planned.services.length === 0) return undefined;
    const { platform, artifacts, nexus, drainMs } = this.#options;
    const [{ createWorker }, connection] = await Promise.all([
      import('../../temporal/worker.js'),
      platform.connection(planned.client),
    ]);
    return createWorker({
      connection: await connection.native(),
      namespace: connection.namespace,
      taskQueue: planned.taskQueue,
      nexusServices: await nexus(planned),
      artifacts,
      options: planned.options,
      drainMs,
    });
  }

  async #create(planned: PlannedWorker, withWorkflows: boolean): Promise<RunningWorker> {
    const { platform, artifacts, activities, drainMs } = this.#options;
    const [{ createWorker }, bundle, connection] = await Promise.all([
      import('../../temporal/worker.js'),
      withWorkflows ? readBundle() : undefined,
      platform.connection(planned.client),
    ]);
    return createWorker({
      connection: await connection.native(),
      namespace: connection.namespace,
      taskQueue: planned.taskQueue,
      ...(bundle === undefined ? {} : { bundle }),
      activities: activities(),
      artifacts,
      options: planned.options,
      drainMs,
    });
  }
}

interface NexusWorker {
  planned: PlannedWorker;
  /** Services and operations that it was made for. */
  offers: string;
  renew: () => Promise<void>;
}

let bundle: Promise<{ readonly code: string }> | undefined;

/** Read once for all workers of the process. */
function readBundle(): Promise<{ readonly code: string }> {
  bundle ??= import('../../temporal/bundle.js').then(({ readWorkflowBundle }) => readWorkflowBundle());
  return bundle;
}

const nameOf = ({ workers, taskQueue, client }: PlannedWorker): string =>
  workers[0] ?? `moontide.worker/${client === undefined ? '' : `${client}/`}${taskQueue}`;
