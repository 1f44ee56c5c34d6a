import { realpathSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAppConfig } from '../../../src/registry/load/app.js';
import { resolveAppName, type AppConfig, type AppName } from '../../../src/registry/load/config.js';
import { linesOf, writeApp } from './support.js';

async function configOf(
  files: Readonly<Record<string, string>>,
): Promise<{ folder: string; config: AppConfig }> {
  const { appFolder, config, diagnostics } = await loadAppConfig(writeApp(files));
  expect(linesOf(diagnostics)).toEqual([]);
  return { folder: appFolder, config };
}
const sourceOf = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const { folder, config } = await configOf(files);
  return path.relative(folder, config.sourceFolder);
};

describe('the source folder', () => {
  it('is what moontide.yaml says, else wippy.lock, else src, else the app itself', async () => {
    const files = { 'own/a.txt': '', 'locked/a.txt': '', 'src/a.txt': '' };
    const lock = 'directories:\n  src: ./locked\n  modules: .wippy\n';
    expect(await sourceOf({ ...files, 'moontide.yaml': 'source: own\n', 'wippy.lock': lock })).toBe('own');
    expect(await sourceOf({ ...files, 'wippy.lock': lock })).toBe('locked');
    expect(await sourceOf(files)).toBe('src');
    expect(await sourceOf({ 'own/a.txt': '' })).toBe('');
  });
});

describe('configuration', () => {
  it('reads every section of moontide.yaml, placeholders as they are written', async () => {
    const { config } = await configOf({
      'moontide.yaml': [
        'name: orders',
        'temporal: { address: "${env:TEMPORAL}", namespace: shop }',
        'registry: { store: postgres, url: "${env:DATABASE_URL}" }',
        'lua: { engine: fengari }',
        'extensions: [./ext.js]',
        'env: { PORT: 8080, NAME: shop, DEBUG: true, RATE: 3.0 }',
        'log: { level: debug }',
        'security: { strict_mode: true }',
        'shutdown: { timeout: 5s }',
      ].join('\n'),
    });
    expect(config.name?.value).toBe('orders');
    expect({ ...config.temporal }).toEqual({ address: '${env:TEMPORAL}', namespace: 'shop' });
    expect({ ...config.registry }).toEqual({ store: 'postgres', url: '${env:DATABASE_URL}' });
    expect(config.lua.engine).toBe('fengari');
    expect(config.extensions).toEqual([
      { value: './ext.js', place: { file: 'moontide.yaml', line: 5, column: 14 } },
    ]);
    expect(config.env).toEqual({ PORT: '8080', NAME: 'shop', DEBUG: 'true', RATE: '3' });
    expect(config.log.level).toBe('debug');
    expect(config.security.strict_mode).toBe(true);
    expect(config.shutdown.timeout).toBe('5s');
  });

  it('lets moontide.yaml win over .wippy.yaml and passes over sections of other programs', async () => {
    const { config } = await configOf({
      'moontide.yaml': 'override:\n  app:db:file: own.db\nlog: { level: warn }\n',
      '.wippy.yaml':
        'version: "1.0"\nlogger: { encoding: json }\ncluster: { enabled: true }\noverride:\n  app:db:file: old.db\n  app:web:addr: ":9"\ndisable:\n  namespaces: ["legacy.**"]\n',
    });
    expect([...config.override].map(([key, { value }]) => [key, value])).toEqual([
      ['app:db:file', 'own.db'],
      ['app:web:addr', ':9'],
    ]);
    expect(config.log).toEqual({ format: 'json', level: 'warn' });
    expect(config.disable.namespaces).toMatchObject([
      { value: 'legacy.**', place: { file: '.wippy.yaml', line: 8 } },
    ]);
  });

  it('finds installed modules and what replaces them, replacements first', async () => {
    const { folder, config } = await configOf({
      'wippy.lock': 'modules:\n  - name: acme/http\n  - name: acme/sql\n',
      '.wippy.yaml': 'workspace:\n  replacements:\n    acme/sql: ./local-sql\n    acme/off: null\n',
      '.wippy/vendor/acme/http/src/_index.yaml': '',
      '.wippy/vendor/acme/sql/_index.yaml': '',
      'local-sql/_index.yaml': '',
    });
    expect(config.modules.map(({ name, folder: at }) => [name, path.relative(folder, at)])).toEqual([
      ['acme/sql', 'local-sql'],
      ['acme/http', '.wippy/vendor/acme/http'],
    ]);
  });
});

describe('the name of an app', () => {
  const nameOf = async (files: Readonly<Record<string, string>>): Promise<AppName> => {
    const { folder, config } = await configOf(files);
    return resolveAppName(config, folder);
  };

  it('comes from moontide.yaml, else from wippy.yaml', async () => {
    expect(await nameOf({ 'moontide.yaml': 'name: a', 'wippy.yaml': 'name: b' })).toEqual({ name: 'a' });
    expect(await nameOf({ 'wippy.yaml': 'organization: acme\nmodule: shop' })).toEqual({
      name: 'shop',
    });
  });

  it("is made of the folder, for what is that folder's alone", async () => {
    const name = await nameOf({});
    expect(name.name).toMatch(/^moontide-app-\w+-[0-9a-f]{6}$/);
    expect(linesOf(name.unnamed === undefined ? [] : [name.unnamed])).toEqual([
      "moontide.yaml: the app has no name, and what it runs on is not its own alone; add 'name: my-app'",
    ]);
  });

  it('differs for two folders of one name, and is the same for one folder', () => {
    const config = { ...emptyConfig };
    const at = (folder: string): string => resolveAppName(config, folder).name;
    expect(at('/a/shop')).not.toBe(at('/b/shop'));
    expect(at('/a/shop')).toBe(at('/a/shop'));
    expect(at('/')).toMatch(/^app-[0-9a-f]{6}$/);
    expect(at('/x/1 2 ü/99 my shop')).toMatch(/^my-shop-[0-9a-f]{6}$/);
  });

  it('is refused once, where it stands, when it cannot name a task queue', async () => {
    const problems = async (file: string): Promise<string[]> =>
      linesOf((await loadAppConfig(writeApp({ [file]: 'name: "my shop"' }))).diagnostics);
    expect(await problems('moontide.yaml')).toEqual([
      "moontide.yaml:1:7: 'name' must be a letter followed by at most 62 letters, digits, '_' and '-', got 'my shop'",
    ]);
    expect(await problems('wippy.yaml')).toEqual([
      "wippy.yaml:1:7: bad app name 'my shop'; use letters, digits, '_' and '-', a letter first",
    ]);
  });
});

const emptyConfig = { disable: { namespaces: [], entries: [] } } as unknown as AppConfig;

it('says so when there is no such folder', async () => {
  const { diagnostics } = await loadAppConfig(path.join(realpathSync('.'), 'no-such-folder'));
  expect(linesOf(diagnostics)[0]).toContain('there is no such folder');
});

it('says so when a file is named in place of its folder', async () => {
  const { diagnostics } = await loadAppConfig(path.join(realpathSync('.'), 'package.json'));
  expect(linesOf(diagnostics)[0]).toContain('package.json: this is a file; name the folder of an app');
});
