// The README is played: the app that it shows is the one that `init` makes, its commands print what they promise, and its table
// has every command.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');

/** The files that it shows. */
const shown = [...readme.matchAll(/^`(hello\/[^`]+)`\n\n```\w+\n([^]*?)```$/gm)].map(
  ([, path = '', text = '']) => [path, text] as const,
);
/** The commands of its blocks that begin with `npx moontide`, and what their comments say of them. */
const commands = [...readme.matchAll(/^npx moontide (.*?)(?:\s+# (.*))?$/gm)].map(
  ([, words = '', comment = '']) => ({ words, comment }),
);

/** As a shell takes it apart: only single quotes are used. */
const argumentsOf = (words: string): string[] =>
  [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain);

it(
  'shows an app that `init` makes, whose commands do what the README says',
  { timeout: 120_000 },
  async () => {
    const folder = folders.make({});
    const wanted: Record<string, object> = {
      init: { code: 0, stdout: expect.stringMatching(/^made hello in hello/) as string },
      call: { code: 0, stdout: '"Hello, Ada!"\n' },
      start: { code: 0, stdout: '"Hello, Ada!"\n' },
      test: { code: 0, stdout: expect.stringContaining('1 passed, 0 failed') as string },
    };
    expect(commands.map(({ words }) => words.split(' ')[0])).toEqual([...Object.keys(wanted), 'dev']);
    for (const { words } of commands) {
      const [name = '', ...rest] = argumentsOf(words);
      if (name !== 'dev')
        expect(await cli([name, ...rest], { cwd: folder }), words).toMatchObject(wanted[name] ?? {});
      else {
        const dev = new CliProcess([name, ...rest], { cwd: folder });
        await dev.until(/http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows/);
        dev.signal('SIGINT');
        expect((await dev.ended).code).toBe(0);
      }
    }
    const files = readdirSync(join(folder, 'hello')).filter(
      (name) => !name.startsWith('.') && name !== 'README.md',
    );
    expect(shown.map(([path]) => path).sort()).toEqual(files.map((name) => `hello/${name}`).sort());
    for (const [path, text] of shown) expect(text, path).toBe(readFileSync(join(folder, path), 'utf8'));
  },
);

it('has a row for every command, and none for what is no command', async () => {
  const { stdout } = await cli(['--help']);
  const listed = /^Commands:$([^]*?)^$/m.exec(stdout)?.[1] ?? '';
  const known = [...listed.matchAll(/^ {2}([a-z]+) .*? {2,}\S/gm)].map(([, name = '']) => name);
  const rows = [...readme.matchAll(/^\| `moontide (.*?)\|/gm)].map(([, row = '']) => row);
  const named = rows.flatMap((row) => row.split('`, `').map((part) => /^[a-z]+/.exec(part)?.[0] ?? part));
  expect([...new Set(named)].sort()).toEqual(known.filter((name) => name !== 'help').sort());
});

it('`init` overwrites nothing, takes no bad name, and begins as any example', async () => {
  const folder = folders.make({ 'taken/_index.yaml': 'mine' });
  const init = (...args: string[]) => cli(['init', ...args], { cwd: folder });
  expect(await init('taken')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("taken/_index.yaml' is there already, and nothing was written") as string,
  });
  expect(readdirSync(join(folder, 'taken'))).toEqual(['_index.yaml']);
  writeFileSync(join(folder, 'file'), '');
  expect((await init('file')).stderr).toContain("file' is a file; give the name of a folder");
  expect((await init('9lives')).stderr).toContain("'9lives' is no name for an app");
  expect((await init('x', '--example', 'nope')).code).toBe(2);
  mkdirSync(join(folder, 'empty'));
  for (const example of ['orders', 'http-api', 'actors', 'extension']) {
    const made = join(folder, example === 'orders' ? 'empty' : example);
    expect(await init(made, '--example', example, '--name', 'my-app')).toMatchObject({ code: 0 });
    expect(readFileSync(join(made, 'moontide.yaml'), 'utf8')).toMatch(/^name: my-app$/m);
  }
});
