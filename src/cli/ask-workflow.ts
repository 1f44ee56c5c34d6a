// `moontide query` and `moontide update`: the calls, and their printed results.
import type { Client } from '@temporalio/client';
import type { Data } from '../core/data.js';
import { queryRun, updateRun } from '../temporal/client.js';
import { connectApp } from './connect-app.js';
import type { Globals } from './globals.js';
import { jsonText, resultData, say } from './output.js';
import { UsageError } from './usage-error.js';
import { checkWorkflowId } from './workflow-id.js';

export interface AskWishes {
  readonly id: string;
  readonly name: string;
  readonly args: readonly Data[];
}

export const queryWorkflow = (globals: Globals, { id, name, args }: AskWishes): Promise<number> =>
  ask(globals, { id, name, args }, (client) => queryRun(client, { workflowId: id }, name, args));

export const updateWorkflow = (
  globals: Globals,
  { id, name, args, updateId }: AskWishes & { readonly updateId: string | undefined },
): Promise<number> =>
  ask(globals, { id, name, args }, (client) =>
    updateRun(client, { workflowId: id }, name, args, updateId === undefined ? {} : { updateId }),
  );

async function ask(
  globals: Globals,
  { id, name }: AskWishes,
  call: (client: Client) => Promise<readonly Data[]>,
): Promise<number> {
  if (name === '') throw new UsageError('the name is empty; the workflow declares the names that it takes');
  checkWorkflowId('the workflow id', id);
  await using connected = await connectApp(globals);
  const { client } = await connected.temporal.connection(undefined);
  say(jsonText(resultData(await call(client)), !globals.json));
  return 0;
}
