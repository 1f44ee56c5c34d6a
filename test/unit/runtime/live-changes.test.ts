// A node whose app changes itself: what `apply` has given is what the next call runs, and what a restart finds.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Data } from '../../../src/core/data.js';
import { runNode } from '../../../src/cli/run-node.js';
import type { RunningNode } from '../../../src/cli/running-node.js';

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: agent, kind: function.lua, source: file://agent.lua, modules: [registry, funcs] }
  - { name: rates, kind: library.lua, source: 'return { vat = 19 }' }
  - { name: price, kind: function.lua, source: file://price.lua, imports: { rates: rates } }
`;
const AGENT = `
return function(code, ...)
  local run = { }
  function run.put(op, entry) return registry.snapshot():changes()[op](nil, entry) end
  return ({
    learn = function(name, source)
      local changes = registry.snapshot():changes()
      changes:create({ id = "app:" .. name, kind = "function.lua", meta = {}, data = { source = source } })
      local version, err = changes:apply()
      if not version then return { err:kind(), err:message() } end
      return funcs.call("app:" .. name)
    end,
    rate = function(source)
      local changes = registry.snapshot():changes()
      changes:update({ id = "app:rates", data = { source = source } })
      local version, err = changes:apply()
      if not version then return { err:kind(), err:message() } end
      return funcs.call("app:price", 100)
    end,
    worker = function(options)
      local changes = registry.snapshot():changes()
      for i = 1, 2 do
        changes:create({ id = "app:worker" .. i, kind = "temporal.worker", meta = {}, data = { task_queue = "shared", worker_options = options[i] } })
      end
      local version, err = changes:apply()
      if not version then return { err:kind(), err:message() } end
      return "taken"
    end,
    back = function(n)
      local ok, err = registry.apply_version(n)
      return ok or err:message()
    end,
  })[code](...)
end
`;

let folder = '';
let node: RunningNode | undefined;
const start = async (): Promise<RunningNode> =>
  (node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, environment: {} }));
const stop = async (): Promise<void> => {
  await node?.stop();
  node = undefined;
};
async function call(entry: string, ...args: Data[]): Promise<Data | undefined> {
  if (node === undefined) throw new Error('there is no node');
  const outcome = await node.call(entry, args);
  if (!outcome.ok) throw new Error(`${outcome.error.kind}: ${outcome.error.message}`);
  return outcome.values[0];
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-live-'));
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/_index.yaml'), INDEX);
  writeFileSync(join(folder, 'src/agent.lua'), AGENT);
  writeFileSync(
    join(folder, 'src/price.lua'),
    'return function(net) return net + net * require("rates").vat // 100 end',
  );
});
afterEach(stop);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an app that changes itself', () => {
  it('calls the function that it has just made', async () => {
    await start();
    expect(await call('app:agent', 'learn', 'answer', 'return function() return 42 end')).toBe(42);
    expect(node?.registry.current.version.via).toBe('lua app:agent');
    expect(node?.registry.current.version.author).toMatch(/^\S.*@/);
  });

  it('finds it again after a restart, which publishes the folder', async () => {
    await start();
    expect(await call('app:answer')).toBe(42);
  });

  it('runs the new code of a library wherever it is imported', async () => {
    await start();
    expect(await call('app:price', 100)).toBe(119);
    expect(await call('app:agent', 'rate', 'return { vat = 7 }')).toBe(107);
    await stop();
    await start();
    expect(await call('app:price', 100)).toBe(107);
  });

  it('hears all that is wrong and goes on as it was', async () => {
    await start();
    const before = node?.registry.current.version.number;
    expect(await call('app:agent', 'rate', 'return { vat = ')).toEqual([
      'Invalid',
      expect.stringMatching(/^nothing was changed: app:rates:1:\d+: unexpected symbol near <eof>$/),
    ]);
    expect(node?.registry.current.version.number).toBe(before);
    expect(await call('app:price', 100)).toBe(107);
  });

  it('goes back to the version that the folder was published as', async () => {
    await start();
    expect(await call('app:agent', 'back', 1)).toBe(true);
    expect(await call('app:price', 100)).toBe(119);
    await expect(call('app:answer')).rejects.toThrow('NotFound');
  });

  it('is refused workers that do not agree, by the listener that would have to run them', async () => {
    await start();
    const refused = await call('app:agent', 'worker', [
      { max_concurrent_activity_execution_size: 1 },
      { max_concurrent_activity_execution_size: 2 },
    ]);
    expect(refused).toEqual(['Invalid', expect.stringContaining('workers rejected the create of')]);
    expect(node?.registry.current.get('app:worker1')).toBe(undefined);
  });
});
