// fs.directory and fs.embed: nothing outside the volume is ever reached, and what is written is there whole or not at all.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanPath } from '../../src/lua/handles.js';
import { MOST_BYTES } from '../../src/modules/fs/host.js';
import type { Volume } from '../../src/modules/fs/host.js';
import { DirectoryVolume } from '../../src/services/fs/directory-volume.js';
import { EmbedVolume } from '../../src/services/fs/embed-volume.js';
import { entryOf, resourcesOf } from '../support/examples.js';

let folder = '';
let root = '';
let vol: DirectoryVolume;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-fs-'));
  root = join(folder, 'root');
  mkdirSync(root);
  mkdirSync(join(folder, 'outside'));
  writeFileSync(join(folder, 'outside/canary.txt'), 'canary');
  vol = await DirectoryVolume.open({ root, mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kindOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (value) => `gave ${JSON.stringify(value)}`,
    (error: Error & { kind?: string }) => error.kind ?? error.message,
  );

describe('a path', () => {
  it.each([
    ['/a/b', '/', '/a/b'],
    ['a', '/docs', '/docs/a'],
    ['../../etc/passwd', '/docs', '/etc/passwd'],
    ['/../../x', '/', '/x'],
    ['./a//b/./c/..', '/', '/a/b'],
    ['..', '/', '/'],
  ])('%s in %s is %s', (path, directory, clean) => expect(cleanPath(path, directory)).toBe(clean));
});

describe('a folder as a volume', () => {
  it('never leads out by a link, to files, folders or what is not there yet', async () => {
    symlinkSync('../outside/canary.txt', join(root, 'file'));
    symlinkSync(join(folder, 'outside'), join(root, 'folder'));
    symlinkSync('../outside/new.txt', join(root, 'dangling'));
    symlinkSync('loop', join(root, 'loop'));
    for (const path of ['/file', '/folder/canary.txt'])
      for (const work of [
        () => vol.read(path),
        () => vol.stat(path),
        () => vol.open(path, 'r'),
        () => vol.open(path, 'w'),
        () => vol.write(path, 'x', 'w'),
        () => vol.write(path, 'x', 'a'),
      ])
        expect(await kindOf(work())).toBe('PermissionDenied');
    expect(await kindOf(vol.list('/folder'))).toBe('PermissionDenied');
    expect(await kindOf(vol.mkdir('/folder/new'))).toBe('PermissionDenied');
    expect(await kindOf(vol.remove('/folder/canary.txt'))).toBe('PermissionDenied');
    for (const mode of ['w', 'a', 'wx'] as const)
      expect(await kindOf(vol.write('/dangling', 'x', mode))).toMatch(
        /NotFound|PermissionDenied|AlreadyExists/,
      );
    expect(await kindOf(vol.read('/loop'))).toBe('PermissionDenied');
    expect(readFileSync(join(folder, 'outside/canary.txt'), 'utf8')).toBe('canary');
    expect(readdirSync(join(folder, 'outside'))).toEqual(['canary.txt']);
  });

  it('follows links that stay inside, and removes a link, not what it leads to', async () => {
    writeFileSync(join(root, 'real.txt'), 'real');
    symlinkSync('real.txt', join(root, 'link'));
    expect(await vol.read('/link')).toBe('real');
    await vol.write('/link', 'new', 'w');
    expect(readFileSync(join(root, 'real.txt'), 'utf8')).toBe('new');
    await vol.remove('/link');
    expect(readdirSync(root)).toEqual(['real.txt']);
  });

  it('never leads out while links are swapped all the time', async () => {
    const inside = join(root, 'inside');
    mkdirSync(inside);
    writeFileSync(join(inside, 'canary.txt'), 'inside');
    symlinkSync(join(folder, 'outside'), join(root, 'evil'));
    let over = false;
    let swaps = 0;
    const swap = async (): Promise<void> => {
      while (!over) {
        renameSync(inside, join(root, 'parked'));
        renameSync(join(root, 'evil'), inside);
        swaps += 1;
        await new Promise((resolve) => setImmediate(resolve));
        renameSync(inside, join(root, 'evil'));
        renameSync(join(root, 'parked'), inside);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const swapping = swap();
    const seen = new Set<string>();
    for (let round = 0; round < 300; round++) {
      seen.add(await kindOf(vol.read('/inside/canary.txt')));
      await kindOf(vol.write('/inside/canary.txt', 'inside', round % 2 === 0 ? 'w' : 'a'));
      await kindOf(vol.list('/inside').then((found) => found.length));
      await kindOf(vol.remove(`/inside/x${round}`));
    }
    over = true;
    await swapping;
    expect(swaps).toBeGreaterThan(10);
    expect([...seen].filter((one) => one.includes('"canary"'))).toEqual([]);
    expect(readdirSync(join(folder, 'outside'))).toEqual(['canary.txt']);
    expect(readFileSync(join(folder, 'outside/canary.txt'), 'utf8')).toBe('canary');
  });

  it('takes no pipes, devices or folders for files, and does not wait for them', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    mkdirSync(join(root, 'folder'));
    for (const path of ['/pipe', '/folder', '/'])
      for (const work of [
        () => vol.read(path),
        () => vol.open(path, 'r'),
        () => vol.write(path, 'x', 'w'),
        () => vol.write(path, 'x', 'a'),
      ])
        expect(await kindOf(work())).toBe('Invalid');
    expect(await vol.list('/')).toEqual([{ name: 'folder', type: 'directory' }]);
  });

  it('replaces a file whole: who reads sees the old or the new, and its permissions stay', async () => {
    await vol.write('/big', 'a'.repeat(1_000_000), 'w');
    chmodSync(join(root, 'big'), 0o600);
    const seen = new Set<string>();
    const writing = (async () => {
      for (let round = 0; round < 20; round++)
        await vol.write('/big', (round % 2 === 0 ? 'b' : 'a').repeat(1_000_000), 'w');
    })();
    let over = false;
    void writing.finally(() => (over = true));
    while (!over) {
      const text = await vol.read('/big');
      seen.add(`${text.length} ${[...new Set(text)].join('')}`);
    }
    await writing;
    expect([...seen].filter((one) => !/^1000000 [ab]$/.test(one))).toEqual([]);
    expect(statSync(join(root, 'big')).mode & 0o777).toBe(0o600);
    expect(readdirSync(root)).toEqual(['big']); // nothing is left beside it
  });

  it('has the kinds of errors that its page says', async () => {
    await vol.write('/file', 'x', 'w');
    expect(await kindOf(vol.read('/nothing'))).toBe('NotFound');
    expect(await kindOf(vol.read('/file/below'))).toBe('Invalid');
    expect(await kindOf(vol.write('/no/folder', 'x', 'w'))).toBe('NotFound');
    expect(await kindOf(vol.write('/file', 'x', 'wx'))).toBe('AlreadyExists');
    expect(await kindOf(vol.mkdir('/file'))).toBe('AlreadyExists');
    expect(await kindOf(vol.mkdir('/a/b'))).toBe('NotFound');
    await vol.mkdir('/folder');
    await vol.write('/folder/x', '', 'w');
    expect(await kindOf(vol.remove('/folder'))).toBe('Invalid');
    expect(await kindOf(vol.remove('/'))).toBe('PermissionDenied');
    expect(await kindOf(vol.read(`/${'n'.repeat(300)}`))).toBe('Invalid');
    expect(await kindOf(vol.read('/\xff'))).toBe('Invalid');
    expect(await kindOf(vol.write('/big', 'x'.repeat(MOST_BYTES + 1), 'w'))).toBe('Invalid');
    await using file = await vol.open('/file', 'r');
    expect(await kindOf(file.write('x'))).toBe('PermissionDenied');
    expect(await kindOf(file.seek('set', -1))).toBe('Invalid');
    await using written = await vol.open('/file', 'w');
    expect(await kindOf(written.read(1))).toBe('PermissionDenied');
  });

  it('keeps bytes as they are and names of every letter', async () => {
    const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    await vol.write('/\xc3\xa4', bytes, 'w');
    expect(await vol.read('/\xc3\xa4')).toBe(bytes);
    expect(await vol.list('/')).toEqual([{ name: '\xc3\xa4', type: 'file' }]);
    expect(readdirSync(root)).toEqual(['\u00e4']);
  });

  it('is made where its entry says so, with its permissions; else its absence is told', async () => {
    const use = (data: Record<string, string | boolean>) =>
      resourcesOf([entryOf('app:v', 'fs.directory', data)], folder)
        .user()
        .use<Volume>('app:v', 'fs.*');
    await (await use({ directory: 'a/b', auto_init: true, mode: '0750' })).write('/x', '', 'w');
    expect(statSync(join(folder, 'a/b')).mode & 0o777).toBe(0o750);
    await expect(use({ directory: 'gone' })).rejects.toThrow(
      /^the directory of 'app:v', '.*gone', is not there; make it, or set auto_init$/,
    );
    writeFileSync(join(folder, 'plain'), '');
    await expect(use({ directory: 'plain', auto_init: true })).rejects.toThrow(/is a file$/);
  });
});

describe('what travels with the app as a volume', () => {
  const content = new Map([
    ['1', 'page'],
    ['2', 'body {}'],
  ]);
  const embedded = new EmbedVolume({
    entry: 'app:public',
    files: [
      { path: 'index.html', hash: '1', size: 4 },
      { path: 'assets/css/main.css', hash: '2', size: 7 },
      { path: 'lost.txt', hash: '3', size: 1 },
    ],
    content: async (hash) => {
      const found = content.get(hash);
      return found === undefined ? undefined : Buffer.from(found);
    },
  });

  it('is read like any other', async () => {
    expect(await embedded.read('/assets/css/main.css')).toBe('body {}');
    expect(await embedded.list('/')).toEqual([
      { name: 'assets', type: 'directory' },
      { name: 'index.html', type: 'file' },
      { name: 'lost.txt', type: 'file' },
    ]);
    expect(await embedded.list('/assets')).toEqual([{ name: 'css', type: 'directory' }]);
    expect(await embedded.stat('/index.html')).toMatchObject({ name: 'index.html', size: 4, type: 'file' });
    expect(await embedded.stat('/assets')).toMatchObject({ type: 'directory' });
    expect(await embedded.stat('/nothing')).toBeUndefined();
    await using file = await embedded.open('/index.html', 'r');
    expect([await file.read(3), await file.read(3), await file.read(3)]).toEqual(['pag', 'e', undefined]);
  });

  it('is never written, and tells what is not there', async () => {
    for (const work of [
      () => embedded.write('/x', '', 'w'),
      () => embedded.mkdir('/x'),
      () => embedded.remove('/index.html'),
      () => embedded.open('/index.html', 'a'),
    ])
      expect(await kindOf(work())).toBe('PermissionDenied');
    expect(await kindOf(embedded.read('/nothing'))).toBe('NotFound');
    expect(await kindOf(embedded.read('/assets'))).toBe('Invalid');
    expect(await kindOf(embedded.list('/index.html'))).toBe('Invalid');
    await expect(embedded.read('/lost.txt')).rejects.toThrow(
      "the content of '/lost.txt' is not in the registry any more; publish the app again",
    );
  });
});
