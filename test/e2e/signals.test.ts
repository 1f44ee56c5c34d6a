// Ctrl-C and SIGTERM at any moment of a command: the embedded Temporal does not outlive who started it.
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../src/temporal/dev-server-process.js';
import { eventually, serversOn } from '../support/server-user.js';
import { CliProcess, TestFolders, buildOnce } from './cli-process.js';

const folders = new TestFolders();

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: wait, kind: workflow.lua, source: "return function() return process.inbox():receive() end" }
  - { name: end, kind: workflow.lua, source: "return function() return 'ended' end" }
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

  it('ends the server also where its folder was removed meanwhile', async () => {
    const app = make();
    const node = new CliProcess(['--app', app, 'dev']);
    await node.until(/is running/);
    const [pid] = serversOn(stateOf(app));
    rmSync(stateOf(app), { recursive: true, maxRetries: 10, retryDelay: 20 }); // its node still writes there
    node.signal('SIGINT');
    expect(await node.ended).toMatchObject({ code: 0 });
    expect(pid === undefined || isAlive(pid)).toBe(false);
  });

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

/** A function that says when it is called, and waits. */
const SLOW = `
version: "1.0"
namespace: app
entries:
  - { name: slow, kind: function.lua, modules: [time], source: "return function(s) print('called') time.sleep(s) return 'slept' end" }
`;
const makeSlow = (): string =>
  realpathSync(folders.make({ 'moontide.yaml': 'name: signals\n', 'src/_index.yaml': SLOW }));

describe('a signal to `start --wait`', () => {
  it('says that the run goes on, which is not said of one that has ended', { timeout: 60_000 }, async () => {
    const app = make();
    const waiting = new CliProcess(['--app', app, 'start', 'app:wait', '--wait', '--id', 'w-1']);
    expect(await eventually(() => existsSync(join(stateOf(app), 'temporal.json')))).toBe(true);
    const { address } = JSON.parse(readFileSync(join(stateOf(app), 'temporal.json'), 'utf8')) as {
      address: string;
    };
    const connection = await Connection.connect({ address });
    const run = new Client({ connection }).workflow.getHandle('w-1');
    const isTaken = async (): Promise<boolean> => {
      try {
        return (await run.describe()).historyLength > 3;
      } catch {
        return false; // not started yet
      }
    };
    while (!(await isTaken())) await sleep(100);
    await connection.close();
    waiting.signal('SIGINT');
    const { stderr, code } = await waiting.ended;
    expect([code, stderr]).toEqual([
      130,
      "'w-1' is not over: it goes on when a node of the app runs again (`moontide dev`)\nmoontide: stopped by SIGINT before it was done\n",
    ]);
    expect(await new CliProcess(['--app', app, 'start', 'app:end', '--wait']).ended).toEqual({
      code: 0,
      stdout: '"ended"\n',
      stderr: '',
    });
  });
});

describe('a signal to a call', () => {
  it('ends it with the exit code of the signal', async () => {
    const call = new CliProcess(['--app', makeSlow(), 'call', 'app:slow', '"1h"']);
    await call.until(/called/);
    call.signal('SIGTERM');
    const { stderr, code } = await call.ended;
    expect(stderr).toBe('moontide: stopped by SIGTERM before it was done\n');
    expect(code).toBe(143);
  });

  it(
    'that is durable leaves it to Temporal at once, says where it is, and the next node goes on with it',
    { timeout: 60_000 },
    async () => {
      const app = makeSlow();
      const call = new CliProcess(['--app', app, 'call', 'app:slow', '"4s"', '--durable']);
      await call.until(/called/);
      call.signal('SIGINT');
      const { stderr, code } = await call.ended;
      const [, id] = /temporal activity result --activity-id '([^']+)' --address 127/.exec(stderr) ?? [];
      expect({ id: id ?? stderr, code }).toEqual({
        id: expect.stringMatching(/^app:slow-/) as string,
        code: 130,
      });
      expect(call.stdout).toBe('called\n'); // it did not wait for the end
      const node = new CliProcess(['--app', app, 'dev', '--json']);
      const [, address = ''] = await node.until(/"address":"([^"]+)"/);
      const connection = await Connection.connect({ address });
      const activity = new Client({ connection }).activity.getHandle(id ?? '');
      expect(await activity.result()).toEqual('slept');
      await connection.close();
      node.signal('SIGTERM');
      await node.ended;
    },
  );
});
