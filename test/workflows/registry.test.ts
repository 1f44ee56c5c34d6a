// The registry from inside a workflow: each question and each change is a command whose answer is in the history.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { luaSuite } from '../support/lua-suite.js';
import { openRegistryNode, publishExample, type RegistryNode } from '../modules/registry-node.js';

const SOURCE = `
return function()
  local time = require("time")
  local registry = require("registry")
  local snap = registry.snapshot()
  local before = snap:get("app:limits").data.orders
  time.sleep("1ms") -- a task of its own: with no cache all before it is replayed
  local version = assert(snap:changes():update({ id = "app:limits", data = { orders = before + 1 } }):apply())
  time.sleep("1ms")
  local late, err = snap:changes():delete("app:prices"):apply()
  time.sleep("1ms")
  return {
    before, snap:get("app:limits").data.orders, registry.get("app:limits").data.orders,
    version:string(), version:via(), version:previous():id(), late == nil and err:kind(), #registry.history():of("app:limits"),
  }
end`;

describe('registry in a workflow', () => {
  const { app, run } = luaSuite();
  let node: RegistryNode;
  beforeAll(async () => {
    node = await openRegistryNode();
    await publishExample(node);
  });
  afterAll(() => node[Symbol.asyncDispose]());

  it('changes once what it changes, and keeps its snapshot over steps and replays', async () => {
    const types = ['get', 'find', 'entries', 'version', 'versions', 'history', 'apply', 'apply_version'];
    const handlers = Object.fromEntries(
      types.map((type) => [
        `registry.${type}`,
        (command: Parameters<RegistryNode['ask']>[0], { key }: { key: string | undefined }) =>
          node.ask(command, key ?? ''),
      ]),
    );
    const it = await app(
      { 'app:change': { kind: 'workflow.lua', source: SOURCE, modules: ['registry', 'time'] } },
      { handlers, worker: { overrides: { maxCachedWorkflows: 0 } } },
    );
    const [result] = await run(it, 'app:change');
    expect(result).toEqual([10, 10, 11, 'v2', 'lua app:main', 1, 'Conflict', 2]);
    expect(it.commands.every(({ key }) => key !== undefined)).toBe(true);
    expect(node.registry.current.version.number).toBe(2);
  });
});
