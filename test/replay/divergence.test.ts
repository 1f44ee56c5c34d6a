// Replays tell where a program goes another way than a history: what was expected, what was found, and the Lua line.
import { describe, expect, it } from 'vitest';
import { resultOf, signalRun } from '../../src/temporal/client.js';
import { describeStep, placeOf } from '../../src/temporal/divergence.js';
import { programOfHistory } from '../../src/temporal/history-steps.js';
import { replayRuns } from '../../src/temporal/replay.js';
import type { ReplayOutcome } from '../../src/temporal/replay.js';
import { testBundle } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

const RECORDED = `local funcs, time = require("funcs"), require("time")
return function(id)
  funcs.call("app:reserve", id)
  time.sleep("5ms")
  funcs.call("app:charge", id)
  local go = process.listen("go"):receive()
  workflow.attrs({ memo = { step = "done" } })
  return id .. go
end`;

describe('a replay', () => {
  const { app, idle, start } = luaSuite();
  const functions = {
    'app:reserve': fn('return function() end', { title: 'Reserve stock' }),
    'app:charge': fn('return function() end', { title: 'Charge card' }),
    'app:refund': fn('return function() end'),
  };

  /** Runs RECORDED, and replays its history on `source`. */
  const replayOn = async (source: string): Promise<ReplayOutcome> => {
    const it = await app({ 'app:order': workflow(RECORDED), ...functions });
    const ref = await start(it, 'app:order', ['o-1']);
    await signalRun(it.client, ref, 'go', ['!']);
    expect(await resultOf(it.client, ref)).toEqual(['o-1!']);
    const history = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    const other = idle({ 'app:order': workflow(source) });
    Object.entries(functions).forEach(([id, entry]) => other.publish(id, entry));
    const reference = programOfHistory(history);
    if (reference === undefined) throw new Error('no program');
    // The idle app knows the one program, the other the newest.
    const artifact = async (hash: string) =>
      (await other.artifacts.artifact(hash)) ?? (await it.artifacts.artifact(hash));
    const options = { bundle: { code: await testBundle() }, artifacts: { artifact } };
    const run = { workflowId: ref.workflowId, history, instead: await other.instead(reference) };
    for await (const { outcome } of replayRuns([run], options)) return outcome;
    throw new Error('nothing was replayed');
  };
  const told = (outcome: ReplayOutcome) => {
    if (outcome.is !== 'diverged') return outcome;
    const { expected, found, frames } = outcome.divergence;
    return [
      expected === undefined ? 'nothing' : describeStep(expected),
      found === undefined ? 'nothing' : describeStep(found),
      placeOf(frames),
    ];
  };
  const line = (from: string, to: string) => RECORDED.replace(from, to);

  it('of the same program goes as its history, with all of its steps and their lines', async () => {
    const outcome = await replayOn(RECORDED);
    if (outcome.is !== 'same') throw new Error(JSON.stringify(outcome));
    expect(
      outcome.trace.steps
        .filter(({ kind }) => kind !== 'local')
        .map((step) => [describeStep(step), placeOf(step.frames)]),
    ).toEqual([
      ['a memo', ''],
      ['a call of app:reserve (Reserve stock: o-1)', 'order.lua:3'],
      ['a timer (sleep 5ms)', 'order.lua:4'],
      ['a call of app:charge (Charge card: o-1)', 'order.lua:5'],
      ['a memo', 'order.lua:7'],
      ['the end of the run', ''],
    ]);
  });

  it('names the other function that is called, and where', async () => {
    expect(told(await replayOn(line('"app:charge", id', '"app:refund", id')))).toEqual([
      'a call of app:charge (Charge card: o-1)',
      'a call of app:refund (o-1)',
      'order.lua:5',
    ]);
  });

  it('names the step that is new', async () => {
    expect(told(await replayOn(line('  time.sleep("5ms")', '  funcs.call("app:refund", id)')))).toEqual([
      'a timer (sleep 5ms)',
      'a call of app:refund (o-1)',
      'order.lua:4',
    ]);
  });

  it('names the step that is gone, and what the program does instead', async () => {
    expect(told(await replayOn(line('  funcs.call("app:charge", id)\n', '')))).toEqual([
      'a call of app:charge (Charge card: o-1)',
      'a memo',
      'order.lua:6',
    ]);
  });

  it('names where the program waits while the history goes on', async () => {
    const waits = line('funcs.call("app:charge", id)', 'process.listen("other"):receive()');
    expect(told(await replayOn(waits))).toEqual([
      'a call of app:charge (Charge card: o-1)',
      'nothing',
      'order.lua:5',
    ]);
  });

  it('names the error that ends the run too early', async () => {
    expect(told(await replayOn(line('  time.sleep("5ms")', '  error("no more")')))).toEqual([
      'a timer (sleep 5ms)',
      'the failure of the run (order.lua:4: no more)',
      'order.lua:4',
    ]);
  });

  it('names what comes before it was its turn', async () => {
    const both = line('  time.sleep("5ms")', '  coroutine.spawn(function() time.sleep("5ms") end)');
    expect(told(await replayOn(both))).toEqual([
      'a timer (sleep 5ms)',
      'a call of app:charge (Charge card: o-1)',
      'order.lua:5',
    ]);
  });

  it('goes as its history where only arguments and what comes after it change', async () => {
    const other = line('"app:charge", id', '"app:charge", id, 2').replace('return id .. go', 'return 7');
    expect(told(await replayOn(other))).toMatchObject({ is: 'same' });
  });
});
