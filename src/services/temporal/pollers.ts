// Whether some node polls the queues of a plan.
import type { TemporalConnection } from '../../temporal/connection.js';
import type { WorkerPlan } from './worker-plan.js';

const QUEUE_TYPES = { workflows: 1, activities: 2 } as const;
/** A poll is renewed at least this often; the server lists pollers for some minutes after they went. Milliseconds. */
const FRESH_MS = 65_000;

/** True when every queue of the platform's connection has a poller that may be alive. */
export async function isServed(connection: TemporalConnection, plan: WorkerPlan): Promise<boolean> {
  const queues = plan.workers.filter(({ client, autoStart }) => client === undefined && autoStart);
  const found = await Promise.all(
    queues.map(({ taskQueue, workflows }) =>
      hasPoller(connection, taskQueue, workflows.size > 0 ? 'workflows' : 'activities'),
    ),
  );
  return found.every(Boolean);
}

export async function hasPoller(
  { connection, namespace }: TemporalConnection,
  taskQueue: string,
  what: keyof typeof QUEUE_TYPES,
): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: QUEUE_TYPES[what],
  });
  return (pollers ?? []).some(({ lastAccessTime }) => {
    const seconds = Number(lastAccessTime?.seconds ?? 0);
    return Date.now() - seconds * 1000 < FRESH_MS;
  });
}
