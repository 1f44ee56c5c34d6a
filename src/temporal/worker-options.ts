// `worker_options` of a temporal.worker entry as the SDK takes them. Host only.
// W1: counts that are absent take the documented default; 0 means "no limit" only where the docs say so.
// W2: the deployment's build id is the Moontide release: Lua changes make no new deployment.
import type { WorkerOptions } from '@temporalio/worker';
import { LuaFloat } from '../core/data.js';
import type { Data, DataObject } from '../core/data.js';
import { parseDurationMs } from '../core/durations.js';
import { WorkerOptionsError } from './errors.js';

type Options = Partial<Omit<WorkerOptions, 'taskQueue' | 'connection' | 'namespace'>>;

export interface WorkerSettings {
  readonly options: Options;
  /** No workflow tasks are taken. */
  readonly activitiesOnly: boolean;
}

/** Documented default of activities at once. */
const ACTIVITIES = 1000;

export function workerSettings(data: Readonly<DataObject>, release: string): WorkerSettings {
  const read = reader(data);
  const rate = read.count('worker_activities_per_second');
  const queueRate = read.count('task_queue_activities_per_second');
  const workflowTasks = read.count('max_concurrent_workflow_task_execution_size');
  const workflowPolls = read.count('max_concurrent_workflow_task_pollers');
  const activityPolls = read.count('max_concurrent_activity_task_pollers');
  const eager = read.count('max_concurrent_eager_activity_execution_size');
  const identity = read.text('identity');
  return {
    activitiesOnly: read.flag('disable_workflow_worker') === true,
    options: {
      ...(identity === undefined ? {} : { identity }),
      maxConcurrentActivityTaskExecutions: read.count('max_concurrent_activity_execution_size') || ACTIVITIES,
      maxConcurrentLocalActivityExecutions:
        read.count('max_concurrent_local_activity_execution_size') || ACTIVITIES,
      ...(workflowTasks ? { maxConcurrentWorkflowTaskExecutions: Math.max(2, workflowTasks) } : {}),
      ...(workflowPolls ? { maxConcurrentWorkflowTaskPolls: Math.max(2, workflowPolls) } : {}),
      ...(activityPolls ? { maxConcurrentActivityTaskPolls: activityPolls } : {}),
      ...(rate ? { maxActivitiesPerSecond: rate } : {}),
      ...(queueRate ? { maxTaskQueueActivitiesPerSecond: queueRate } : {}),
      ...(read.flag('disable_eager_activities') === true
        ? { maxEagerActivityReservationsPerWorkflowTask: 0 }
        : eager
          ? { maxEagerActivityReservationsPerWorkflowTask: eager }
          : {}),
      ...(read.flag('local_activity_worker_only') === true ? { enableNonLocalActivities: false } : {}),
      ...read.duration('sticky_schedule_to_start_timeout', 'stickyQueueScheduleToStartTimeout'),
      ...read.duration('worker_stop_timeout', 'shutdownGraceTime'),
      ...read.duration('max_heartbeat_throttle_interval', 'maxHeartbeatThrottleInterval'),
      ...read.duration('default_heartbeat_throttle_interval', 'defaultHeartbeatThrottleInterval'),
      ...deployment(read, release),
    },
  };
}

function deployment(read: ReturnType<typeof reader>, release: string): Options {
  const name = read.text('deployment_name');
  const versioned = read.flag('use_versioning') === true;
  if (name === undefined) {
    if (versioned)
      throw new WorkerOptionsError("worker_options: 'use_versioning' needs a 'deployment_name'; give it one");
    return {};
  }
  const version = { deploymentName: name, buildId: read.text('build_id') ?? release };
  if (!versioned) return { workerDeploymentOptions: { version, useWorkerVersioning: false } };
  const upgrade = read.text('default_versioning_behavior') === 'auto_upgrade';
  return {
    workerDeploymentOptions: {
      version,
      useWorkerVersioning: true,
      defaultVersioningBehavior: upgrade ? 'AUTO_UPGRADE' : 'PINNED',
    },
  };
}

function reader(data: Readonly<DataObject>) {
  const wrong = (name: string, expected: string): WorkerOptionsError =>
    new WorkerOptionsError(`worker_options: '${name}' takes ${expected}`);
  const get = (name: string): Data | undefined => {
    const value = data[name];
    return value === null || value === '' ? undefined : value;
  };
  return {
    text(name: string): string | undefined {
      const value = get(name);
      if (value !== undefined && typeof value !== 'string') throw wrong(name, 'a text');
      return value;
    },
    flag(name: string): boolean | undefined {
      const value = get(name);
      if (value !== undefined && typeof value !== 'boolean') throw wrong(name, 'true or false');
      return value;
    },
    count(name: string): number | undefined {
      const value = get(name);
      const number = value instanceof LuaFloat ? value.n : value;
      if (number !== undefined && (typeof number !== 'number' || number < 0))
        throw wrong(name, 'a number from 0');
      return number;
    },
    /** As a field of the SDK's options; absent and `0s` leave the SDK's default. */
    duration<K extends string>(name: string, field: K): { readonly [key in K]?: number } {
      const value = get(name);
      if (value === undefined || value === 0) return {};
      if (typeof value !== 'string') throw wrong(name, "a duration like '30s'");
      const milliseconds = parseDurationMs(value);
      return milliseconds === 0 ? {} : ({ [field]: milliseconds } as { readonly [key in K]?: number });
    },
  };
}
