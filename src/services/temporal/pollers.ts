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
  connection: TemporalConnection,
  taskQueue: string,
  what: keyof typeof QUEUE_TYPES,
): Promise<boolean> {
  return (await freshPollers(connection, taskQueue, what)).length > 0;
}

/** Identities of those that may be alive. */
async function freshPollers(
  { connection, namespace }: TemporalConnection,
  taskQueue: string,
  what: keyof typeof QUEUE_TYPES,
): Promise<string[]> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: QUEUE_TYPES[what],
  });
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < FRESH_MS)
    .map(({ identity }) => identity ?? '');
}

/** Of the SDK: `pid@host`. An identity that somebody chose says nothing of its machine. */
const WORKER_IDENTITY = /^\d+@(.+)$/;

/** Another machine whose node serves a queue of the plan. */
export async function otherMachine(
  connection: TemporalConnection,
  plan: WorkerPlan,
  host: string,
): Promise<string | undefined> {
  const queues = plan.workers.filter(({ client }) => client === undefined);
  const identities = await Promise.all(
    queues.map(({ taskQueue, workflows }) =>
      freshPollers(connection, taskQueue, workflows.size > 0 ? 'workflows' : 'activities'),
    ),
  );
  return identities
    .flat()
    .map((identity) => WORKER_IDENTITY.exec(identity)?.[1])
    .find((machine) => machine !== undefined && machine !== host);
}
