// `moontide call`: boots the app in this process and calls one function of it.
import type { Data } from '../core/data.js';
import { DurationError, parseDurationMs } from '../core/durations.js';
import { queueOf } from '../runtime/function-caller.js';
import { callableEntry } from '../runtime/function-pool.js';
import { throwOutcome } from '../runtime/processes.js';
import { clientOfQueue } from '../runtime/temporal-access.js';
import { HEARTBEAT_TIMEOUT_MS } from '../temporal/names.js';
import type { Globals } from './globals.js';
import { jsonText, resultData, say, tell } from './output.js';
import type { NodeOptions, RunningNode } from './running-node.js';
import { nodeOptions } from './serve.js';
import { UsageError } from './usage-error.js';
import { tellingIfStopped, withNode } from './with-node.js';

export interface CallWishes {
  readonly entry: string;
  readonly args: readonly Data[];
  /** The arguments as they were typed. */
  readonly texts: readonly string[];
  readonly durable: boolean;
  readonly timeout: string | undefined;
}

export async function callFunction(globals: Globals, wishes: CallWishes): Promise<number> {
  const timeoutMs = parseTimeout(wishes.timeout);
  const options = nodeOptions(globals);
  const own: NodeOptions = {
    ...options,
    temporal: 'asked',
    publish: 'serving',
    terminal: { args: wishes.texts, onStderr: globals.json },
    log: { ...options.log, fallback: 'warn' },
    // A durable call does not end with this process, so that there is nothing to wait for.
    ...(wishes.durable ? { drainMs: 0 } : {}),
  };
  return withNode(own, async (node) => {
    callableEntry(node.registry.current, wishes.entry);
    const values = wishes.durable
      ? await callDurably(node, wishes, timeoutMs)
      : throwOutcome(await node.call(wishes.entry, wishes.args, { timeoutMs, signal: node.stopping }));
    say(jsonText(resultData(values), !globals.json));
    return 0;
  });
}

async function callDurably(
  node: RunningNode,
  { entry, args }: CallWishes,
  timeoutMs: number | undefined,
): Promise<readonly Data[]> {
  const taskQueue = queueOf(entry, node.registry, node.temporal);
  const { activityResult, startActivity } = await import('../temporal/client.js');
  const clientEntry = clientOfQueue(node.plan(), taskQueue);
  const client = await node.temporal.client(clientEntry);
  return client.withAbortSignal(node.stopping, async () => {
    const started = await startActivity(client, {
      type: entry,
      taskQueue,
      args,
      options: {
        heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
        ...(timeoutMs === undefined ? {} : { scheduleToCloseTimeout: timeoutMs }),
      },
    });
    const { address, namespace } = await node.temporal.connection(clientEntry);
    return tellingIfStopped(
      node,
      () => tellGoesOn(node, started.activityId, { address, namespace }),
      () => activityResult(client, started),
    );
  });
}

/** Told at once when somebody stops waiting for a durable call. */
function tellGoesOn(
  { serving }: RunningNode,
  activityId: string,
  { address, namespace }: { readonly address: string; readonly namespace: string },
): void {
  const flags = `--activity-id '${activityId}' --address ${address} --namespace ${namespace}`;
  const who = serving
    ? 'a node of the app goes on with it (`moontide dev` starts one, and says its address)'
    : 'the node that serves the app goes on with it';
  tell(`the call is not over: Temporal keeps it, and ${who}`);
  tell(`  its result   temporal activity result ${flags}`);
  tell(`  cancel it    temporal activity cancel ${flags}`);
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    const timeoutMs = parseDurationMs(text);
    if (timeoutMs > 0) return timeoutMs;
    throw new UsageError(`--timeout is '${text}'; give a duration above zero such as '10s', or leave it out`);
  } catch (error) {
    if (error instanceof DurationError) throw new UsageError(`--timeout: ${error.message}`, { cause: error });
    throw error;
  }
}
