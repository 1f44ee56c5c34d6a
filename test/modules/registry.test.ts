import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Authorize } from '../../src/core/authorize.js';
import type { Data } from '../../src/core/data.js';
import { toBytes } from '../../src/core/text.js';
import { registrySpec } from '../../src/modules/registry/spec.js';
import { evaluate } from './evaluate.js';
import { answersOf, openRegistryNode, publishExample, type RegistryNode } from './registry-node.js';

const open: RegistryNode[] = [];
async function makeNode(authorize?: Authorize): Promise<RegistryNode> {
  const node = await openRegistryNode(authorize);
  open.push(node);
  return node;
}
const lua = (node: RegistryNode, body: string): Promise<readonly Data[]> =>
  evaluate(toBytes(body), { modules: [registrySpec], answers: answersOf(node) });

describe('registry', () => {
  let node: RegistryNode;
  beforeEach(async () => {
    node = await makeNode();
    await publishExample(node);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
  });

  it('returns wrong arguments as Invalid', async () => {
    const wrong = [
      'registry.get()',
      'registry.get("no id")',
      'registry.get(7)',
      'registry.find("x")',
      'registry.find({[".nope"] = 1})',
      'registry.find({["~meta.type"] = "("})',
      'registry.parse_id("x")',
      'registry.snapshot_at("x")',
      'registry.apply_version()',
      'registry.snapshot():changes():create({kind = "registry.entry"})',
      'registry.snapshot():changes():create({id = "app:x"})',
      'registry.snapshot():changes():create({id = "app:x", kind = "registry.entry", data = {f = print}})',
      'registry.snapshot():changes():create({id = "app:x", kind = "registry.entry", data = "text"}):apply()',
      'registry.snapshot():changes():create({id = "x", kind = "registry.entry"}):apply()',
      'registry.snapshot():changes():create({id = "app:x", kind = "test.kind"}):apply()',
      'registry.snapshot():changes():update({id = "app:nobody", kind = "registry.entry"}):apply()',
      'registry.snapshot():changes():delete("app:nobody"):apply()',
      'registry.build_delta({{id = "x"}}, {})',
      'registry.build_delta({{id = "a:x", kind = "k"}, {id = "a:x", kind = "k"}}, {})',
    ];
    for (const call of wrong) {
      const [value, kind] = await lua(node, `local v, err = ${call} return v, err and err:kind()`);
      expect([call, value, kind]).toEqual([call, '<nil>', 'Invalid']);
    }
    expect(node.registry.current.version.number).toBe(1);
  });

  it('refuses a change that brings a template which is none, by the delimiters of its set', async () => {
    const apply = (source: string): Promise<readonly Data[]> =>
      lua(
        node,
        `local changes = registry.snapshot():changes()
        changes:create({ id = "app:views", kind = "template.set", data = { engine = { delimiters = { left = "[[" } } } })
        changes:create({ id = "app:page", kind = "template.jet", data = { set = "views", source = "${source}" } })
        local version, err = changes:apply()
        return version ~= nil, err and err:kind(), err and err:message()`,
      );
    const [applied, kind, message] = await apply('{{ if }} [[ end }}');
    expect([applied, kind]).toEqual([false, 'Invalid']);
    expect(message).toContain("line 1 of the source: unexpected 'end'");
    expect(await apply('{{ if }} [[ name }}')).toEqual([true, '<nil>', '<nil>']);
  });

  it('ignores plain keys that name no field, and matches by every operator', async () => {
    const count = async (filter: string): Promise<Data | undefined> =>
      (await lua(node, `return #registry.find(${filter})`))[0];
    expect(await count('{anything = 1}')).toBe(2);
    expect(await count('{[".ns"] = "app", [".kind"] = "registry.*"}')).toBe(2);
    expect(await count('{["~.name"] = "^p.*s$"}')).toBe(1);
    expect(await count('{["$.name"] = "its"}')).toBe(1);
    expect(await count('{["^data.mug"] = "1"}')).toBe(0);
    expect(await count('{["data.mug"] = 12}')).toBe(1);
    expect(await count('{meta = {type = "config"}}')).toBe(2);
    expect(await count('nil')).toBe(2);
  });

  it('takes text with umlauts and gives it back, and refuses bytes that are no text', async () => {
    expect(
      await lua(
        node,
        `registry.snapshot():changes():create({id = "app:x", kind = "registry.entry", data = {["grüße"] = "Zürich"}}):apply({comment = "für alle"})
         local version = registry.current_version()
         local bad, err = registry.snapshot():changes():update({id = "app:x", data = {x = "\\xff"}}):apply()
         return registry.get("app:x").data["grüße"], version:comment(), bad, err:kind()`,
      ),
    ).toEqual(['ZÃ¼rich', 'fÃ¼r alle', '<nil>', 'Invalid']);
    expect(node.registry.current.version.comment).toBe('für alle');
    expect(node.registry.current.get('app:x')?.data).toEqual({ grüße: 'Zürich' });
  });

  it('names who made a version: the entry that asked', async () => {
    await lua(node, 'registry.snapshot():changes():delete("app:prices"):apply()');
    expect(node.registry.current.version).toMatchObject({ author: 'tester@test', via: 'lua app:main' });
  });

  it('makes one version of a command that a workflow sends twice', async () => {
    const command = {
      type: 'registry.apply',
      base: 1,
      ops: [{ kind: 'entry.delete', id: 'app:prices' }],
    };
    const first = await node.ask(command, 'run-1/4');
    expect(await node.ask(command, 'run-1/4')).toEqual(first);
    expect(node.registry.current.version.number).toBe(2);
    await expect(node.ask(command, 'run-1/5')).rejects.toMatchObject({ code: 'REGISTRY_CONFLICT' });
  });

  it('hides what the caller may not read, and refuses what it may not do', async () => {
    const asked: string[] = [];
    const strict = await makeNode(({ entry }, action, resource) => {
      asked.push(`${entry} ${action} ${resource}`.trim());
      return action === 'registry.get' && resource !== 'app:prices';
    });
    await publishExample(strict);
    expect(
      await lua(
        strict,
        `local snap = registry.snapshot()
         local function kind(_, err) return err:kind() end
         return #registry.find({}), #snap:entries(), #snap:namespace("app"), #snap:find({[".name"] = "*"}),
           kind(registry.get("app:prices")), kind(snap:get("app:prices")), kind(registry.history():of("app:prices")),
           kind(snap:changes():delete("app:limits"):apply()), kind(registry.apply_version(1)), registry.get("app:limits").id`,
      ),
    ).toEqual([1, 1, 1, 1, ...Array<string>(5).fill('PermissionDenied'), 'app:limits']);
    expect(asked).toContain('app:main registry.apply');
    expect(asked).toContain('app:main registry.apply_version');
    expect(strict.registry.current.version.number).toBe(1);
  });

  it('compares two states as the platform does, and says what was there before', async () => {
    expect(
      await lua(
        node,
        `local from = {{id = "a:gone", kind = "k", data = {needs = "a:base"}}, {id = "a:base", kind = "k"}, {id = "a:kept", kind = "k", data = {n = 1}}}
         local to = {{id = "a:kept", kind = "k", data = {n = 2}}, {id = "a:top", kind = "k", data = {needs = "a:low"}}, {id = "a:low", kind = "k"}}
         local lines = {}
         for _, op in ipairs(registry.build_delta(from, to)) do
           lines[#lines + 1] = op.kind .. " " .. op.entry.id .. " " .. tostring(op.original and op.original.data.n)
         end
         return table.unpack(lines)`,
      ),
    ).toEqual([
      'entry.delete a:gone nil',
      'entry.delete a:base nil',
      'entry.update a:kept 1',
      'entry.create a:low nil',
      'entry.create a:top nil',
    ]);
  });
});
