// `npm run bench -- http`: a Lua endpoint that answers JSON beside the same handler in plain fastify, and 1,000 routes beside 10.
// Each side is a process of its own; autocannon loads them in turns, so that both see the same machine. A figure is the median of
// the rounds; a ratio is of the two sides of each round. CPU is the server's own, for one request.
// Arguments: `--seconds N` a side and round (default 4), `--rounds N` (default 5), `--connections N` (default 100).
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { median, result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { option, say } from './workflows/sides.js';

const BIN = fileURLToPath(new URL('../../bin/moontide.js', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

const LUA = `local http = require("http")
return function()
  local req, res = http.request(), http.response()
  res:write_json({ id = req:param("id"), name = "Ada", tags = { "first", "second" }, active = true, score = 42 })
end
`;

/** The same in plain fastify; it says its port as the node does. */
const FASTIFY = `
import fastify from 'fastify';
const app = fastify();
app.get('/r0/users/:id', async (request) => ({
  id: request.params.id, name: 'Ada', tags: ['first', 'second'], active: true, score: 42,
}));
const address = await app.listen({ port: 0, host: '127.0.0.1' });
console.log(JSON.stringify({ ready: true, http: { it: address.slice('http://'.length) } }));
`;

const appOf = (folder: string, routes: number): void => {
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'moontide.yaml'), 'name: bench-http\n');
  writeFileSync(join(folder, 'src/show.lua'), LUA);
  const endpoints = Array.from(
    { length: routes },
    (_none, n) =>
      `  - { name: r${n}, kind: http.endpoint, meta: { router: api }, method: GET, path: '/r${n}/users/{id}', func: show }`,
  );
  writeFileSync(
    join(folder, 'src/_index.yaml'),
    `version: "1.0"
namespace: app
entries:
  - { name: gateway, kind: http.service, addr: '127.0.0.1:0', lifecycle: { auto_start: true } }
  - { name: api, kind: http.router }
  - { name: show, kind: function.lua, source: file://show.lua, modules: [http] }
${endpoints.join('\n')}
`,
  );
};

interface Server {
  readonly process: ChildProcess;
  readonly url: string;
}

async function started(args: readonly string[]): Promise<Server> {
  const child = spawn(process.execPath, [...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MOONTIDE_SKIP_BUILD: '1', NO_COLOR: '1' },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{"ready"')) continue;
    const { http } = JSON.parse(line) as { http: Record<string, string> };
    return { process: child, url: `http://${Object.values(http)[0]}` };
  }
  throw new Error('the server ended before it was ready');
}

/** Milliseconds of CPU that a process has used; 0 where nobody tells. */
function cpuOf({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10; // in ticks of 10 ms
  } catch {
    return 0;
  }
}

interface Load {
  readonly perSecond: number;
  readonly p99: number;
  /** Of CPU, for one request. Microseconds. */
  readonly cpu: number;
}

async function load(server: Server, path: string, seconds: number, connections: number): Promise<Load> {
  const before = cpuOf(server.process);
  const told = await autocannon({ url: server.url + path, connections, duration: seconds });
  const failed = told.errors + told.timeouts + told.non2xx;
  if (failed > 0) throw new Error(`${failed} requests failed`);
  const all = told.requests.total;
  return {
    perSecond: all / told.duration,
    p99: told.latency.p99,
    cpu: ((cpuOf(server.process) - before) * 1000) / all,
  };
}

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const [seconds, rounds, connections] = [
    option(args, 'seconds', 4),
    option(args, 'rounds', 5),
    option(args, 'connections', 100),
  ] as const;
  const folder = mkdtempSync(join(tmpdir(), 'moontide-http-'));
  const servers: Server[] = [];
  try {
    for (const routes of [10, 1000]) appOf(join(folder, String(routes)), routes);
    // Beside this file, where fastify is found.
    const plain = await started([
      '--input-type=module',
      '--import',
      `data:text/javascript,process.chdir('${HERE}')`,
      '-e',
      FASTIFY,
    ]);
    servers.push(plain);
    const few = await started([BIN, '--app', join(folder, '10'), '--json', 'run']);
    servers.push(few);
    const many = await started([BIN, '--app', join(folder, '1000'), '--json', 'run']);
    servers.push(many);
    const run = (server: Server, path: string, time = seconds): Promise<Load> =>
      load(server, path, time, connections);
    for (const [server, path] of [
      [plain, '/r0/users/7'],
      [few, '/r0/users/7'],
      [many, '/r999/users/7'],
    ] as const)
      await run(server, path, 2); // warm
    const loads: { plain: Load; few: Load; many: Load }[] = [];
    for (let n = 0; n < rounds; n += 1) {
      const one = {
        plain: await run(plain, '/r0/users/7'),
        few: await run(few, '/r0/users/7'),
        many: await run(many, '/r999/users/7'),
      };
      loads.push(one);
      const shown = Object.entries(one).map(
        ([name, { perSecond, p99, cpu }]) =>
          `${name} ${Math.round(perSecond)}/s p99 ${p99} ms ${Math.round(cpu)} us`,
      );
      say(`round ${n + 1}: ${shown.join(', ')}`);
    }
    const of = (pick: (one: (typeof loads)[number]) => number): number => round(median(loads.map(pick)));
    return result(
      'http',
      {
        fastifyPerSecond: of((one) => one.plain.perSecond),
        luaPerSecond: of((one) => one.few.perSecond),
        ratio: of((one) => one.few.perSecond / one.plain.perSecond),
        cpuRatio: of((one) => one.few.cpu / one.plain.cpu),
        fastifyP99Ms: of((one) => one.plain.p99),
        luaP99Ms: of((one) => one.few.p99),
        manyRoutesRatio: of((one) => one.many.perSecond / one.few.perSecond),
      },
      { ratio: '>= 0.8', manyRoutesRatio: '>= 0.9' },
    );
  } finally {
    for (const server of servers) {
      server.process.kill('SIGTERM');
      if (server.process.exitCode === null) await once(server.process, 'close');
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
