// `moontide call`: boots the app in this process and calls one function of it.
import type { Data } from '../core/data.js';
import { DurationError, parseDurationMs } from '../core/durations.js';
import { queueOf } from '../runtime/function-caller.js';
import { callableEntry } from '../runtime/function-pool.js';
import { throwOutcome } from '../runtime/processes.js';
import { clientOfQueue } from '../runtime/temporal-access.js';
import type { Globals } from './globals.js';
import { jsonText, resultData, say } from './output.js';
import { runNode } from './run-node.js';
import type { RunningNode } from './run-node.js';
import { nodeOptions } from './serve.js';
import { UsageError } from './usage-error.js';

export interface CallWishes {
  readonly entry: string;
  readonly args: readonly Data[];
  readonly durable: boolean;
  readonly timeout: string | undefined;
}

export async function callFunction(globals: Globals, wishes: CallWishes): Promise<number> {
  const timeoutMs = parseTimeout(wishes.timeout);
  const options = nodeOptions(globals);
  const node = await runNode({
    ...options,
    temporal: 'asked',
    publish: 'serving',
    log: { ...options.log, fallback: 'warn' },
  });
  try {
    callableEntry(node.registry.current, wishes.entry);
    const values = wishes.durable
      ? await callDurably(node, wishes, timeoutMs)
      : throwOutcome(await node.call(wishes.entry, wishes.args, { timeoutMs, signal: node.stopping }));
    say(jsonText(resultData(values), !globals.json));
    return 0;
  } finally {
    await node.stop();
  }
}

async function callDurably(
  node: RunningNode,
  { entry, args }: CallWishes,
  timeoutMs: number | undefined,
): Promise<readonly Data[]> {
  const taskQueue = queueOf(entry, node.registry, node.temporal);
  const { executeActivity } = await import('../temporal/client.js');
  const client = await node.temporal.client(clientOfQueue(node.plan(), taskQueue));
  return client.withAbortSignal(node.stopping, () =>
    executeActivity(client, {
      type: entry,
      taskQueue,
      args,
      ...(timeoutMs === undefined ? {} : { options: { scheduleToCloseTimeout: timeoutMs } }),
    }),
  );
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseDurationMs(text);
  } catch (error) {
    if (error instanceof DurationError) throw new UsageError(`--timeout: ${error.message}`, { cause: error });
    throw error;
  }
}
