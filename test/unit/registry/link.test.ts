import { describe, expect, it } from 'vitest';
import { platformKinds } from '../../../src/registry/kinds/index.js';
import { globMatcher } from '../../../src/registry/model/query.js';
import { disableEntries } from '../../../src/registry/pipeline/disable.js';
import { DependencyPatterns } from '../../../src/registry/model/dependencies.js';
import { linkEntries } from '../../../src/registry/pipeline/link.js';
import { entry, linesOf, modules } from './support.js';

const kinds = new Map(platformKinds.map((kind) => [kind.name, kind]));
const place = { file: 'moontide.yaml', line: 1, column: 1 };
const worker = entry('app:worker', 'temporal.worker', { task_queue: 'q' });

describe('linking', () => {
  it('makes every reference a full id and knows the edges', () => {
    const order = entry(
      'app:order',
      'workflow.lua',
      {
        source: '',
        imports: { a: 'lib', b: ':lib', c: 'other:lib', json: 'json' },
        lifecycle: { requires: ['worker'] },
      },
      { temporal: { workflow: { worker: 'worker' } } },
    );
    const entries = [
      worker,
      order,
      entry('app:lib', 'library.lua', { source: '' }),
      entry('other:lib', 'library.lua', { source: '' }),
    ];
    const result = linkEntries(entries, { kinds, modules });
    expect(linesOf(result.diagnostics)).toEqual([]);
    const linked = result.entries[1];
    expect(linked?.meta).toEqual({ temporal: { workflow: { worker: 'app:worker' } } });
    expect(linked?.data['imports']).toEqual({ a: 'app:lib', b: 'app:lib', c: 'other:lib', json: 'json' });
    expect(linked?.data['lifecycle']).toEqual({ requires: ['app:worker'] });
    expect(result.dependencies.get(order.id)).toEqual(['app:lib', 'other:lib', 'app:worker']);
    expect(linked && new DependencyPatterns(kinds.values()).of(linked)).toEqual([
      'app:lib',
      'other:lib',
      'app:worker',
    ]);
  });

  it('gives what is linked already back as it is', () => {
    const entries = [
      worker,
      entry('app:f', 'function.lua', { source: '' }, { temporal: { activity: { worker: 'worker' } } }),
    ];
    const once = linkEntries(entries, { kinds, modules }).entries;
    const twice = linkEntries(once, { kinds, modules });
    expect(twice.entries).toEqual(once);
    expect(twice.diagnostics).toEqual([]);
  });

  it('prefers an entry of the own namespace to a built-in module of the same name', () => {
    const json = entry('app:json', 'library.lua', { source: '' });
    const user = entry('app:user', 'function.lua', { source: '', imports: { json: 'json', time: 'time' } });
    const [, linked] = linkEntries([json, user], { kinds, modules }).entries;
    expect(linked?.data['imports']).toEqual({ json: 'app:json', time: 'time' });
  });

  it('tells each cycle of imports once, whatever way leads into it', () => {
    const library = (name: string, ...targets: string[]): ReturnType<typeof entry> =>
      entry(`app:${name}`, 'library.lua', {
        source: '',
        imports: Object.fromEntries(targets.map((to) => [to, to])),
      });
    const entries = [
      library('start', 'a', 'b'),
      library('a', 'b'),
      library('b', 'c'),
      library('c', 'a'),
      library('end'),
    ];
    expect(linesOf(linkEntries(entries, { kinds, modules }).diagnostics)).toEqual([
      'app:a: imports go in a circle: app:a -> app:b -> app:c -> app:a; move what both need into a library of its own',
    ]);
  });

  it('walks a chain of imports of any length', () => {
    const entries = Array.from({ length: 20_000 }, (_, at) =>
      entry(`app:l${at}`, 'library.lua', {
        source: '',
        imports: at === 19_999 ? {} : { next: `l${at + 1}` },
      }),
    );
    expect(linkEntries(entries, { kinds, modules }).diagnostics).toEqual([]);
  });

  it('warns where a name is both a module and an import', () => {
    const sql = entry('app:sql', 'library.lua', { source: '' });
    const user = entry('app:user', 'function.lua', {
      source: '',
      modules: ['sql'],
      imports: { sql: ':sql' },
    });
    expect(linesOf(linkEntries([sql, user], { kinds, modules }).diagnostics)).toEqual([
      "app:user: 'sql' is both a module and an import; the import counts; remove one",
    ]);
  });
});

describe('globs of namespaces', () => {
  it('know one segment from any number', () => {
    const cases: [glob: string, matching: string[], other: string[]][] = [
      ['legacy', ['legacy'], ['legacy.a', 'legacyx', 'xlegacy']],
      ['legacy.*', ['legacy.a'], ['legacy', 'legacy.a.b']],
      ['legacy.**', ['legacy', 'legacy.a', 'legacy.a.b'], ['legacyx', 'x.legacy']],
      ['**', ['a', 'a.b'], []],
      ['*.test', ['app.test'], ['test', 'a.b.test']],
      ['**.test', ['app.test', 'a.b.test'], ['app.tests']],
      ['app:old_*', ['app:old_a'], ['app:new', 'app:old_a.b']],
      ['app:**', ['app:a', 'app:a.b'], ['app.x:a']],
    ];
    for (const [glob, matching, other] of cases) {
      const matches = globMatcher(glob);
      expect([glob, ...matching.filter((name) => !matches(name)), ...other.filter(matches)]).toEqual([glob]);
    }
  });
});

describe('disabling', () => {
  const entries = [worker, entry('app.test:a', 'registry.entry'), entry('app:b', 'registry.entry')];
  it('leaves entries out by id and by namespace', () => {
    const result = disableEntries(entries, {
      namespaces: [{ value: 'app.test', place }],
      entries: [{ value: 'app:b', place }],
    });
    expect(result.entries.map(({ id }) => id)).toEqual(['app:worker']);
    expect([...result.disabled].sort()).toEqual(['app.test:a', 'app:b']);
    expect(result.diagnostics).toEqual([]);
  });
});
