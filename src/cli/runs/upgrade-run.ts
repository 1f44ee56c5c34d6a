// `moontide upgrade`: takes a run to the newest program of its entry, at its next safe point.
// U1: its history must go on the newest program as it is recorded; where it does not, nothing is asked and that is told.
// U2: what is asked is in the history: it outlives every node, and the run does it when its program continues as new.
import { setTimeout as sleep } from 'node:timers/promises';
import { dataObject } from '../../core/data.js';
import { parseDurationMs } from '../../core/durations.js';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import { toBytes } from '../../core/text.js';
import { describeRun } from '../../services/temporal/run-facts.js';
import type { RunFacts } from '../../services/temporal/run-facts.js';
import { resetCommand } from '../../temporal/command-line.js';
import { signalRun } from '../../temporal/client.js';
import type { ProgramReference } from '../../temporal/contracts.js';
import { programOfHistory } from '../../temporal/history-steps.js';
import { UPGRADE_SIGNAL } from '../../temporal/names.js';
import { replayRuns } from '../../temporal/replay.js';
import type { ReplayOutcome } from '../../temporal/replay.js';
import type { Globals } from '../globals.js';
import { jsonText, say } from '../output.js';
import { UsageError } from '../usage-error.js';
import { checkWorkflowId } from '../workflow-id.js';
import { withRuns } from './open.js';
import type { AppRuns } from './open.js';
import { divergenceDocument, divergenceLines, fetchRun, missingProgram } from './replay-history.js';

/** The run cannot be taken to the newest program. */
class UpgradeRefusedError extends PlatformError {
  override readonly name = 'UpgradeRefusedError';
  readonly code = 'UPGRADE_REFUSED';
  override readonly kind = 'Conflict' as const;
  override readonly exitCode: ExitCode = 1;
}

export interface UpgradeWishes {
  readonly id: string;
  /** How long to wait for it; absent: not at all. Go's syntax. */
  readonly wait: string | undefined;
}

export async function upgradeRun(globals: Globals, { id, wait }: UpgradeWishes): Promise<number> {
  checkWorkflowId('the workflow id', id);
  const waitMs = wait === undefined ? undefined : waitTime(wait);
  return withRuns(globals, async (runs) => {
    const facts = await describeRun(await runs.connection(), id);
    if (facts.closed !== undefined) throw new UpgradeRefusedError(`'${id}' has ended (${facts.status})`);
    const recorded = await fetchRun(await runs.client(), id, facts.runId);
    const reference = programOfHistory(recorded.history);
    if (reference === undefined)
      throw new UpgradeRefusedError(
        `'${id}' has no program yet: it takes the newest when its first task is done`,
      );
    const missing = await missingProgram(runs, reference, true);
    if (missing !== undefined) throw new UpgradeRefusedError(missing);
    const { version } = runs.registry.current;
    const newest = runs.registry.current.programHash(reference.entry) ?? '';
    const done = (result: string, words: string): number => {
      if (globals.json)
        say(
          jsonText(
            dataObject({
              ok: true,
              workflow_id: toBytes(id),
              result,
              program: newest,
              registry_version: version.number,
            }),
            false,
          ),
        );
      else say(`${id}: ${words}`);
      return 0;
    };
    if (newest === reference.program)
      return done('newest', `runs the newest program of '${reference.entry}' already`);
    await mustContinue(runs, reference, id);
    const onNewest = { ...recorded, instead: await runs.newest(reference) };
    for await (const { outcome } of replayRuns([onNewest], await runs.replaying()))
      if (outcome.is !== 'same') return refused(globals, id, outcome); // U1
    await signalRun(await runs.client(), { workflowId: id, runId: facts.runId }, UPGRADE_SIGNAL, [
      dataObject({ program: newest, registry_version: version.number }),
    ]);
    const to = `program ${newest.slice(0, 12)} of registry version ${version.number}`;
    if (waitMs === undefined)
      return done('asked', `is asked to go on as new on ${to}, at the next safe point of its program`);
    const after = await goneOn(runs, facts, waitMs);
    if (after === undefined)
      throw new UpgradeRefusedError(
        `'${id}' was asked and has not gone on as new within ${wait ?? ''}; it will when its program next continues as new`,
      );
    return done('upgraded', `goes on as new on ${to}`);
  });
}

function waitTime(text: string): number {
  try {
    return parseDurationMs(text);
  } catch (cause) {
    throw new UsageError(`--wait takes a duration such as 30s, got '${text}'`, { cause });
  }
}

/** A program that never continues as new has no safe point. */
async function mustContinue(runs: AppRuns, { program, entry }: ProgramReference, id: string): Promise<void> {
  const pinned = await runs.registry.program(program);
  const units = Object.values(pinned?.program.units ?? {});
  if (pinned === undefined || units.some(({ source }) => source.includes('continue_as_new'))) return;
  throw new UpgradeRefusedError(
    `'${id}' runs a program of '${entry}' that never continues as new, so it has no point to change at; ` +
      'let it end, or begin it again on the newest program: ' +
      `\`${resetCommand(await runs.connection(), id, 'upgrade')}\``,
  );
}

function refused(globals: Globals, id: string, outcome: Exclude<ReplayOutcome, { is: 'same' }>): number {
  if (outcome.is === 'broken')
    throw new UpgradeRefusedError(`'${id}' cannot be replayed on the newest program: ${outcome.reason}`);
  const { divergence } = outcome;
  if (globals.json)
    say(
      jsonText(
        dataObject({
          ok: false,
          workflow_id: toBytes(id),
          result: 'refused',
          divergence: divergenceDocument(divergence),
        }),
        false,
      ),
    );
  else {
    say(`${id}: stays on its program; the newest goes another way than its history`);
    for (const line of divergenceLines(divergence)) say(line);
  }
  return 1;
}

const POLL_MS = 200;

/** The run that followed; undefined when none did in time. */
async function goneOn(
  runs: AppRuns,
  { workflowId, runId }: RunFacts,
  ms: number,
): Promise<RunFacts | undefined> {
  const deadline = Date.now() + ms;
  for (;;) {
    const now = await describeRun(await runs.connection(), workflowId);
    if (now.runId !== runId && now.program !== undefined) return now;
    if (Date.now() >= deadline) return undefined;
    await sleep(POLL_MS);
  }
}
