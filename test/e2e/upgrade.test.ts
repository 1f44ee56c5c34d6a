// `moontide upgrade` on a real server: refused with the place where the programs part, else done at the next safe point, through kill -9.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
let app = '';
let node: CliProcess;

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: note, kind: function.lua, source: "return function() end" }
  - { name: cart, kind: workflow.lua, source: file://cart.lua, modules: [funcs, workflow] }
  - { name: once, kind: workflow.lua, source: "return function() process.inbox():receive() end" }
`;
/** Keeps items until it is asked to go on as new, and says which code it is. */
const cart = (code: string, first: string) => `local funcs, workflow = require("funcs"), require("workflow")
return function(items)
  items = items or {}
  workflow.query("code", function() return "${code}", #items end)
  workflow.update("add", function(item) items[#items + 1] = item return #items end)
  ${first}
  workflow.await(function() return workflow.info().continue_as_new_suggested end)
  workflow.with_options({ pin = "program" }):continue_as_new(items)
end
`;
const NOTE = 'funcs.call("app:note", #items)';

const run = (...args: string[]) => cli(['--app', app, ...args]);

async function serve(source: string): Promise<CliProcess> {
  writeFileSync(join(app, 'cart.lua'), source);
  const started = new CliProcess(['--app', app, '--json', 'run']);
  await started.until(/"address"/, 60_000);
  return started;
}

async function restart(source: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  node.signal(signal);
  await node.ended;
  node = await serve(source);
}

beforeAll(async () => {
  await buildOnce();
  app = folders.make({ 'moontide.yaml': 'name: upgraded\n', '_index.yaml': INDEX });
  node = await serve(cart('old', NOTE));
  for (const id of ['u-1', 'u-2']) expect((await run('start', 'app:cart', '--id', id)).code).toBe(0);
  expect((await run('start', 'app:once', '--id', 'u-3')).code).toBe(0);
  expect(await run('update', 'u-1', 'add', '"lamp"')).toMatchObject({ code: 0, stdout: '1\n' });
}, 180_000);
afterAll(() => folders.clean());

it(
  'leaves alone what is on the newest program, and what never continues as new',
  { timeout: 60_000 },
  async () => {
    expect(await run('upgrade', 'u-1')).toMatchObject({
      code: 0,
      stdout: "u-1: runs the newest program of 'app:cart' already\n",
    });
    expect((await run('upgrade', 'nope')).code).toBe(1);
  },
);

it(
  'refuses with the place where the programs part, and the run goes on as it was',
  { timeout: 120_000 },
  async () => {
    await restart(cart('other', 'funcs.call("app:note") funcs.call("app:note")'));
    const refused = await run('upgrade', 'u-1');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(
      /^u-1: stays on its program; the newest goes another way than its history\n {2}recorded: nothing more\n {2}program: {2}cart\.lua:6: a call of app:note\n/,
    );
    expect(JSON.parse((await run('upgrade', 'u-1', '--json')).stdout)).toMatchObject({
      ok: false,
      result: 'refused',
      divergence: { at: 'cart.lua:6' },
    });
    expect((await run('query', 'u-1', 'code')).stdout).toContain('"old"');
  },
);

it(
  'takes a run to the newest program with its messages and state, though the node is killed',
  { timeout: 180_000 },
  async () => {
    await restart(cart('new', NOTE));
    node.signal('SIGKILL');
    await node.ended;
    // Nobody serves it: what is asked waits in the history.
    const asked = await run('upgrade', 'u-1', '--json');
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(asked.stdout)).toMatchObject({ ok: true, result: 'asked', registry_version: 3 });
    node = await serve(cart('new', NOTE));
    let code = '';
    for (let tries = 0; tries < 30 && !code.includes('"new"'); tries++)
      code = (await run('query', 'u-1', 'code')).stdout;
    expect(JSON.parse(code)).toEqual(['new', 1]);
    expect(await run('upgrade', 'u-2', '--wait', '30s')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^u-2: goes on as new on program [0-9a-f]{12} of registry version 3\n$/,
      ) as string,
    });
    expect((await run('query', 'u-2', 'code')).stdout).toContain('"new"');
  },
);

it('refuses what has no point to change at', { timeout: 120_000 }, async () => {
  writeFileSync(
    join(app, '_index.yaml'),
    INDEX.replace('process.inbox():receive() end', 'process.inbox():receive() return 2 end'),
  );
  await restart(cart('new', NOTE));
  expect(await run('upgrade', 'u-3')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/'u-3' runs a program of 'app:once' that never continues as new/) as string,
  });
  node.signal('SIGTERM');
  await node.ended;
});
