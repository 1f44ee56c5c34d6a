// `moontide lua` as people type into it, on a terminal of util-linux's `script`.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolders, buildOnce } from './cli-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folders = new TestFolders();
beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

describe.skipIf(process.platform !== 'linux' || spawnSync('script', ['--version']).status !== 0)(
  'moontide lua on a terminal',
  () => {
    it(
      'shows values, goes on over several lines, drops them on Ctrl-C, and ends with the code of os.exit',
      { timeout: 180_000 },
      async () => {
        const folder = folders.make({});
        const command = `${process.execPath} ${join(ROOT, 'bin/moontide.js')} lua`;
        const env = {
          ...process.env,
          HOME: folder,
          XDG_CACHE_HOME: folder,
          MOONTIDE_SKIP_BUILD: '1',
          TERM: 'dumb',
        };
        const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: folder, env });
        let shown = '';
        child.stdout.on('data', (bytes: Buffer) => (shown += bytes.toString()));
        const ended = new Promise((resolve) => child.once('close', resolve));
        const until = async (text: string): Promise<void> => {
          const plain = (): string => stripVTControlCharacters(shown).replaceAll('\r', '');
          while (!plain().includes(text)) {
            if (child.exitCode !== null) throw new Error(`no '${text}' in ${plain()}`);
            await sleep(20);
          }
          shown = '';
        };
        const type = (text: string): boolean => child.stdin.write(text);
        await until('> ');
        type('= 20 + 1\r');
        await until('21\n');
        type('{1, a = {"b"}}\r');
        await until('{ 1, a = { "b" } }');
        type('for i = 1, 2 do\r');
        await until('>> ');
        type('print("at " .. i) end\r');
        await until('at 1\nat 2\n');
        type('while true do\r');
        await until('>> ');
        type('\x03');
        await until('> ');
        type('setmetatable({}, {__tostring = function() error("boom") end})\r');
        await until('(__tostring: stdin:1: boom)');
        type('error("found")\r');
        await until('stdin:1: found');
        type('os.exit(4)\r');
        expect(await ended).toBe(4);
      },
    );
  },
);
