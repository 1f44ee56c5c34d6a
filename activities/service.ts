// The activities of a node that has services: the lease of a life, its end, and the life of the node itself.
// V1: a lease is open as long as the service lives here; what it fails with carries how the life ended (LeaseFailure).
// V2: why a lease is over is told apart: asked for, the server knows it no more, or this worker stops.
// V3: nodes hear of the states of groups, which live nowhere.
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { GROUPS_ACTIVITY, LEASE_ACTIVITY, NODE_ACTIVITY, STOP_ACTIVITY } from '../src/temporal/names.js';
import type {
  GroupView,
  GroupsTold,
  Lease,
  LeaseLoss,
  LeaseRequest,
  LeaseResult,
  NodeLife,
  ServiceLeases,
  StopRequest,
} from '../src/temporal/service-contracts.js';
import { errorToErrorData } from '../src/temporal/failures.js';
import { toTextLossy } from '../src/core/text.js';

export interface ServiceDependencies {
  readonly leases: ServiceLeases;
  /** The node is watched again, or is not any more: the server has lost it. */
  readonly watched: (node: NodeLife, isWatched: boolean) => void;
  /** Sends a heartbeat of the node's own activity; resolves when the server has taken it. Never rejects. */
  readonly renew: (taskToken: Uint8Array) => Promise<void>;
  /** A group of services is in a state; it may have been told before. */
  readonly group: (group: GroupView) => void;
  /** Resolves when the node has nothing left and goes. */
  readonly left: Promise<void>;
}

/** How often a node says that it is there. Milliseconds. */
const BEAT_MS = 1000;

export function serviceActivities({
  leases,
  ...dependencies
}: ServiceDependencies): Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>> {
  return {
    [LEASE_ACTIVITY]: async (request) => holdLease(leases, request as LeaseRequest),
    [STOP_ACTIVITY]: async (request) => {
      await leases.stop(request as StopRequest);
      return null;
    },
    [GROUPS_ACTIVITY]: (told) => {
      const { groups } = told as GroupsTold;
      for (const group of groups) dependencies.group(group);
      return Promise.resolve(null);
    },
    [NODE_ACTIVITY]: async (life) => watchNode(life as NodeLife, dependencies),
  };
}

async function holdLease(leases: ServiceLeases, request: LeaseRequest): Promise<LeaseResult> {
  const { end, reason, ranMs, error } = await leases.hold(request, leaseOf(Context.current()));
  const result: LeaseResult = { end, reason, ranMs };
  if (end === 'returned' || end === 'stopped' || end === 'none') return result;
  const { kind } = errorToErrorData(error);
  throw ApplicationFailure.create({
    type: end === 'lost' ? 'Unavailable' : kind,
    message: toTextLossy(reason),
    nonRetryable: true,
    details: [result],
  });
}

function leaseOf(context: Context): Lease {
  const { workflowExecution } = context.info;
  if (workflowExecution === undefined)
    throw ApplicationFailure.nonRetryable('a lease is held for a service only', 'Invalid');
  return {
    workflowId: workflowExecution.workflowId,
    runId: workflowExecution.runId,
    heartbeat: () => context.heartbeat(),
    signal: {
      get aborted() {
        return context.cancellationSignal.aborted;
      },
      onEnd(listener) {
        context.cancellationSignal.addEventListener('abort', () => listener(lossOf(context)), { once: true });
        if (context.cancellationSignal.aborted) listener(lossOf(context));
      },
    },
  };
}

/** V2. */
function lossOf({ cancellationDetails: details }: Context): LeaseLoss {
  if (details?.workerShutdown === true) return 'shutdown';
  if (details?.notFound === true || details?.timedOut === true) return 'gone';
  return 'cancelled';
}

/** Returns when the node stops; ends without a word when the server has lost it. */
async function watchNode(
  life: NodeLife,
  { watched, renew, left }: Pick<ServiceDependencies, 'watched' | 'renew' | 'left'>,
): Promise<{ readonly state: string }> {
  const context = Context.current();
  watched(life, true);
  const beat = (): void => {
    void renew(context.info.taskToken);
    context.heartbeat(); // the SDK keeps a clock of its own
  };
  beat();
  const timer = setInterval(beat, BEAT_MS);
  try {
    await Promise.race([left, context.cancelled]);
    return { state: 'left' };
  } catch (error) {
    if (lossOf(context) !== 'cancelled') watched(life, false);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
