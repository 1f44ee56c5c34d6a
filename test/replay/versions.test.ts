// `workflow.version` at replays: of the same program, also where a query has split the first task, and of another program.
import { describe, expect, it } from 'vitest';
import { queryRun, resultOf } from '../../src/temporal/client.js';
import type { RunReference } from '../../src/temporal/client.js';
import { replayRuns } from '../../src/temporal/replay.js';
import type { ReplayOutcome } from '../../src/temporal/replay.js';
import { programOfHistory } from '../../src/temporal/history-steps.js';
import { testBundle } from '../support/lua-app.js';
import type { LuaApp } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('a version of a change', () => {
  const { app, idle, start } = luaSuite();

  /** On its own program, or on that of another app. */
  const replay = async (it: LuaApp, ref: RunReference, other?: LuaApp): Promise<ReplayOutcome> => {
    const history = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    const reference = programOfHistory(history);
    if (reference === undefined) throw new Error('no program');
    const artifact = async (hash: string) =>
      (await it.artifacts.artifact(hash)) ?? (await other?.artifacts.artifact(hash));
    const options = { bundle: { code: await testBundle() }, artifacts: { artifact } };
    const instead = other === undefined ? {} : { instead: await other.instead(reference) };
    for await (const { outcome } of replayRuns(
      [{ workflowId: ref.workflowId, history, ...instead }],
      options,
    ))
      return outcome;
    throw new Error('nothing was replayed');
  };

  it('is the same at a replay though a query has split the first task', async () => {
    const it = await app({
      'app:w': workflow(`local time, workflow = require("time"), require("workflow")
        return function()
          local v = workflow.version("gift", 1, 2)
          time.sleep("500ms")
          return v, workflow.version("gift", 1, 3), workflow.version("same", 4, 4)
        end`),
    });
    // Whether the query comes while the first task waits for its program is chance.
    for (let tries = 0; tries < 4; tries++) {
      const ref = await start(it, 'app:w');
      await queryRun(it.client, ref, 'moontide.program', []);
      expect(await resultOf(it.client, ref)).toEqual([2, 2, 4]);
      expect(await replay(it, ref)).toEqual(expect.objectContaining({ is: 'same' }));
    }
  });

  it('is that of the history on another program: min where it passed before the change was there', async () => {
    const changed = workflow(`local funcs, workflow = require("funcs"), require("workflow")
      return function()
        if workflow.version("gift", 1, 2) == 2 then funcs.call("app:gift") end
        funcs.call("app:ship")
      end`);
    const entries = {
      'app:gift': fn('return function() end'),
      'app:ship': fn('return function() end'),
    };
    const it = await app({
      ...entries,
      'app:w': workflow('local funcs = require("funcs") return function() funcs.call("app:ship") end'),
    });
    const before = await start(it, 'app:w');
    await resultOf(it.client, before);
    it.publish('app:w', changed);
    const after = await start(it, 'app:w');
    await resultOf(it.client, after);
    const other = idle({ ...entries, 'app:w': { ...changed, source: `${changed.source}\n-- later` } });
    expect(await replay(it, before, other)).toMatchObject({ is: 'same' });
    expect(await replay(it, after, other)).toMatchObject({ is: 'same' });
    const narrow = idle({
      ...entries,
      'app:w': { ...changed, source: changed.source.replace('1, 2', '2, 3') },
    });
    expect(await replay(it, before, narrow)).toMatchObject({ is: 'diverged' });
  });
});
