// What ails the runs of an app, and what helps. Host only.
// D1: a run is ill when its workflow task keeps failing, when nobody serves its queue, or when one of its activities is
//     tried again and again or taken by nobody.
import { nearest } from '../../runtime/nearest.js';
import { resetCommand, temporalCommand } from '../../temporal/command-line.js';
import type { TemporalConnection } from '../../temporal/connection.js';
import { hasPoller } from './pollers.js';
import { describeRun, lastFailedTask } from './run-facts.js';
import type { PendingActivity, RunFacts } from './run-facts.js';

export type Problem =
  | 'unknown_workflow'
  | 'program_missing'
  | 'endpoint_missing'
  | 'registry_away'
  | 'nondeterminism'
  | 'refused_by_server'
  | 'task_fails'
  | 'unserved'
  | 'activity_fails'
  | 'activity_unserved';

export interface Diagnosis {
  readonly problem: Problem;
  readonly workflowId: string;
  readonly runId: string;
  /** Its entry, or its type where no program is pinned. */
  readonly entry: string;
  /** Attempts so far of the task or the activity; 0 where none is made. */
  readonly attempts: number;
  readonly message: string;
  readonly cure: string;
}

export interface DoctorOptions {
  readonly temporal: TemporalConnection;
  /** Visibility query of the runs that are looked at. */
  readonly query: string;
  /** Workflows that could have been meant, by type. */
  readonly types: readonly string[];
}

/** An activity that has failed this often is told. */
const FAILED_OFTEN = 3;
/** What nobody takes for so long is told. Milliseconds. */
const UNTAKEN_MS = 30_000;
const AT_ONCE = 8;

/** Every illness of the running runs; `looked` counts them. */
export async function examineRuns(
  options: DoctorOptions,
): Promise<{ readonly looked: number; readonly found: readonly Diagnosis[] }> {
  const { temporal, query } = options;
  const served = new Map<string, Promise<boolean>>();
  const isServed = (queue: string, what: 'workflows' | 'activities'): Promise<boolean> => {
    const key = `${what} ${queue}`;
    const known = served.get(key) ?? hasPoller(temporal, queue, what);
    served.set(key, known);
    return known;
  };
  const found: Diagnosis[] = [];
  let looked = 0;
  let batch: Promise<Diagnosis[]>[] = [];
  for await (const { workflowId, runId } of temporal.client.workflow.list({ query })) {
    looked += 1;
    batch.push(examine(workflowId, runId, options, isServed));
    if (batch.length < AT_ONCE) continue;
    found.push(...(await Promise.all(batch)).flat());
    batch = [];
  }
  found.push(...(await Promise.all(batch)).flat());
  return { looked, found };
}

type IsServed = (queue: string, what: 'workflows' | 'activities') => Promise<boolean>;

async function examine(
  workflowId: string,
  runId: string,
  { temporal, types }: DoctorOptions,
  isServed: IsServed,
): Promise<Diagnosis[]> {
  const facts = await describeRun(temporal, workflowId, runId);
  if (facts.closed !== undefined) return []; // since it was listed
  const found: Diagnosis[] = [];
  const attempt = facts.task?.attempt ?? 1;
  if (!(await isServed(facts.taskQueue, 'workflows')))
    found.push({
      ...about(facts, 0),
      problem: 'unserved',
      message: `nobody serves its task queue '${facts.taskQueue}'`,
      cure: 'start a node: `moontide run`',
    });
  else if (attempt > 1) {
    const failed = await lastFailedTask(temporal, facts);
    if (failed !== undefined) found.push(taskDiagnosis(facts, attempt, failed, { temporal, types }));
  }
  for (const activity of facts.activities) {
    const diagnosis = await activityDiagnosis(facts, activity, isServed);
    if (diagnosis !== undefined) found.push(diagnosis);
  }
  return found;
}

const about = ({ workflowId, runId, program, type }: RunFacts, attempts: number) => ({
  workflowId,
  runId,
  entry: program?.entry ?? type,
  attempts,
});

/** What the server says of a call of funcs.nexus. */
const MISSING_ENDPOINT = /^BadScheduleNexusOperationAttributes: endpoint "(.+)" not found/;

/** What the server says of commands that it does not take, by the names of its causes (temporal.api.enums.v1.WorkflowTaskFailedCause). */
const TOO_MANY = /^Pending\w+LimitExceeded/;
const NOT_TAKEN = /^Bad\w+Attributes/;

function taskDiagnosis(
  facts: RunFacts,
  attempt: number,
  { message, isNondeterminism }: { readonly message: string; readonly isNondeterminism: boolean },
  { temporal, types }: Pick<DoctorOptions, 'temporal' | 'types'>,
): Diagnosis {
  const base = { ...about(facts, attempt - 1), message };
  const { workflowId, type } = facts;
  if (/^PROGRAM_MISSING: no workflow /.test(message)) {
    const near = nearest(type, types);
    const meant = near === undefined ? '' : ` (was '${near}' meant?)`;
    return {
      ...base,
      problem: 'unknown_workflow',
      cure: `publish a workflow '${type}'${meant}, or end the run: \`${temporalCommand(temporal, 'workflow', 'terminate', '--workflow-id', workflowId)}\``,
    };
  }
  if (/^PROGRAM_MISSING: the registry does not answer/.test(message))
    return {
      ...base,
      problem: 'registry_away',
      cure: "bring the registry's store back; the run goes on by itself",
    };
  if (message.startsWith('PROGRAM_MISSING'))
    return {
      ...base,
      problem: 'program_missing',
      cure: `bring back the registry that has the program, or begin again on the newest: \`${resetCommand(temporal, workflowId, 'program lost')}\``,
    };
  const endpoint = MISSING_ENDPOINT.exec(message)?.[1];
  if (endpoint !== undefined)
    return {
      ...base,
      problem: 'endpoint_missing',
      cure: `start the app whose nexus.service has the endpoint '${endpoint}', or make it with \`temporal operator nexus endpoint create\`; the run goes on by itself`,
    };
  if (isNondeterminism)
    return {
      ...base,
      problem: 'nondeterminism',
      cure: `\`moontide replay ${workflowId}\` says where; run it on the release of Moontide that it began with, or begin again: \`${resetCommand(temporal, workflowId, 'another way')}\``,
    };
  if (TOO_MANY.test(message) || NOT_TAKEN.test(message))
    return {
      ...base,
      problem: 'refused_by_server',
      cure: `${TOO_MANY.test(message) ? 'let the program wait for some before it asks for more' : 'correct what the program asks for'}, then begin again on the newest: \`${resetCommand(temporal, workflowId, 'refused by the server')}\``,
    };
  return {
    ...base,
    problem: 'task_fails',
    cure: `\`moontide replay ${workflowId}\` tries it here; this is a bug of Moontide or of the node's set-up, worth a report`,
  };
}

async function activityDiagnosis(
  facts: RunFacts,
  activity: PendingActivity,
  isServed: IsServed,
): Promise<Diagnosis | undefined> {
  const { type, attempt, state, scheduled, lastFailure } = activity;
  if (attempt > FAILED_OFTEN && lastFailure !== undefined)
    return {
      ...about(facts, attempt - 1),
      problem: 'activity_fails',
      message: `'${type}' has failed ${attempt - 1} times: ${lastFailure}`,
      cure: 'mend what it needs, and it goes on by itself; or bound its attempts with `activity.retry_policy`',
    };
  const untaken =
    state === 'waits for a worker' &&
    attempt === 1 &&
    scheduled !== undefined &&
    Date.now() - scheduled.getTime() > UNTAKEN_MS;
  if (!untaken || (await isServed(facts.taskQueue, 'activities'))) return undefined;
  return {
    ...about(facts, 0),
    problem: 'activity_unserved',
    message: `'${type}' waits for a worker since ${scheduled.toISOString()}`,
    cure: 'start a node that serves its task queue, or mend `activity.task_queue` of the call',
  };
}
