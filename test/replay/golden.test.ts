// Histories that releases of Moontide have recorded: this one must go through each of them as it is recorded.
// `node scripts/record-histories.js` records those of the present release anew; those of older releases are never touched.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Data } from '../../src/core/data.js';
import { silentLogger } from '../../src/core/logger.js';
import type { Program } from '../../src/core/program.js';
import { toBytes } from '../../src/core/text.js';
import { decodeWire, encodeWire } from '../../src/core/wire.js';
import { engineNamed } from '../../src/lua/engines.js';
import { hostVersion } from '../../src/temporal/bundle.js';
import { queryRun, resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import { describeStep } from '../../src/temporal/divergence.js';
import { historyFromJson, historyToJson } from '../../src/temporal/history-json.js';
import { programOfHistory, stepsOfHistory } from '../../src/temporal/history-steps.js';
import { artifactText } from '../../src/temporal/program-cache.js';
import { replayRuns } from '../../src/temporal/replay.js';
import type { RecordedRun } from '../../src/temporal/replay.js';
import type { RunStep } from '../../src/temporal/contracts.js';
import { installRuntime } from '../../src/temporal/worker.js';
import { testBundle } from '../support/lua-app.js';
import type { LuaApp } from '../support/lua-app.js';
import { luaSuite, workflow } from '../support/lua-suite.js';
import { goldenPrograms, partners } from './programs.js';
import type { GoldenProgram } from './programs.js';

const FOLDER = fileURLToPath(new URL('histories', import.meta.url));
const records = process.env['MOONTIDE_RECORD_HISTORIES'] === '1';

/** A kept history: the program as the registry had it, and the history as Temporal exports it. */
interface Kept extends RecordedRun {
  readonly program: Program;
}

const kept = (): Kept[] =>
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => {
      const { program, history } = JSON.parse(readFileSync(join(FOLDER, path), 'utf8')) as {
        program: string;
        history: unknown;
      };
      return {
        workflowId: path.replace(/\.json$/, ''),
        program: decodeWire(program) as unknown as Program,
        history: historyFromJson(JSON.stringify(history)),
      };
    });

/** Without summaries, which are for people, and may change. */
const ordered = (steps: readonly RunStep[]): string[] =>
  steps.filter(({ kind }) => kind !== 'local').map((step) => describeStep({ ...step, summary: '' }));

describe.skipIf(records)('histories of released versions', () => {
  beforeAll(() => installRuntime(silentLogger));

  it('are gone through as they are recorded', { timeout: 180_000 }, async () => {
    const all = kept();
    expect(all.map(({ workflowId }) => basename(workflowId))).toEqual(
      expect.arrayContaining(Object.keys(goldenPrograms).map((name) => `${name}-1`)),
    );
    const programs = new Map(all.map((one) => [programOfHistory(one.history)?.program, one.program]));
    const artifact = (hash: string, engine: string): Promise<string | undefined> => {
      const program = programs.get(hash);
      if (program === undefined || engine !== 'compiled') return Promise.resolve(undefined);
      const compiled = engineNamed(engine).compile(program);
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
      return Promise.resolve(artifactText(compiled.artifact));
    };
    const others: unknown[] = [];
    const options = { bundle: { code: await testBundle() }, artifacts: { artifact } };
    let replayed = 0;
    for await (const { run, outcome } of replayRuns(all, options)) {
      replayed += 1;
      const wanted = ordered(stepsOfHistory(run.history));
      const got = outcome.is === 'same' ? ordered(outcome.trace.steps) : outcome;
      if (JSON.stringify(got) !== JSON.stringify(wanted))
        others.push({ history: run.workflowId, wanted, got });
    }
    expect(others).toEqual([]);
    expect(replayed).toBe(all.length);
  });
});

describe.runIf(records)('the histories of this release', () => {
  const { app, start } = luaSuite();

  /** The histories of one workflow, its first run first. */
  const record = async (
    it: LuaApp,
    name: string,
    { outside = [] }: GoldenProgram,
  ): Promise<RecordedRun[]> => {
    const ref = await start(it, `app:${name}`);
    const { workflowId } = ref;
    await queryRun(it.client, ref, 'moontide.program', []).catch(() => undefined); // over already
    for (const one of outside) {
      if ('signal' in one) await signalRun(it.client, { workflowId }, one.signal, [text(one.value)]);
      else if ('update' in one) await updateRun(it.client, { workflowId }, one.update, [text(one.value)]);
      else await it.client.workflow.getHandle(workflowId).cancel();
    }
    await resultOf(it.client, ref).catch(() => undefined); // some fail, as they should
    const runs: RecordedRun[] = [];
    for (let runId: string | undefined; ;) {
      const history = await it.client.workflow.getHandle(workflowId, runId).fetchHistory();
      runs.unshift({ workflowId, history });
      const before =
        history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
      if (before === '') return runs;
      runId = before;
    }
  };
  const text = (value: string | number): Data => (typeof value === 'string' ? toBytes(value) : value);

  it('are recorded', { timeout: 180_000 }, async () => {
    const folder = join(FOLDER, await hostVersion());
    mkdirSync(folder, { recursive: true });
    const it = await app({
      ...partners,
      ...Object.fromEntries(
        Object.entries(goldenPrograms).map(([name, { source }]) => [`app:${name}`, workflow(source)]),
      ),
    });
    for (const [name, program] of Object.entries(goldenPrograms))
      for (const [at, { history }] of (await record(it, name, program)).entries()) {
        const pinned = it.programs.get(programOfHistory(history)?.program ?? '');
        if (pinned === undefined) throw new Error(`no program of ${name}`);
        const kept = {
          program: encodeWire(pinned.program as unknown as Data),
          history: JSON.parse(historyToJson(history)) as unknown,
        };
        writeFileSync(join(folder, `${name}-${at + 1}.json`), `${JSON.stringify(kept)}\n`);
      }
  });
});
