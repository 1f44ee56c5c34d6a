// One instance on its node's turns: how often it is taken up.
import { afterEach, expect, it } from 'vitest';
import { dataObject } from '../../../src/core/data.js';
import { DEFAULT_ENGINE, engineNamed } from '../../../src/lua/engines.js';
import { moduleLookup } from '../../../src/lua/instance/modules.js';
import { processHandlers } from '../../../src/modules/process/host.js';
import { processSpec } from '../../../src/modules/process/spec.js';
import { outermost } from '../../../src/runtime/command-context.js';
import { Dispatcher } from '../../../src/runtime/dispatcher.js';
import { Factory } from '../../../src/runtime/factory.js';
import type { InstanceRunner } from '../../../src/runtime/instance-runner.js';
import { NodePids } from '../../../src/runtime/node-pids.js';
import { Resources } from '../../../src/runtime/resources.js';
import { Topology } from '../../../src/runtime/topology.js';
import { Turns } from '../../../src/runtime/turns.js';
import { errorToErrorData } from '../../../src/temporal/failures.js';
import { programOf, standardGlobals } from '../../support/instance.js';

const failed = (error: unknown): never => {
  throw error;
};
const topology = new Topology<InstanceRunner>();
const dispatcher = new Dispatcher();
dispatcher.add(
  'process',
  processHandlers({
    send: ({ to, topic, payloads }, { asker }) => topology.send(to, { topic, payloads, from: asker }),
  }),
);
dispatcher.freeze();
const factory = new Factory({
  dispatcher,
  resources: new Resources({ kinds: () => undefined, host: undefined as never, ids: () => [] }),
  turns: new Turns(failed),
  toErrorData: errorToErrorData,
  failed,
  modules: moduleLookup([], [...standardGlobals, processSpec]),
  pids: new NodePids(),
  topology,
  print: () => undefined,
});
afterEach(() => factory.terminateAll({ kind: 'Canceled', message: 'the test is over' }));

/** Runs this text as an actor that counts its turns. */
function actor(text: string): { readonly runner: InstanceRunner; turns: number } {
  const engine = engineNamed(DEFAULT_ENGINE);
  const compiled = engine.compile(programOf(text));
  if (!compiled.ok) throw new SyntaxError(compiled.diagnostics[0]?.message);
  const loaded = engine.load(compiled.artifact);
  const runner = factory.create({
    loaded,
    entry: 'app:main',
    host: 'test',
    values: dataObject(),
    frame: outermost,
  });
  const counted = { runner, turns: 0 };
  runner.mayRun = () => (counted.turns += 1) > 0;
  runner.start([]);
  return counted;
}
const timersHadTheirs = (): Promise<void> => new Promise((next) => setImmediate(next));

it('takes up an actor that never ends to write to itself once between two looks at timers, and its neighbour answers', async () => {
  const busy = actor(`
    local inbox = process.inbox()
    while true do
      process.send(process.pid(), "again")
      inbox:receive()
    end`);
  const neighbour = actor('local inbox = process.inbox() while true do inbox:receive() end');
  await timersHadTheirs();
  const first = busy.turns;
  for (let looks = 1; looks <= 10; looks++) {
    const before = neighbour.turns;
    void topology.send(neighbour.runner.pid, { topic: 'ping', from: undefined, payloads: [] });
    await timersHadTheirs();
    expect(neighbour.turns).toBe(before + 1);
    expect(busy.turns - first).toBeLessThanOrEqual(looks + 1);
  }
  expect(busy.turns).toBeGreaterThan(first);
});
