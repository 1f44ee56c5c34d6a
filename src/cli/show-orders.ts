// `npm start`: the orders example from start to shipment in one go, then a node that stays up.
import { setTimeout as sleep } from 'node:timers/promises';
import { dataObject } from '../core/data.js';
import { PlatformError } from '../core/errors.js';
import { resultOf, signalRun, startRun } from '../temporal/client.js';
import { commandPrefix } from './command-prefix.js';
import { jsonText, reportFailure, resultData, say } from './output.js';
import { runNode } from './run-node.js';
import type { RunningNode } from './running-node.js';
import { uiAddress, untilStopped } from './serve.js';

export { exitWith } from './exit.js';

const WORKFLOW = 'orders:order';
/** So that people see the order wait for somebody before it is approved. Milliseconds. */
const PAUSE_MS = 1000;

export async function showOrders(folder: string): Promise<number> {
  let node: RunningNode;
  try {
    say('starting Temporal, its UI and the orders example ...');
    node = await runNode({ app: folder, temporal: 'always', log: { fallback: 'warn' } });
  } catch (error) {
    return reportFailure(error, false);
  }
  try {
    const ui = await uiAddress(node);
    if (node.temporal.role === 'joined')
      say('Temporal runs already (another `npm start` or `moontide dev`): joined it, and share its work');
    if (ui !== undefined) say(`UI: ${ui}`);
    await showOrder(node);
    say('');
    say('It stays up. Try next, in another terminal:');
    const prefix = commandPrefix(folder).replace('moontide', 'npx moontide');
    say(`  ${prefix} start orders:order '{"id":"o-1","sku":"lamp"}' --id o-1`);
    say(`  ${prefix} send o-1 approve '{"by":"you"}'`);
    say(`  ${prefix} call orders:report`);
    say(`  ${prefix} test`);
    say('Ctrl-C stops it; its state stays in examples/orders/.moontide/.');
  } catch (error) {
    await node.stop();
    if (error instanceof PlatformError) return reportFailure(error, false);
    throw error;
  }
  return await untilStopped(node);
}

async function showOrder(node: RunningNode): Promise<void> {
  const client = await node.temporal.client(undefined);
  const id = `demo-${new Date()
    .toISOString()
    .replaceAll(/[^0-9]/g, '')
    .slice(0, 14)}`;
  const order = dataObject({ id, sku: 'mug', quantity: 2 });
  const run = await startRun(client, {
    type: WORKFLOW,
    taskQueue: node.plan().queueOf.get(WORKFLOW) ?? 'orders',
    args: [order],
    workflowId: id,
  });
  say(`\nstarted order ${id}: it reserves stock, charges the card, and waits for somebody to approve it`);
  await sleep(PAUSE_MS);
  await signalRun(client, { workflowId: id }, 'approve', [dataObject({ by: 'npm start' })]);
  say('approved it');
  const values = await resultOf(client, run);
  say(`result:\n${jsonText(resultData(values), true)}`);
}
