// One life of one node: an activity that is open as long as the node is up. Sealed, replay-safe.
// L1: a node that is silent is asked once more before it counts as lost: it may have been Temporal that was away. The supervisor
//     hears of the silence at once: what has one owner may begin elsewhere, as the node has ended it (service-host.ts, H3).
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
  NODE_ACTIVITY,
  NODE_HEARTBEAT_MS,
  NODE_JOIN_MS,
  NODE_TOLD,
  supervisorWorkflowId,
} from '../src/temporal/names.js';
import type { NodeLife, NodeLifeState, NodeTold } from '../src/temporal/service-contracts.js';

/** How long a node may take to answer when it was silent. Milliseconds. */
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
      scheduleToStartTimeout: silent ? ANSWER_MS : NODE_JOIN_MS,
      startToCloseTimeout: FOR_EVER_MS,
      heartbeatTimeout: NODE_HEARTBEAT_MS,
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
      void tell(app, { node, state: 'silent' }).catch(() => undefined); // a supervisor that comes is told by the node itself
    }
  }
  const told: NodeTold = { node, state };
  await tell(app, told);
  return told;
}

async function tell(app: string, told: NodeTold): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await getExternalWorkflowHandle(toTextLossy(supervisorWorkflowId(app))).signal(NODE_TOLD, told);
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(AGAIN_MS);
    }
  }
}
