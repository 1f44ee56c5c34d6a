// `moontide replay` on a real server: histories on their own programs and on the newest, from the server and from a file, and in a debugger.
import { execFile } from 'node:child_process';
import { SourceMap } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { InspectorClient } from '../support/inspector-client.js';
import { eventually } from '../support/server-user.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
let app = '';
let node: CliProcess;
beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'moontide.yaml': 'name: replayed\n',
    '_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: charge, kind: function.lua, source: "return function(id) return id end", meta: { title: Charge card } }
  - { name: order, kind: workflow.lua, source: file://order.lua, modules: [funcs, time] }
  - { name: other, kind: workflow.lua, source: "return function() return 1 end" }
`,
    'order.lua': ORDER,
  });
  node = await serve();
  for (const id of ['r-1', 'r-2']) expect((await run('start', 'app:order', '"o"', '--id', id)).code).toBe(0);
  expect((await run('start', 'app:other', '--id', 'r-3', '--wait')).code).toBe(0);
  expect((await run('send', 'r-1', 'go', '"!"')).code).toBe(0);
}, 180_000);
afterAll(() => folders.clean());

const ORDER = `local funcs, time = require("funcs"), require("time")
return function(id)
  time.sleep("1ms")
  funcs.call("app:charge", id)
  return process.listen("go"):receive()
end
`;

const run = (...args: string[]) => cli(['--app', app, ...args]);

async function serve(): Promise<CliProcess> {
  const started = new CliProcess(['--app', app, '--json', 'run']);
  await started.until(/"address"/, 60_000);
  return started;
}

it('says of each run that it goes as recorded, of one or of all', { timeout: 120_000 }, async () => {
  const one = await run('replay', 'r-1');
  expect(one).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^r-1 \(app:order, \d+ events\): replays on its program as recorded\n$/,
    ) as string,
  });
  const every = '{"ok":true,"replayed":3,"same":3,"not_begun":0,"runs":[]}\n';
  let all = '';
  // What was done a moment ago is listed a moment later.
  for (let tries = 0; tries < 10 && all !== every; tries++)
    all = (await run('replay', '--all', '--newest', '--json')).stdout;
  expect(all).toBe(every);
  expect(await run('replay', 'nope')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("NotFound: Temporal has no run of a workflow 'nope'") as string,
  });
  for (const wrong of [[], ['r-1', '--all'], ['--all', '--inspect']])
    expect(await run('replay', ...wrong)).toMatchObject({ code: 2, stdout: '' });
});

it('replays the history of a file, which needs no server', { timeout: 60_000 }, async () => {
  const [, address = ''] = await node.until(/"address":"([^"]+)"/);
  const { path: temporal } = await findTemporalBinary();
  const show = ['workflow', 'show', '--workflow-id', 'r-1', '--output', 'json', '--address', address];
  const file = join(app, 'r-1.json');
  writeFileSync(file, (await promisify(execFile)(temporal, show)).stdout);
  expect(await run('replay', file, '--address', '127.0.0.1:1')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('replays on its program as recorded') as string,
  });
  writeFileSync(file, '{"events":[]}');
  expect(await run('replay', file)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('holds no events') as string,
  });
});

it('stops a debugger in Lua, at the first line and at breakpoints', { timeout: 120_000 }, async () => {
  const replay = new CliProcess(['--app', app, 'replay', 'r-1', '--inspect']);
  let url: string | undefined;
  await eventually(() => (url = /waits for a debugger at (ws:\S+);/.exec(replay.stderr)?.[1]) !== undefined);
  const client = await InspectorClient.open(url ?? '');
  const maps = new Map<string, { readonly url: string; readonly map: SourceMap }>();
  const stops: [string, number][] = [];
  client.on('Debugger.scriptParsed', ({ scriptId, url: script, sourceMapURL }) => {
    const [, encoded] = /^data:application\/json;charset=utf-8,(.*)$/.exec(String(sourceMapURL)) ?? [];
    if (encoded !== undefined)
      maps.set(String(scriptId), {
        url: String(script),
        map: new SourceMap(
          JSON.parse(decodeURIComponent(encoded)) as ConstructorParameters<typeof SourceMap>[0],
        ),
      });
  });
  client.on('Debugger.paused', (params) => {
    const { callFrames } = params as unknown as {
      callFrames: { location: { scriptId: string; lineNumber: number } }[];
    };
    const step = async (): Promise<void> => {
      const { scriptId = '', lineNumber = 0 } = callFrames[0]?.location ?? {};
      const script = maps.get(scriptId);
      const entry = script?.map.findEntry(lineNumber, 0);
      if (script !== undefined && entry !== undefined && 'originalSource' in entry) {
        stops.push([entry.originalSource, entry.originalLine + 1]);
        if (stops.length === 1)
          for (let line = 0; line < 200; line++) {
            const at = script.map.findEntry(line, 0);
            if ('generatedLine' in at && at.generatedLine === line && at.originalLine === 2)
              await client.ask('Debugger.setBreakpointByUrl', { url: script.url, lineNumber: line });
          }
      }
      await client.ask('Debugger.resume');
    };
    void step();
  });
  await client.ask('Debugger.enable');
  await client.ask('Runtime.runIfWaitingForDebugger');
  expect(await eventually(() => replay.stdout !== '', 60_000)).toBe(true);
  client.close();
  expect(replay.stdout).toContain('replays on its program as recorded');
  expect(stops.slice(0, 2)).toEqual([
    ['lua:///order.lua', 1],
    ['lua:///order.lua', 3],
  ]);
  await replay.ended;
});

it('tells the first place where the newest program goes another way', { timeout: 120_000 }, async () => {
  node.signal('SIGTERM');
  await node.ended;
  writeFileSync(
    join(app, 'order.lua'),
    readFileSync(join(app, 'order.lua'), 'utf8').replace(
      'time.sleep("1ms")',
      'funcs.call("app:charge", "twice")',
    ),
  );
  node = await serve();
  expect(await run('replay', 'r-2')).toMatchObject({ code: 0 });
  const { code, stdout } = await run('replay', 'r-2', '--newest');
  expect(code).toBe(1);
  const lines = stdout.split('\n');
  expect(lines.slice(0, 4)).toEqual([
    expect.stringMatching(/^r-2 \(app:order, \d+ events\): the newest program goes another way$/),
    expect.stringMatching(/^ {2}recorded: a timer \(sleep 1ms\), event \d+$/),
    '  program:  order.lua:3: a call of app:charge (Charge card: twice)',
    '    at order.lua:3: in function <order.lua:2>',
  ]);
  expect(lines[4]).toContain('Nondeterminism error');
  const all = await run('replay', '--all', '--newest', '--json');
  expect(all.code).toBe(1);
  expect(JSON.parse(all.stdout)).toMatchObject({
    ok: false,
    replayed: 3,
    same: 1,
    runs: expect.arrayContaining([
      expect.objectContaining({
        workflow_id: 'r-2',
        result: 'diverged',
        divergence: expect.objectContaining({ at: 'order.lua:3' }) as object,
      }),
    ]) as object,
  });
  node.signal('SIGTERM');
  await node.ended;
});
