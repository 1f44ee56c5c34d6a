// The dynamic activity for commands: `sql.query`, `store.get`, ... asked by a workflow, answered by a node's host handler.
// C1: the idempotency key (`<run id>/<sequence>`) is the same in every attempt; handlers pass it on to what they write to.
import { Context } from '@temporalio/activity';
import type { Command } from '../src/core/command.js';
import { LuaFloat } from '../src/core/data.js';
import type { Data, DataObject } from '../src/core/data.js';
import type { CommandRunner } from '../src/temporal/contracts.js';
import { errorToErrorData } from '../src/temporal/failures.js';
import { encodedResults, PayloadError, toDataOrThrow } from '../src/temporal/payload-converter.js';
import { callContext, withHeartbeats } from './call-context.js';
import { failureOf } from './function.js';

export interface CommandDependencies {
  readonly commands: CommandRunner;
}

export const commandActivity =
  ({ commands }: CommandDependencies) =>
  async (argument: unknown): Promise<unknown> => {
    const context = Context.current();
    const call = callContext(context);
    try {
      const { command, entry } = parseCall(toDataOrThrow(argument), context.info.activityType);
      const result = await withHeartbeats(context, call, () =>
        commands.run(command, {
          entry,
          pid: call.from,
          values: call.values,
          identity: call.identity,
          idempotencyKey: call.idempotencyKey,
          secrets: call.secrets,
          signal: call.signal,
          heartbeat: call.heartbeat,
        }),
      );
      return encodedResults([result]);
    } catch (error) {
      throw failureOf(errorToErrorData(error), context, call.options.retry === true);
    }
  };

/** Anybody with access to the namespace can schedule activities: what comes is checked. */
function parseCall(data: Data, type: string): { readonly command: Command; readonly entry: string } {
  const { command, entry } = isObject(data) ? data : {};
  if (!isObject(command) || command['type'] !== type)
    throw new PayloadError(
      `the activity '${type}' takes one argument: { command: { type: '${type}', ... } }`,
    );
  return { command: command as unknown as Command, entry: typeof entry === 'string' ? entry : '' };
}

const isObject = (data: Data | undefined): data is DataObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof LuaFloat);
