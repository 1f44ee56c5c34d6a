// `moontide query` and `moontide update`: the calls, and their printed results.
import type { Data } from '../core/data.js';
import { field } from '../core/optional-field.js';
import { queryRun, updateRun, updateWithStart } from '../temporal/client.js';
import { connectApp } from './connect-app.js';
import type { ConnectedApp } from './connect-app.js';
import type { Globals } from './globals.js';
import { jsonText, resultData, say } from './output.js';
import { startTarget } from './start-with.js';
import type { StartWith } from './start-with.js';
import { UsageError } from './usage-error.js';
import { checkWorkflowId } from './workflow-id.js';

export interface AskWishes {
  readonly id: string;
  readonly name: string;
  readonly args: readonly Data[];
}

export interface UpdateWishes extends AskWishes {
  readonly updateId: string | undefined;
  /** What to start where nothing runs under the id. */
  readonly start: StartWith | undefined;
}

export async function queryWorkflow(globals: Globals, wishes: AskWishes): Promise<number> {
  check(wishes);
  await using connected = await connectApp(globals);
  return tellResults(
    globals,
    await queryRun(await clientOf(connected), { workflowId: wishes.id }, wishes.name, wishes.args),
  );
}

export async function updateWorkflow(globals: Globals, wishes: UpdateWishes): Promise<number> {
  check(wishes);
  const { id: workflowId, name, args, updateId, start } = wishes;
  await using connected = await connectApp(globals, { runtime: start !== undefined });
  if (start === undefined) {
    const client = await clientOf(connected);
    return tellResults(
      globals,
      await updateRun(client, { workflowId }, name, args, field('updateId', updateId)),
    );
  }
  const { client, ...target } = await startTarget(connected, start);
  const update = { name, args, ...field('updateId', updateId) };
  return tellResults(globals, await updateWithStart(client, { ...target, workflowId }, update));
}

function check({ id, name }: AskWishes): void {
  if (name === '') throw new UsageError('the name is empty; the workflow declares the names that it takes');
  checkWorkflowId('the workflow id', id);
}

const clientOf = async ({ temporal }: ConnectedApp) => (await temporal.connection(undefined)).client;

function tellResults(globals: Globals, results: readonly Data[]): number {
  say(jsonText(resultData(results), !globals.json));
  return 0;
}
