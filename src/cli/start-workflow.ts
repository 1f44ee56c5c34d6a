// `moontide start`: starts a workflow where the app runs; with --wait, and nobody serving, in this process.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { dataObject } from '../core/data.js';
import type { Data } from '../core/data.js';
import { toBytes } from '../core/text.js';
import { clientOfQueue } from '../runtime/temporal-access.js';
import { hasPoller } from '../services/temporal/pollers.js';
import { resultOf, startRun } from '../temporal/client.js';
import { TemporalUnavailableError } from '../temporal/errors.js';
import { connectApp } from './connect-app.js';
import type { ConnectedApp } from './connect-app.js';
import type { Globals } from './globals.js';
import { jsonText, resultData, say, tell } from './output.js';
import type { NodeOptions } from './running-node.js';
import { UsageError } from './usage-error.js';
import { checkWorkflowId } from './workflow-id.js';
import { workflowTarget } from './workflow-target.js';
import type { WorkflowTarget } from './workflow-target.js';

export interface StartWishes {
  readonly workflow: string;
  readonly args: readonly Data[];
  readonly id: string | undefined;
  readonly wait: boolean;
}

interface Started {
  readonly workflowId: string;
  readonly runId: string;
}

/** A run whose first task nobody took for so long is not served, whatever the list of pollers says. Milliseconds. */
const UNSERVED_MS = 2000;
/** Events of a run that nobody has taken up: started, and its first task scheduled. */
const UNTOUCHED_EVENTS = 2;

export async function startWorkflow(globals: Globals, wishes: StartWishes): Promise<number> {
  if (wishes.id !== undefined) checkWorkflowId('--id', wishes.id);
  await using connected = await connectApp(globals, { runtime: true });
  const target = workflowTarget(connected.plan, connected.app.entries, wishes.workflow);
  const served = await reach(connected, target, wishes.wait && globals.embedded);
  if (globals.overrides.length > 0 && (served || !wishes.wait))
    throw new UsageError(
      served
        ? `another node serves '${target.taskQueue}', and overrides change the node they are given to; stop that node, or give it the override`
        : 'overrides change the node they are given to, and without --wait another one runs the workflow; give them to `moontide run`',
    );
  if (!wishes.wait) {
    const client = await connected.temporal.client(clientOfQueue(connected.plan, target.taskQueue));
    return sayStarted(globals, connected, target, await start(client, target, wishes));
  }
  if (!served) return await runHere(globals, target, wishes);
  const client = await connected.temporal.client(clientOfQueue(connected.plan, target.taskQueue));
  const started = await start(client, target, wishes);
  if (await isTakenUp(client, started)) return await waitFor(globals, client, started);
  tell(`nobody has taken up '${started.workflowId}'; running it in this process`);
  return await runHere(globals, target, { ...wishes, id: started.workflowId }, started);
}

/** Whether somebody serves the target's queue; a Temporal that is not there is an error unless this process may start one. */
async function reach(connected: ConnectedApp, target: WorkflowTarget, mayServe: boolean): Promise<boolean> {
  const clientEntry = clientOfQueue(connected.plan, target.taskQueue);
  try {
    const connection = await connected.temporal.connection(clientEntry);
    return await hasPoller(connection, target.taskQueue, 'workflows');
  } catch (error) {
    if (mayServe && error instanceof TemporalUnavailableError) return false;
    throw error;
  }
}

/** Runs the workflow on workers of this process, with the embedded server where there is no other. */
async function runHere(
  globals: Globals,
  target: WorkflowTarget,
  wishes: StartWishes,
  started?: Started,
): Promise<number> {
  // Late: where a node serves, nothing of one is needed here.
  const [{ nodeOptions }, { tellingIfStopped, withNode }] = await Promise.all([
    import('./serve.js'),
    import('./with-node.js'),
  ]);
  const options = nodeOptions(globals);
  const own: NodeOptions = { ...options, temporal: 'always', log: { ...options.log, fallback: 'warn' } };
  return withNode(own, async (node) => {
    const client = await node.temporal.client(clientOfQueue(node.plan(), target.taskQueue));
    const run = started ?? (await start(client, target, wishes));
    const tellIt = (): void =>
      tell(
        `'${run.workflowId}' is not over: it goes on when a node of the app runs again (\`moontide dev\`)`,
      );
    return tellingIfStopped(node, tellIt, () =>
      client.withAbortSignal(node.stopping, () => waitFor(globals, client, run)),
    );
  });
}

async function start(
  client: Client,
  { type, taskQueue }: WorkflowTarget,
  { args, id }: StartWishes,
): Promise<Started> {
  if (id === undefined) return startRun(client, { type, taskQueue, args });
  const options = { workflowIdConflictPolicy: 'USE_EXISTING' } as const;
  const started = await startRun(client, { type, taskQueue, args, workflowId: id, options });
  const { type: running } = await client.workflow.getHandle(id, started.runId).describe();
  if (running !== type)
    throw new UsageError(
      `'${id}' is the id of a running '${running}', not of a '${type}'; choose another --id`,
    );
  return started;
}

async function isTakenUp(client: Client, { workflowId, runId }: Started): Promise<boolean> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const deadline = Date.now() + UNSERVED_MS;
  for (;;) {
    const { historyLength, status } = await handle.describe();
    if (historyLength > UNTOUCHED_EVENTS || status.name !== 'RUNNING') return true;
    if (Date.now() > deadline) return false;
    await sleep(100);
  }
}

async function waitFor(globals: Globals, client: Client, started: Started): Promise<number> {
  const values = await resultOf(client, started);
  say(jsonText(resultData(values), !globals.json));
  return 0;
}

async function sayStarted(
  globals: Globals,
  { temporal }: ConnectedApp,
  { entry, taskQueue }: WorkflowTarget,
  { workflowId, runId }: Started,
): Promise<number> {
  const { namespace } = await temporal.connection(undefined);
  const ui =
    temporal.ui === undefined
      ? undefined
      : `${temporal.ui}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
  if (globals.json) {
    const document = dataObject({
      workflow_id: toBytes(workflowId),
      run_id: runId,
      workflow: toBytes(entry),
      task_queue: toBytes(taskQueue),
      ...(ui === undefined ? {} : { ui: toBytes(ui) }),
    });
    say(jsonText(document, false));
    return 0;
  }
  say(`started ${entry} as '${workflowId}' (run ${runId}) on '${taskQueue}'`);
  if (ui !== undefined) say(ui);
  return 0;
}
