// `moontide send`: a signal to a running workflow, or a message to a process.
import { dataObject } from '../core/data.js';
import type { Data } from '../core/data.js';
import { tryPid } from '../core/ids.js';
import { toBytes } from '../core/text.js';
import { signalRun, signalWithStart } from '../temporal/client.js';
import { connectApp } from './connect-app.js';
import type { Globals } from './globals.js';
import { jsonText, say } from './output.js';
import { startTarget } from './start-with.js';
import type { StartWith } from './start-with.js';
import { UsageError } from './usage-error.js';
import { checkWorkflowId } from './workflow-id.js';

export interface SendWishes {
  readonly id: string;
  readonly topic: string;
  readonly payloads: readonly Data[];
  /** What to start where nothing runs under the id. */
  readonly start: StartWith | undefined;
}

export async function sendMessage(
  globals: Globals,
  { id, topic, payloads, start }: SendWishes,
): Promise<number> {
  if (topic === '')
    throw new UsageError('the topic is empty; give the name under which the workflow takes the message');
  if (topic.startsWith('@'))
    throw new UsageError(`the topic '${topic}' belongs to the platform; a topic does not begin with '@'`);
  if (tryPid(id) !== undefined && start !== undefined)
    throw new UsageError(`'${id}' is a process that runs; --start goes with the id of a workflow`);
  if (tryPid(id) !== undefined)
    return (await import('./processes/run.js')).sendToProcess(globals, id, topic, payloads);
  checkWorkflowId('the workflow id', id);
  await using connected = await connectApp(globals, { runtime: start !== undefined });
  if (start === undefined) {
    const { client } = await connected.temporal.connection(undefined);
    await signalRun(client, { workflowId: id }, topic, payloads);
  } else {
    const { client, ...target } = await startTarget(connected, start);
    await signalWithStart(client, { ...target, workflowId: id }, topic, payloads);
  }
  if (globals.json)
    say(jsonText(dataObject({ ok: true, workflow_id: toBytes(id), topic: toBytes(topic) }), false));
  else say(`sent '${topic}' to '${id}'`);
  return 0;
}
