// Which program a run runs: asked once, in its first task, and recorded. Sealed.
// P1: the marker of the local activity is the truth; memo and search attribute repeat it for people and for counting.
// P2: no program, no answer of the registry: the task fails, with the reason, and is tried again until it heals.
import { proxyLocalActivities, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { toBytes, toTextLossy } from '../../src/core/text.js';
import type { LoadedProgram } from '../../src/lua/engine.js';
import type { ProgramReference, ResolveRequest } from '../../src/temporal/contracts.js';
import { MEMO, PROGRAM_ATTRIBUTE, RESOLVE_ACTIVITY } from '../../src/temporal/names.js';
import { ResolvedProgram } from '../../src/temporal/payload-converter.js';
import { loadProgram } from '../../src/temporal/program-cache.js';

/** Fails the workflow task, not the run. */
class ProgramMissingError extends Error {
  override readonly name = 'ProgramMissingError';
  constructor(reason: string) {
    super(`PROGRAM_MISSING: ${reason}; the run goes on by itself once it is there`);
  }
}

const RESOLVE_TIMEOUT_MS = 10_000;

export interface PinnedRun {
  readonly reference: ProgramReference;
  readonly loaded: LoadedProgram;
  /** In a replay that explains itself. */
  readonly traced: boolean;
}

/** What the start of a run says of itself beside its type. */
export interface Wished {
  /** Hash of the program to stay on. */
  readonly program: string | undefined;
  /** Signed, or not. */
  readonly identity: string | undefined;
}

/** Resolves the run's program and loads it. */
export async function pinProgram(wished: Wished): Promise<PinnedRun> {
  const resolved = await resolve(wished);
  const { reference, artifact, missing, tracing } = resolved;
  if (artifact === undefined)
    throw new ProgramMissingError(
      `program ${reference.program} of '${reference.entry}' cannot be had: ${missing ?? 'this worker expands no programs'}`,
    );
  const loaded = loadProgram(reference.engine, reference.program, artifact, tracing === 'debugger');
  return { reference, loaded, traced: tracing !== undefined };
}

async function resolve({ program, identity }: Wished): Promise<ResolvedProgram> {
  const { workflowType, taskQueue } = workflowInfo();
  const activities = proxyLocalActivities<Record<string, (request: Data) => Promise<unknown>>>({
    scheduleToCloseTimeout: RESOLVE_TIMEOUT_MS,
    retry: { maximumAttempts: 3, initialInterval: 200 },
    summary: 'which program this run runs',
  });
  const request: ResolveRequest = {
    type: toBytes(workflowType),
    taskQueue: toBytes(taskQueue),
    ...(program === undefined ? {} : { program }),
    ...(identity === undefined ? {} : { identity }),
  };
  let answer: unknown;
  try {
    answer = await activities[RESOLVE_ACTIVITY]?.(dataObject({ ...request }));
  } catch (error) {
    // The registry is away: no failure of the run.
    throw new ProgramMissingError(
      `the registry does not answer: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (answer instanceof ResolvedProgram) return answer;
  const missing = typeof answer === 'object' && answer !== null && 'missing' in answer ? answer.missing : '';
  throw new ProgramMissingError(typeof missing === 'string' ? toTextLossy(missing) : 'no answer');
}

/** Writes memo and search attribute, where they do not say the same already. */
export function showProgram(reference: ProgramReference): void {
  const memo: Record<string, Data> = {
    [MEMO.entry]: reference.entry,
    [MEMO.program]: reference.program,
    [MEMO.version]: reference.registry_version,
    [MEMO.host]: reference.host_version,
  };
  const { memo: before, searchAttributes } = workflowInfo();
  if (Object.entries(memo).some(([key, value]) => before?.[key] !== value)) upsertMemo(memo);
  if (!reference.search_attribute) return;
  if (searchAttributes[PROGRAM_ATTRIBUTE]?.[0] !== reference.program)
    upsertSearchAttributes({ [PROGRAM_ATTRIBUTE]: [reference.program] });
}
