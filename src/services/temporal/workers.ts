// The workers of a node: one for each queue of the plan, as services of the node's supervisor.
// K1: an activity-only worker where no workflow can come; a workflow worker costs memory and time.
// K2: queues that a registry change brings get their worker at once; one whose options changed keeps the old ones until the node restarts.
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
  readonly logger: Logger;
  /** How long a stopping worker waits for running activities before it cancels them. Milliseconds. */
  readonly drainMs: number;
}

/** What the SDK needs on top of the grace time to say goodbye. Milliseconds. */
const GOODBYE_MS = 5000;

export class Workers {
  readonly #options: WorkersOptions;
  readonly #services = new Map<string, PlannedWorker>();

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** Adds what the plan has and is not there yet; the supervisor starts it. */
  add(plan: WorkerPlan): readonly string[] {
    const added: string[] = [];
    const anyWorkflow = plan.workers.some(({ workflows }) => workflows.size > 0);
    for (const planned of plan.workers) {
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
      this.#options.supervisor.add(this.#service(name, planned, withWorkflows));
      added.push(name);
    }
    return added;
  }

  #service(name: string, planned: PlannedWorker, withWorkflows: boolean): NodeService {
    const { platform, artifacts, activities, drainMs, logger, supervisor } = this.#options;
    let running: RunningWorker | undefined;
    let stopping = false;
    return {
      name,
      requires: [],
      stopTimeoutMs: drainMs + GOODBYE_MS,
      start: async () => {
        const [{ createWorker }, bundle, connection] = await Promise.all([
          import('../../temporal/worker.js'),
          withWorkflows ? readBundle() : undefined,
          platform.connection(planned.client),
        ]);
        const worker = await createWorker({
          connection: await connection.native(),
          namespace: connection.namespace,
          taskQueue: planned.taskQueue,
          ...(bundle === undefined ? {} : { bundle }),
          activities: activities(),
          artifacts,
          options: planned.options,
          drainMs,
        });
        running = worker;
        logger.debug('worker polls', { task_queue: planned.taskQueue, workflows: withWorkflows });
        worker.ended.then(
          () => {
            if (!stopping) supervisor.report(name, 'Exited', 'the worker stopped by itself');
          },
          (error: unknown) => {
            logger.error('a worker broke', { worker: name, task_queue: planned.taskQueue, error });
            supervisor.report(name, 'Failed', error instanceof Error ? error.message : String(error));
          },
        );
      },
      stop: async () => {
        stopping = true;
        await running?.shutdown();
      },
    };
  }
}

let bundle: Promise<{ readonly code: string }> | undefined;

/** Read once for all workers of the process. */
function readBundle(): Promise<{ readonly code: string }> {
  bundle ??= import('../../temporal/bundle.js').then(({ readWorkflowBundle }) => readWorkflowBundle());
  return bundle;
}

const nameOf = ({ workers, taskQueue, client }: PlannedWorker): string =>
  workers[0] ?? `moontide.worker/${client === undefined ? '' : `${client}/`}${taskQueue}`;
