// Ctrl-C and SIGTERM at any moment of a command: the embedded Temporal does not outlive who started it.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, serversOn } from '../support/server-user.js';
import { CliProcess, TestFolders, buildOnce } from './cli-process.js';

const folders = new TestFolders();

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: wait, kind: workflow.lua, source: "return function() return process.inbox():receive() end" }
`;

beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

const make = (): string =>
  realpathSync(folders.make({ 'moontide.yaml': 'name: signals\n', 'src/_index.yaml': INDEX }));
const stateOf = (app: string): string => join(app, '.moontide');
const left = async (app: string): Promise<void> =>
  expect(await eventually(() => serversOn(stateOf(app)).length === 0)).toBe(true);

describe('a signal', () => {
  it.each([
    ['SIGINT', 130, ['dev']],
    ['SIGTERM', 143, ['start', 'app:wait', '--wait']],
  ] as const)(
    '%s while Temporal is being started ends the command with %i and the server with it',
    async (signal, code, args) => {
      const app = make();
      const command = new CliProcess(['--app', app, ...args]);
      expect(await eventually(() => serversOn(stateOf(app)).length > 0)).toBe(true);
      command.signal(signal);
      const { stderr, code: ended } = await command.ended;
      expect(stderr).toContain(`moontide: stopped by ${signal} while it was starting\n`);
      expect(ended).toBe(code);
      await left(app);
    },
  );

  it('at any moment of the start leaves nothing behind', async () => {
    for (const afterMs of [400, 800, 1200, 1600]) {
      const app = make();
      const command = new CliProcess(['--app', app, 'dev']);
      await sleep(afterMs);
      command.signal('SIGINT');
      await command.ended;
      await left(app);
    }
  }, 60_000);

  it('that comes twice ends the process at once, and the server with it', async () => {
    for (const apartMs of [5, 30]) {
      const app = make();
      const node = new CliProcess(['--app', app, 'dev']);
      await node.until(/is running/);
      node.signal('SIGINT');
      await sleep(apartMs);
      node.signal('SIGINT');
      expect((await node.ended).code).toBe(130);
      await left(app);
    }
  }, 60_000);
});
