// `--start` of `moontide update` and `moontide send`: what to start where nothing runs under the id.
import type { Client } from '@temporalio/client';
import type { Data } from '../core/data.js';
import { clientOfQueue } from '../runtime/temporal-access.js';
import type { ConnectedApp } from './connect-app.js';
import { parseArguments } from './arguments.js';
import { UsageError } from './usage-error.js';
import { workflowTarget } from './workflow-target.js';

/** As commander gives them. */
export interface StartOptions {
  readonly start?: string;
  readonly input?: readonly string[];
}

export interface StartWith {
  /** Entry id or workflow type. */
  readonly workflow: string;
  readonly args: readonly Data[];
}

/** For an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** Throws UsageError. */
export function parseStart({ start, input = [] }: StartOptions): StartWith | undefined {
  if (start !== undefined) return { workflow: start, args: parseArguments(input, 1, '--input') };
  if (input.length > 0)
    throw new UsageError('--input is an argument of the workflow that --start names; give both');
  return undefined;
}

/** Where it is started. Throws EntryKindError, EntryUnknownError. */
export async function startTarget(
  { plan, app, temporal }: ConnectedApp,
  { workflow, args }: StartWith,
): Promise<{ client: Client; type: string; taskQueue: string; args: readonly Data[] }> {
  const { type, taskQueue } = workflowTarget(plan, app.entries, workflow);
  return { client: await temporal.client(clientOfQueue(plan, taskQueue)), type, taskQueue, args };
}
