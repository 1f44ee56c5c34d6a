// `moontide ps`, `send`, `cancel` and `kill` against two nodes of one app on one real Postgres.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appNode } from '../support/app-node.js';
import type { AppNode } from '../support/app-node.js';
import { createDatabase } from '../support/postgres.js';
import type { PostgresDatabase } from '../support/postgres.js';
import { buildOnce, cli, TestFolders } from './cli-process.js';
import type { CliResult } from './cli-process.js';

const LUA = `
local M = {}
function M.start(name, deaf)
  local pid = assert(process.spawn("app:adder", "app:processes", deaf))
  if name then assert(process.registry.register(name, pid)) end
  return pid
end
function M.nodes() return #system.cluster.members() end
function M.watch(pid)
  assert(process.monitor(pid))
  local result = process.events():receive().result
  return result.value or { result.error:kind(), result.error:message() }
end
return M
`;
/** Reads numbers once it is told to; ends as it is asked to, or takes no notice. */
const ADDER = `
return function(deaf)
  local go, numbers, events, sum = process.listen("go"), nil, deaf and channel.new() or process.events(), 0
  while true do
    local cases = { go:case_receive(), events:case_receive() }
    if numbers then cases[#cases + 1] = numbers:case_receive() end
    local one = channel.select(cases)
    if one.channel == go then numbers = process.listen("number")
    elseif one.channel == numbers then sum = sum + one.value
    else return { sum, one.value.reason, one.value.from or "nobody" } end
  end
end
`;
const ENTRIES = `
  - { name: processes, kind: process.host }
  - { name: adder, kind: process.lua, source: file://adder.lua }
`;

interface Listed {
  readonly pid: string;
  readonly entry: string;
  readonly host: string;
  readonly state: string;
  readonly inbox: number;
  readonly age_ms: number;
  readonly names: readonly string[];
}

const folders = new TestFolders();
let database: PostgresDatabase;
let nodes: readonly AppNode[];
beforeAll(async () => {
  database = await createDatabase();
  const start = (node: string): Promise<AppNode> =>
    appNode(LUA, {
      node,
      entries: ENTRIES,
      modules: ['system'],
      files: { 'src/adder.lua': ADDER, 'moontide.yaml': 'name: adders\n' },
      environment: { DATABASE_URL: database.url },
    });
  [, ...nodes] = await Promise.all([buildOnce(), start('here'), start('there')]);
}, 240_000);
afterAll(async () => {
  for (const node of nodes) await node[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await folders.clean();
});

const moontide = (...args: string[]): Promise<CliResult> => cli(['--app', nodes[0]!.folder, ...args]);
async function listed(...args: string[]): Promise<readonly Listed[]> {
  const { stdout, stderr, code } = await moontide('--json', 'ps', ...args);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { processes: readonly Listed[] }).processes;
}

describe('the processes of a cluster, from the command line of one machine', { timeout: 120_000 }, () => {
  it('are listed, get messages, and end as they are asked to', async () => {
    const [here, there] = nodes as [AppNode, AppNode];
    const near = ((await here.call('start', 'the counter')) as string).replace('{', '{here@');
    const far = ((await there.call('start')) as string).replace('{', '{there@');
    await expect.poll(() => here.call('nodes'), { timeout: 30_000 }).toBe(2);

    const sent = [near, far, far].map((pid) => moontide('send', pid, 'number', '20'));
    expect(await sent[0]).toMatchObject({ code: 0, stdout: `sent 'number' to ${near}\n` });
    for (const one of sent) expect(await one).toMatchObject({ code: 0 });
    const common = { entry: 'app:adder', host: 'app:processes', state: 'waiting' };
    const [all, shown] = await Promise.all([listed(), moontide('ps', '--limit', '1')]);
    expect(all).toEqual([
      { pid: near, ...common, inbox: 1, age_ms: expect.any(Number) as number, names: ['the counter'] },
      { pid: far, ...common, inbox: 2, age_ms: expect.any(Number) as number, names: [] },
    ]);
    const lines = shown.stdout.split('\n');
    expect(lines[0]).toMatch(/^pid +entry +host +state +inbox +age +names$/);
    expect(lines[1]).toMatch(/ app:adder +app:processes +waiting +1 +\d+s +the counter$/);
    expect(lines[2]).toMatch(/ app:adder +app:processes +waiting +2 +\d+s$/);

    await moontide('send', near, 'go', 'true');
    const ended = here.call('watch', near.replace('here@', ''));
    expect(await moontide('cancel', 'the counter', '--reason', 'enough')).toMatchObject({ code: 0 });
    expect(await ended).toEqual([20, 'enough', 'nobody']);

    const killed = there.call('watch', far.replace('there@', ''));
    expect(await moontide('kill', far)).toMatchObject({ code: 0, stdout: `ended ${far}\n` });
    expect(await killed).toEqual(['Canceled', 'terminated by `moontide kill`']);

    const again = await moontide('kill', far);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(
      /^error: NotFound: no process '.*' runs here; it has ended, or it never was\n$/,
    );
  });

  it('end at the deadline of a cancel that they take no notice of', async () => {
    const [here] = nodes as [AppNode, AppNode];
    const pid = (await here.call('start', null, true)) as string;
    const ended = here.call('watch', pid);
    expect(await moontide('cancel', pid, '--deadline', '10ms')).toMatchObject({ code: 0 });
    expect(await ended).toMatchObject(['Canceled', expect.stringContaining('asked for by') as string]);
  });
});

it(
  'says where to go when no node runs here, and forgets one that was killed',
  { timeout: 60_000 },
  async () => {
    const app = folders.make({ 'moontide.yaml': 'name: alone\n' });
    const record = join(app, '.moontide/nodes/killed.json');
    mkdirSync(join(app, '.moontide/nodes'), { recursive: true });
    writeFileSync(
      record,
      JSON.stringify({ node: 'killed', socket: join(app, '.moontide/nodes/killed.sock') }),
    );
    const { code, stderr } = await cli(['--app', app, 'ps']);
    expect([code, stderr]).toEqual([
      3,
      `moontide: no node of the app in '${app}' runs on this machine; start one with \`moontide run\` or \`moontide dev\`, or go where one runs\n`,
    ]);
    expect(existsSync(record)).toBe(false);
  },
);
