import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/core/diagnostics.js';
import type { Program } from '../../../src/core/program.js';
import { toBytes } from '../../../src/core/text.js';
import { canonicalHash, canonicalJson } from '../../../src/registry/pipeline/canonical-json.js';
import { prepareEntries } from '../../../src/registry/pipeline/index.js';
import { defaults, entry, linesOf, prepared, prepareFiles } from './support.js';

const files = {
  'src/_index.yaml': `
namespace: app
entries:
  - { name: worker, kind: temporal.worker, task_queue: q }
  - name: order
    kind: workflow.lua
    source: file://order.lua
    method: main
    modules: [funcs, json]
    imports: { lib: lib, pay: pay, clock: time }
    budget: { memory: 64MB, instructions: 1000, on_exceed: park }
    meta: { temporal: { workflow: { worker: worker } } }
  - { name: pay, kind: function.lua, source: "file://pay.lua", method: charge, imports: { deep: lib } }
  - { name: lib, kind: library.lua, source: "file://lib.lua", modules: [json] }
  - { name: lonely, kind: library.lua, source: "file://lib.lua" }
`,
  'src/order.lua': 'return { main = function() end } -- ü\n',
  'src/pay.lua': 'return {}\n',
  'src/lib.lua': 'return {}\n',
};

describe('programs', () => {
  it('are the closure over imports, each unit with its own', async () => {
    const { programs } = prepared(await prepareFiles(files));
    expect([...programs.keys()]).toEqual(['app:order', 'app:pay']);
    const program = [...programs.values()][0]?.program;
    expect(program).toMatchObject({
      entry: 'app:order',
      kind: 'workflow.lua',
      method: 'main',
      budget: { memory: 64 * 1024 * 1024, instructions: 1000, on_exceed: 'park' },
    });
    expect(Object.keys(program?.units ?? {}).sort()).toEqual(['app:lib', 'app:order', 'app:pay']);
    expect({ ...program?.units['app:order']?.imports }).toEqual({
      funcs: { module: 'funcs' },
      json: { module: 'json' },
      lib: { unit: 'app:lib' },
      pay: { unit: 'app:pay' },
      clock: { module: 'time' },
    });
    expect(program?.units['app:order']).toMatchObject({
      chunk: 'order.lua',
      source: toBytes(files['src/order.lua']),
    });
    expect(program?.units['app:order']).not.toHaveProperty('method');
    expect(program?.units['app:pay']?.method).toBe('charge');
    expect({ ...program?.units['app:lib']?.imports }).toEqual({ json: { module: 'json' } });
  });

  const hashesOf = async (changes: Readonly<Record<string, string>>): Promise<Record<string, string>> => {
    const { programs } = prepared(await prepareFiles({ ...files, ...changes }));
    return Object.fromEntries([...programs].map(([id, { hash }]) => [id, hash]));
  };

  it('keep their hash as long as nothing in their closure changes', async () => {
    const before = await hashesOf({});
    expect(await hashesOf({ 'other/readme.md': 'x', 'src/z.yaml': 'namespace: z\nentries: []\n' })).toEqual(
      before,
    );
    const yaml = files['src/_index.yaml'];
    expect(await hashesOf({ 'src/_index.yaml': yaml.replace('task_queue: q', 'task_queue: r') })).toEqual(
      before,
    );
    expect(
      await hashesOf({ 'src/_index.yaml': yaml.replace('{ lib: lib, pay: pay', '{ pay: app:pay, lib: lib') }),
    ).toEqual(before);
    for (const hash of Object.values(before)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('change their hash when an import of an import changes, and only then', async () => {
    const before = await hashesOf({});
    const order = await hashesOf({ 'src/order.lua': 'return {}' });
    expect([order['app:order'] === before['app:order'], order['app:pay'] === before['app:pay']]).toEqual([
      false,
      true,
    ]);
    const lib = await hashesOf({ 'src/lib.lua': 'return 2' });
    expect([lib['app:order'] === before['app:order'], lib['app:pay'] === before['app:pay']]).toEqual([
      false,
      false,
    ]);
  });

  it('come out of stored entries as they came out of the files', async () => {
    const first = prepared(await prepareFiles(files));
    const stored = JSON.parse(
      JSON.stringify(first.entries.map(({ id, kind, meta, data }) => ({ id, kind, meta, data }))),
    ) as typeof first.entries;
    const second = prepared(prepareEntries(stored, defaults));
    expect(second.programs).toEqual(first.programs);
    expect(second.warnings).toEqual([]);
  });

  it('are compiled with every library, and each problem is told once, at its file', async () => {
    const seen: string[] = [];
    const compile = (program: Program): Diagnostic[] => {
      seen.push(program.entry);
      return Object.values(program.units).map(({ chunk }) => ({
        severity: 'error',
        place: { file: chunk, line: 1, column: 0 },
        message: 'no good',
      }));
    };
    const result = await prepareFiles(files, { compile });
    expect(seen).toEqual(['app:order', 'app:pay', 'app:lonely']);
    expect(result.ok ? [] : linesOf(result.diagnostics)).toEqual([
      'src/lib.lua:1: no good',
      'src/order.lua:1: no good',
      'src/pay.lua:1: no good',
    ]);
  });
});

describe('entries made at run time', () => {
  const run = (...entries: Parameters<typeof prepareEntries>[0]): string[] => {
    const result = prepareEntries(entries, defaults);
    return result.ok ? [] : linesOf(result.diagnostics);
  };

  it('are checked as those of files are, under their id', () => {
    expect(run(entry('app:f', 'function.lua', { source: 'return 1', pool: { type: 'lazi' } }))).toEqual([
      "app:f: 'pool.type' must be 'inline', 'lazy', 'static' or 'adaptive', got 'lazi'; did you mean 'lazy'?",
    ]);
  });

  it('cannot name files', () => {
    expect(run(entry('app:f', 'function.lua', { source: 'file:///etc/passwd' }))).toEqual([
      "app:f: 'source' of 'app:f' is a file, and only YAML files of the app can name files; give the text itself",
    ]);
  });

  it('have their id as the name of their chunk', () => {
    const result = prepareEntries([entry('app:f', 'function.lua', { source: 'return 1' })], defaults);
    expect(result.ok && [...result.programs.values()][0]?.program.units['app:f']?.chunk).toBe('app:f');
  });
});

describe('canonical JSON', () => {
  it('spells one value in one way', () => {
    expect(canonicalJson({ b: [1, 'ü', null], a: { d: undefined, c: true } })).toBe(
      '{"a":{"c":true},"b":[1,"ü",null]}',
    );
    expect(canonicalHash({ a: 1, b: 2 })).toBe(canonicalHash({ b: 2, a: 1 }));
    expect(canonicalHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });
});
