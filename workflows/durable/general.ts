// Every command without a durable handler of its own: an activity named after it, answered by the host handler of a node. Sealed.
// G1: the activity's argument is the command as it is; context, identity and the idempotency key travel in headers.
// G2: what cannot cross (a transaction, a cursor, a subscription) fails on the node that would have to keep it.
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Command } from '../../src/core/command.js';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { nameSecrets } from '../../src/core/secret.js';
import type { DataPath } from '../../src/core/secret.js';
import type { CommandCall } from '../../src/temporal/contracts.js';
import { HEARTBEAT_TIMEOUT_MS } from '../../src/temporal/names.js';
import { toDataOrThrow } from '../../src/temporal/payload-converter.js';
import type { Outgoing } from './context.js';
import { DEFAULT_RETRY } from './options.js';
import { endOrCancelled } from './open-calls.js';
import { later } from './run.js';
import type { DurableHandler } from './run.js';
import { commandSummary } from './summary.js';

type Activities = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** A command that the host handler does not bound itself. */
const COMMAND_TIMEOUT_MS = 600_000;
const EMIT_TIMEOUT_MS = 2000;

export interface GeneralOptions {
  readonly outgoing: Outgoing;
  /** Entry id of the program. */
  readonly entry: string;
}

/** The argument of the command's activity, and where the command names secrets. */
function callOf(
  asked: Command,
  entry: string,
): { readonly call: Data; readonly secrets: readonly DataPath[] } {
  const { data, places } = nameSecrets(dataObject(asked as Record<string, Data>));
  const call: CommandCall = { command: data as unknown as Command, entry };
  return { call: dataObject({ ...call, command: data }), secrets: places };
}

export const generalHandler =
  ({ outgoing, entry }: GeneralOptions): DurableHandler =>
  ({ command, run: { open } }) =>
    later(async () => {
      const { isCounted } = open.activities;
      const activities = proxyActivities<Activities>({
        startToCloseTimeout: COMMAND_TIMEOUT_MS,
        heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
        cancellationType: isCounted
          ? ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
          : ActivityCancellationType.TRY_CANCEL,
        retry: DEFAULT_RETRY,
        summary: commandSummary(command),
      });
      const run = activities[command.type] as (call: Data) => Promise<unknown>;
      const { call, secrets } = callOf(command, entry);
      const headers = outgoing.headers({ secrets });
      const result = open.activities.make(() => outgoing.send(headers, () => run(call)));
      return toDataOrThrow(await (isCounted ? endOrCancelled(result, `activity '${command.type}'`) : result));
    });

/** A command whose answer nobody wants: a local activity, recorded once. */
export function emitCommand(command: Command, { outgoing, entry }: GeneralOptions): Promise<unknown> {
  const activities = proxyLocalActivities<Activities>({
    scheduleToCloseTimeout: EMIT_TIMEOUT_MS,
    retry: { ...DEFAULT_RETRY, maximumAttempts: 3 },
    summary: commandSummary(command),
  });
  const run = activities[command.type] as (call: Data) => Promise<unknown>;
  const { call, secrets } = callOf(command, entry);
  return outgoing.send(outgoing.headers({ secrets }), () => run(call));
}
