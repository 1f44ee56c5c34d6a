import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { platformKinds } from '../../../src/registry/kinds/index.js';
import { loadApp, type LoadResult } from '../../../src/registry/load/app.js';
import { defaults, linesOf, prepared, prepareFiles, writeApp } from './support.js';
import { prepareApp } from '../../../src/registry/pipeline/index.js';

const load = (files: Readonly<Record<string, string>>): Promise<LoadResult> =>
  loadApp(writeApp(files), { kinds: platformKinds });
const ids = ({ entries }: LoadResult): string[] => entries.map(({ id }) => id);

describe('loading an app', () => {
  it('takes every _index.yaml and every other file with a namespace and entries', async () => {
    const result = await load({
      'src/_index.yaml': 'namespace: app\nentries:\n  - { name: a, kind: registry.entry }\n',
      'src/api/_index.yml':
        'version: 1.0\nnamespace: app.api\nentries:\n  - { name: b, kind: registry.entry }\n',
      'src/api/routes.yaml': 'namespace: app.routes\nentries:\n  - { name: c, kind: registry.entry }\n',
      'src/api/single.yaml':
        'namespace: app.one\nname: d\nkind: registry.entry\nmeta: { title: One }\ncolour: red\n',
      'src/api/other.yaml': 'namespace: not-one\nspec: {}\n',
      'src/node_modules/x/_index.yaml': 'broken: [',
      'src/.hidden/_index.yaml': 'broken: [',
      'src/templates/chart.yaml': 'a: {{ .Values.a }}\n',
    });
    expect(linesOf(result.diagnostics)).toEqual([]);
    expect(ids(result)).toEqual(['app:a', 'app.api:b', 'app.routes:c', 'app.one:d']);
    const [, , , single] = result.entries;
    expect({ ...single?.data }).toEqual({ colour: 'red' });
    expect({ ...single?.meta }).toEqual({ title: 'One' });
    expect(single?.placeOf('/colour')).toEqual({ file: 'src/api/single.yaml', line: 5, column: 9 });
  });

  it('gives sources as text and names their chunks by the source folder', async () => {
    const result = await load({
      'src/orders/_index.yaml':
        'namespace: orders\nentries:\n  - { name: a, kind: function.lua, source: "file://lua/ä.lua" }\n  - { name: b, kind: library.lua, source: "file://../../shared.lua" }\n',
      'src/orders/lua/ä.lua': '\uFEFFreturn "ü"\n',
      'shared.lua': 'return 1\n',
    });
    expect(linesOf([...result.entryDiagnostics.values()].flat())).toEqual([]);
    expect(result.entries.map(({ file, data }) => [file, data['source'], data['chunk']])).toEqual([
      [{ chunk: 'orders/lua/ä.lua', path: 'src/orders/lua/ä.lua' }, 'return "ü"\n', 'orders/lua/ä.lua'],
      [{ chunk: 'shared.lua', path: 'shared.lua' }, 'return 1\n', 'shared.lua'],
    ]);
  });

  it('reads installed modules besides the app, with chunks under their name', async () => {
    const result = await load({
      'wippy.lock': 'modules:\n  - name: acme/http\n',
      'src/_index.yaml': 'namespace: app\nentries: []\n',
      '.wippy/vendor/acme/http/src/_index.yaml':
        'namespace: acme.http\nentries:\n  - { name: client, kind: library.lua, source: "file://client.lua" }\n',
      '.wippy/vendor/acme/http/src/client.lua': 'return {}\n',
    });
    expect(ids(result)).toEqual(['acme.http:client']);
    expect(result.entries[0]?.file?.chunk).toBe('acme/http/client.lua');
  });

  it('follows links that stay inside the app, each folder once', async () => {
    const folder = writeApp({
      'src/real/_index.yaml': 'namespace: app\nentries:\n  - { name: a, kind: registry.entry }\n',
    });
    symlinkSync('real', path.join(folder, 'src/again'));
    symlinkSync('..', path.join(folder, 'src/real/up'));
    const result = await loadApp(folder, { kinds: platformKinds });
    expect(linesOf(result.diagnostics)).toEqual([]);
    expect(ids(result)).toEqual(['app:a']);
  });

  it('leaves the state folder alone', async () => {
    const folder = writeApp({
      '_index.yaml': 'namespace: app\nentries: []\n',
      'state/_index.yaml': 'broken: [',
    });
    const result = await loadApp(folder, { kinds: platformKinds, stateFolder: path.join(folder, 'state') });
    expect(linesOf(result.diagnostics)).toEqual([]);
  });

  it('never opens what is outside the app: the file is not even touched', async () => {
    const folder = writeApp({ 'canary.lua': 'return "canary"', 'app/x/readme.txt': '' });
    mkdirSync(path.join(folder, 'app/lua'));
    symlinkSync('../../canary.lua', path.join(folder, 'app/lua/a.lua'));
    symlinkSync('/proc/self/environ', path.join(folder, 'app/lua/b.lua'));
    symlinkSync('loop.lua', path.join(folder, 'app/lua/loop.lua'));
    const sources = [
      '../canary.lua',
      'x/../../canary.lua',
      'lua/a.lua',
      'lua/b.lua',
      'lua/loop.lua',
      './/..//canary.lua',
    ];
    const entries = sources.map(
      (source, at) => `  - { name: e${at}, kind: library.lua, source: "file://${source}" }`,
    );
    execFileSync('sh', [
      '-c',
      'printf "%s" "$1" > "$2"',
      'sh',
      `namespace: app\nentries:\n${entries.join('\n')}\n`,
      path.join(folder, 'app/_index.yaml'),
    ]);
    const result = await loadApp(path.join(folder, 'app'), { kinds: platformKinds });
    const lines = linesOf([...result.entryDiagnostics.values()].flat());
    expect(lines.map((line) => /leads out of the app|cannot be read/.exec(line)?.[0])).toEqual([
      'leads out of the app',
      'leads out of the app',
      'leads out of the app',
      'leads out of the app',
      'cannot be read',
      'leads out of the app',
    ]);
    expect(JSON.stringify(result.entries.map(({ data }) => data))).not.toContain('canary"');
  });

  it('does not look into node_modules, nor where a link of that name leads', async () => {
    const folder = writeApp({
      'app/src/_index.yaml': 'namespace: app\nentries: []\n',
      'shared/x/_index.yaml': 'not: mine\n',
    });
    for (const at of ['app/node_modules', 'app/src/node_modules'])
      symlinkSync(path.join(folder, 'shared'), path.join(folder, at));
    const loaded = await loadApp(path.join(folder, 'app'), { kinds: platformKinds });
    expect(linesOf(loaded.diagnostics)).toEqual([]);
  });

  it('takes an app that is itself reached through a link', async () => {
    const folder = writeApp({
      'real/_index.yaml': 'namespace: app\nentries:\n  - { name: a, kind: registry.entry }\n',
    });
    symlinkSync('real', path.join(folder, 'link'));
    expect(ids(await loadApp(path.join(folder, 'link'), { kinds: platformKinds }))).toEqual(['app:a']);
  });
});

describe('the examples', () => {
  const examples = path.join(import.meta.dirname, '../../../examples');
  for (const name of readdirSync(examples)) {
    const needsExtension = readFileSync(path.join(examples, name, 'moontide.yaml'), 'utf8').includes(
      'extensions:',
    );
    it.skipIf(needsExtension)(`loads ${name} without a complaint about its entries`, async () => {
      const loaded = await loadApp(path.join(examples, name), { kinds: platformKinds });
      const result = prepareApp(loaded, {
        ...defaults,
        modules: { built: defaults.modules.known, known: [] },
      });
      expect(
        linesOf(result.ok ? result.warnings : result.diagnostics).filter(
          (line) => !line.includes('not built'),
        ),
      ).toEqual([]);
    });
  }
});

describe('placeholders', () => {
  it('are taken for any value, kept as they are, and looked up among the variables', async () => {
    const result = prepared(
      await prepareFiles({
        '_index.yaml': [
          'namespace: app',
          'entries:',
          '  - { name: os_env, kind: env.storage.os }',
          '  - { name: queue, kind: env.variable, variable: QUEUE, storage: os_env }',
          '  - name: worker',
          '    kind: temporal.worker',
          '    task_queue: "${env:QUEUE}"',
          '    worker_options: { max_concurrent_activity_task_pollers: "${env:POLLERS|5}", build_id: "${env:NOBODY}" }',
        ].join('\n'),
      }),
    );
    expect(result.entries[2]?.data['task_queue']).toBe('${env:QUEUE}');
    expect(result.dependencies.get(result.entries[2]!.id)).toEqual(['app:queue']);
    expect(linesOf(result.warnings)).toEqual([
      "_index.yaml:8:91: no variable has the name 'NOBODY'; add an 'env.variable' with 'variable: NOBODY'",
    ]);
  });
});
