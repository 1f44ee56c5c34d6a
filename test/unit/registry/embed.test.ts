// Files that travel with the app: what is embedded, what is left out, and what is wrong with a folder.
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { platformKinds } from '../../../src/registry/kinds/index.js';
import { loadApp } from '../../../src/registry/load/app.js';
import { embeddedFiles } from '../../../src/registry/model/embedded.js';
import { prepareApp } from '../../../src/registry/pipeline/index.js';
import { defaults, linesOf, prepared, prepareFiles, writeApp } from './support.js';

const INDEX = 'namespace: app\nentries:\n  - { name: site, kind: fs.embed, directory: ./public }\n';
const hashOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const problems = async (
  files: Readonly<Record<string, string>>,
  overrides: readonly string[] = [],
): Promise<string[]> => {
  const result = await prepareFiles(files, { overrides });
  return linesOf(result.ok ? result.warnings : result.diagnostics);
};
describe('embedded files', () => {
  it('are all below the folder, by path and hash, and their contents once', async () => {
    const result = prepared(
      await prepareFiles({
        'app.yaml': INDEX,
        'public/index.html': '<p>hello</p>',
        'public/deep/er/copy.html': '<p>hello</p>',
        'public/empty.txt': '',
        'public/.env': 'SECRET=1',
        'public/.git/config': 'x',
        'public/node_modules/x/index.js': 'x',
      }),
    );
    expect(result.entries.map(({ data }) => data['directory'])).toEqual(['./public']);
    expect(result.entries.flatMap(embeddedFiles)).toEqual([
      { path: 'deep/er/copy.html', hash: hashOf('<p>hello</p>'), size: 12 },
      { path: 'empty.txt', hash: hashOf(''), size: 0 },
      { path: 'index.html', hash: hashOf('<p>hello</p>'), size: 12 },
    ]);
    expect((result.files ?? []).map(({ hash, bytes }) => [hash, hashOf(bytes)])).toEqual(
      [hashOf('<p>hello</p>'), hashOf('')].map((hash) => [hash, hash]),
    );
  });

  it('keep their bytes, whatever they are', async () => {
    const folder = writeApp({ 'app.yaml': INDEX });
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    mkdirSync(path.join(folder, 'public'));
    writeFileSync(path.join(folder, 'public/all.bin'), bytes);
    const loaded = await loadApp(folder, { kinds: platformKinds });
    expect([...loaded.folders]).toEqual([path.join(loaded.appFolder, 'public')]);
    const [file] = prepared(prepareApp(loaded, defaults)).files ?? [];
    expect(Uint8Array.from(file?.bytes ?? [])).toEqual(bytes);
  });

  it("are those of a module's own folder where the entry says so", async () => {
    const result = prepared(
      await prepareFiles({
        'moontide.yaml': 'modules: { acme/site: ./modules/site }\n',
        'src/_index.yaml':
          'namespace: app\nentries:\n  - { name: d, kind: ns.dependency, component: acme/site }\n',
        'modules/site/_index.yaml':
          'namespace: acme.site\nentries:\n  - { name: files, kind: fs.embed, directory: public, base: module }\n',
        'modules/site/public/a.txt': 'a',
      }),
    );
    expect(result.entries.flatMap(embeddedFiles)).toEqual([{ path: 'a.txt', hash: hashOf('a'), size: 1 }]);
  });

  it('may be none', async () => {
    expect(await problems({ 'app.yaml': INDEX.replace(', directory: ./public', '') })).toEqual([
      "app.yaml:3:5: 'app:site' names no folder, so it embeds nothing; add 'directory: ./public'",
    ]);
  });

  it('say what is wrong with their folder', async () => {
    const tell = (directory: string) =>
      problems({ 'app.yaml': INDEX.replace('./public', directory), 'file.txt': 'x' });
    expect(await tell('./nowhere')).toEqual([
      "app.yaml:3:46: there is no folder 'nowhere'; create it, or mend the name",
    ]);
    expect(await tell('file.txt')).toEqual([
      "app.yaml:3:46: there is no folder 'file.txt'; create it, or mend the name",
    ]);
    expect(await tell('../up')).toEqual([
      "app.yaml:3:46: folder '../up' leads out of the app; copy it into the app; nothing outside it is read",
    ]);
    expect(await tell('/etc')).toEqual([
      "app.yaml:3:46: folder '/etc' is not a relative path; write it relative to the app, with forward slashes; nothing outside the app is read",
    ]);
    expect(await problems({ 'app.yaml': INDEX.replace('directory: ./public', 'files: []') })).toEqual([
      "app.yaml:3:42: 'files' is written when the folder is read; name a folder in 'directory'",
    ]);
    expect(
      await problems({ 'app.yaml': INDEX, 'public/a': 'a', 'other/b': 'b' }, ['app:site:directory=./other']),
    ).toEqual([
      "-o app:site:directory=./other: the folder of 'app:site' is read before values are put in place of others; change it where the entry is defined",
    ]);
  });

  it('are neither outside the app nor too big', async () => {
    const folder = writeApp({ 'app.yaml': INDEX, 'public/big.bin': '' });
    truncateSync(path.join(folder, 'public/big.bin'), 16 * 1024 * 1024 + 1);
    symlinkSync('/etc/hostname', path.join(folder, 'public/hostname'));
    const loaded = await loadApp(folder, { kinds: platformKinds });
    const result = prepareApp(loaded, defaults);
    const errors = (result.ok ? [] : result.diagnostics).filter(({ severity }) => severity === 'error');
    expect(linesOf(errors)).toEqual([
      'public/big.bin: the file is bigger than 16 MiB; make it smaller, or take it out',
      'public/hostname: the link leads out of the app; copy what it names into the app',
    ]);
  });
});
