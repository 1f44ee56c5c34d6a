// What the server knows of a run: what it waits for outside of its Lua, and whether its task keeps failing. Host only.
import type { temporal } from '@temporalio/proto';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { toTextLossy } from '../../core/text.js';
import { asRunError } from '../../temporal/client.js';
import type { TemporalConnection } from '../../temporal/connection.js';
import { MEMO } from '../../temporal/names.js';

type Timestamp = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;
type Failure = temporal.api.failure.v1.IFailure;

export interface PendingActivity {
  readonly id: string;
  readonly type: string;
  /** From 1. */
  readonly attempt: number;
  /** 0: as many as it takes. */
  readonly maximumAttempts: number;
  readonly state: 'waits for a worker' | 'runs' | 'is asked to cancel' | 'is paused';
  readonly scheduled: Date | undefined;
  readonly lastHeartbeat: Date | undefined;
  readonly nextAttempt: Date | undefined;
  readonly worker: string;
  /** `kind: message` of the last attempt. */
  readonly lastFailure: string | undefined;
}

export interface PendingChild {
  readonly workflowId: string;
  readonly type: string;
}

export interface RunFacts {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly taskQueue: string;
  /** `running`, `completed`, `timed out`, ... */
  readonly status: string;
  readonly started: Date;
  readonly closed: Date | undefined;
  readonly events: number;
  readonly bytes: number;
  readonly parent: string | undefined;
  /** As its memo says; undefined before its first task is done. */
  readonly program: { readonly entry: string; readonly hash: string; readonly version: number } | undefined;
  readonly activities: readonly PendingActivity[];
  readonly children: readonly PendingChild[];
  /** The workflow task that waits or runs; attempts count from 1. */
  readonly task: { readonly attempt: number; readonly scheduled: Date | undefined } | undefined;
}

/** Throws RunError when there is no such run. */
export async function describeRun(
  { client }: TemporalConnection,
  workflowId: string,
  runId?: string,
): Promise<RunFacts> {
  try {
    return factsOf(await client.workflow.getHandle(workflowId, runId).describe());
  } catch (error) {
    throw asRunError(error);
  }
}

function factsOf(info: WorkflowExecutionDescription): RunFacts {
  const { pendingActivities, pendingChildren, pendingWorkflowTask } = info.raw;
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    type: info.type,
    taskQueue: info.taskQueue,
    status: info.status.name.toLowerCase().replaceAll('_', ' '),
    started: info.startTime,
    closed: info.closeTime,
    events: info.historyLength,
    bytes: info.historySize ?? 0,
    parent: info.parentExecution?.workflowId ?? undefined,
    program: programOf(info.memo ?? {}),
    activities: (pendingActivities ?? []).map(activityOf),
    children: (pendingChildren ?? []).map(({ workflowId, workflowTypeName }) => ({
      workflowId: workflowId ?? '',
      type: workflowTypeName ?? '',
    })),
    task:
      pendingWorkflowTask == null
        ? undefined
        : {
            attempt: pendingWorkflowTask.attempt ?? 1,
            scheduled: dateOf(pendingWorkflowTask.originalScheduledTime ?? pendingWorkflowTask.scheduledTime),
          },
  };
}

function programOf(memo: Readonly<Record<string, unknown>>): RunFacts['program'] {
  const [entry, hash, version] = [memo[MEMO.entry], memo[MEMO.program], memo[MEMO.version]];
  if (typeof entry !== 'string' || typeof hash !== 'string' || typeof version !== 'number') return undefined;
  return { entry: toTextLossy(entry), hash, version };
}

/** temporal.api.enums.v1.PendingActivityState */
const ACTIVITY_STATES: Readonly<Record<number, PendingActivity['state']>> = {
  1: 'waits for a worker',
  2: 'runs',
  3: 'is asked to cancel',
  4: 'is paused',
  5: 'is paused',
};

function activityOf(activity: temporal.api.workflow.v1.IPendingActivityInfo): PendingActivity {
  return {
    id: activity.activityId ?? '',
    type: activity.activityType?.name ?? '',
    attempt: activity.attempt ?? 1,
    maximumAttempts: activity.maximumAttempts ?? 0,
    state: ACTIVITY_STATES[Number(activity.state)] ?? 'waits for a worker',
    scheduled: dateOf(activity.scheduledTime),
    lastHeartbeat: dateOf(activity.lastHeartbeatTime),
    nextAttempt: dateOf(activity.nextAttemptScheduleTime),
    worker: activity.lastWorkerIdentity ?? '',
    lastFailure: activity.lastFailure == null ? undefined : failureText(activity.lastFailure),
  };
}

/** `Unavailable: the bank does not answer` */
function failureText({ message, applicationFailureInfo }: Failure): string {
  const kind = applicationFailureInfo?.type ?? '';
  return kind === '' ? (message ?? '') : `${kind}: ${message ?? ''}`;
}

const dateOf = (time: Timestamp): Date | undefined =>
  time == null ? undefined : new Date(Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6);

export interface FailedTask {
  /** The name in temporal.api.enums.v1.WorkflowTaskFailedCause is for machines; what matters here is one of them. */
  readonly isNondeterminism: boolean;
  readonly message: string;
}

/** WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR */
const NON_DETERMINISTIC = 24;
const NEWEST_EVENTS = 50;

/** Why the task of a run failed last; undefined when no failure is among its newest events. */
export async function lastFailedTask(
  { connection, namespace }: TemporalConnection,
  { workflowId, runId }: Pick<RunFacts, 'workflowId' | 'runId'>,
): Promise<FailedTask | undefined> {
  const { history } = await connection.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId },
    maximumPageSize: NEWEST_EVENTS,
  });
  for (const { workflowTaskFailedEventAttributes: failed } of history?.events ?? []) {
    if (failed == null) continue;
    return {
      isNondeterminism: Number(failed.cause) === NON_DETERMINISTIC,
      message: failed.failure?.message ?? '',
    };
  }
  return undefined;
}
