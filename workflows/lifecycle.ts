// One life of one node: an activity that is open as long as the node is up. Sealed, replay-safe.
// L1: a node that is silent is asked once more before it counts as lost: it may have been Temporal that was away.
// L2: what it comes to is told to the supervisor, and ends this run.
import {
  ActivityCancellationType,
  ActivityFailure,
  TimeoutFailure,
  defineQuery,
  getExternalWorkflowHandle,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import { toTextLossy } from '../src/core/text.js';
import {
  FOR_EVER_MS,
  LEASE_HEARTBEAT_MS,
  NODE_ACTIVITY,
  NODE_TOLD,
  supervisorWorkflowId,
} from '../src/temporal/names.js';
import type { NodeLife, NodeLifeState, NodeTold } from '../src/temporal/service-contracts.js';

/** How long a node may take to take up its first watch, and to answer when it was silent. Milliseconds. */
const JOIN_MS = 30_000;
const ANSWER_MS = 15_000;
/** Between two tries to tell the supervisor. */
const AGAIN_MS = 1000;
const TRIES = 5;

export async function lifecycle({ app, node, queue }: NodeLife): Promise<NodeTold> {
  let state: NodeLifeState = 'serving';
  setHandler(defineQuery<NodeLifeState>('state'), () => state, {
    description: 'Where the life of the node is.',
  });
  let silent = false;
  for (;;) {
    const { [NODE_ACTIVITY]: watch } = proxyActivities<Record<string, (life: NodeLife) => Promise<unknown>>>({
      taskQueue: toTextLossy(queue),
      scheduleToStartTimeout: silent ? ANSWER_MS : JOIN_MS,
      startToCloseTimeout: FOR_EVER_MS,
      heartbeatTimeout: LEASE_HEARTBEAT_MS,
      retry: { maximumAttempts: 1 },
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      summary: `node ${toTextLossy(node)}`,
    });
    try {
      await watch!({ app, node, queue });
      state = 'left';
      break;
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : error;
      const unheard = cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
      if (unheard || !(cause instanceof TimeoutFailure)) {
        state = unheard ? 'lost' : 'left';
        break;
      }
      silent = true; // L1
    }
  }
  const told: NodeTold = { node, state };
  for (let tries = 1; ; tries += 1) {
    try {
      await getExternalWorkflowHandle(toTextLossy(supervisorWorkflowId(app))).signal(NODE_TOLD, told);
      return told;
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(AGAIN_MS);
    }
  }
}
