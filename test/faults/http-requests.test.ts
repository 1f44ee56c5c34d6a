// Requests with idempotency keys that start and update workflows, while their clients go away at random and nodes are killed.
// Each client asks again, with the same key, until it is answered; then what was asked for is done, and done once.
// The whole form has 2,000 requests and kills both nodes of the app, one after the other; the short one 100 and one kill.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolders, buildOnce } from '../e2e/cli-process.js';
import { startNode } from '../http/node.js';
import type { HttpNode } from '../http/node.js';
import { Random } from '../lua-fuzz/random.js';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { figure, quantile, seed, times } from './scale.js';

const REQUESTS = times(100, 2000);
const KILLS = times(1, 2);
const CLIENTS = 20;
const COUNTERS = 10;
/** A client that is not answered in this time with all its attempts has lost. Milliseconds. */
const PATIENCE_MS = 240_000;

const route = (name: string, workflow: string, path: string, more: string): string =>
  `  - { name: ${name}, kind: http.endpoint, meta: { router: api }, method: POST, path: "${path}", workflow: ${workflow}, timeout: 10s, ${more} }\n`;
const FILES = {
  'moontide.yaml': 'name: httpfaults\n',
  'src/_index.yaml': `version: "1.0"
namespace: app
entries:
  - { name: gateway, kind: http.service, addr: "127.0.0.1:0", lifecycle: { auto_start: true } }
  - { name: api, kind: http.router }
  - { name: db, kind: db.sql.sqlite, file: .moontide/rows.db }
  - { name: once, kind: workflow.lua, source: file://runs.lua, method: once, modules: [sql] }
  - { name: counter, kind: workflow.lua, source: file://runs.lua, method: counter, modules: [workflow] }
${route('start', 'once', '/once', 'idempotency: { required: true }')}${route('open', 'counter', '/counters', 'mode: accepted')}${route('add', 'counter', '/counters/{id}', 'update: add')}
  - { name: state, kind: http.endpoint, meta: { router: api }, method: GET, path: "/counters/{id}", workflow: counter, operation: status }
  - { name: total, kind: http.endpoint, meta: { router: api }, method: GET, path: "/counters/{id}/total", workflow: counter, query: total }
`,
  'src/runs.lua': `
local M = {}
function M.once(request)
  local db = require("sql").get("app:db")
  assert(db:execute("insert into effects (key) values (?)", { request.key }))
  return request.key
end
function M.counter()
  local workflow = require("workflow")
  local total, seen = 0, {}
  workflow.query("total", function() return { total = total, seen = seen } end)
  workflow.update("add", function(request)
    total = total + 1
    seen[#seen + 1] = request.key
    return { key = request.key, at = total }
  end)
  process.listen("end"):receive()
end
return M
`,
};

const folders = new TestFolders();
beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

interface Request {
  readonly key: string;
  readonly path: string;
  readonly body: unknown;
}

describe.skipIf(process.platform === 'win32')(`${REQUESTS} requests with keys, and ${KILLS} kills`, () => {
  it(
    'are each done once when they are answered, and answered the same when they are asked again',
    async () => {
      const random = new Random(seed);
      const folder = folders.make(FILES);
      const nodes: HttpNode[] = [await startNode(folder), await startNode(folder)];
      using rows = new SqliteDatabase(`${folder}/.moontide/rows.db`);
      rows.exec('create table effects (key text not null)');
      const tries: number[] = [];
      let [answered, cutOff] = [0, 0];

      const ask = async ({ key, path, body }: Request): Promise<unknown> => {
        const began = performance.now();
        for (let attempt = 1; performance.now() - began < PATIENCE_MS; attempt += 1) {
          const node = random.pick(nodes);
          const impatient = random.chance(20);
          try {
            const answer = await fetch(node.url + path, {
              method: 'POST',
              headers: { 'content-type': 'application/json', 'idempotency-key': key },
              body: JSON.stringify(body),
              signal: AbortSignal.timeout(impatient ? random.below(60) : 30_000),
            });
            const text = await answer.text();
            if (answer.status === 200 || answer.status === 202) {
              tries.push(attempt);
              return JSON.parse(text);
            }
            if (answer.status < 500) throw new RangeError(`${answer.status} ${text}`);
          } catch (error) {
            if (error instanceof RangeError) throw error; // no request is wrong
            if (impatient) cutOff += 1;
          }
          await sleep(50);
        }
        throw new Error(`nobody has answered '${key}', seed ${seed}`);
      };

      for (let at = 0; at < COUNTERS; at += 1) await ask({ key: `c${at}`, path: '/counters', body: {} });
      const requests = Array.from({ length: REQUESTS }, (_none, at): Request => {
        const key = `r${at}`;
        return at % 2 === 0
          ? { key, path: '/once', body: { key } }
          : { key, path: `/counters/c${at % COUNTERS}`, body: { key } };
      });
      const answers = new Map<string, unknown>();
      const waiting = [...requests];
      const client = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          answers.set(next.key, await ask(next));
          answered += 1;
        }
      };
      const clients = Promise.all(Array.from({ length: CLIENTS }, client));
      for (let kill = 0; kill < KILLS; kill += 1) {
        const point = Math.floor((REQUESTS * (kill + 1)) / (KILLS + 1));
        while (answered < point) await Promise.race([sleep(20), clients]);
        const victim = nodes[kill % nodes.length] as HttpNode;
        victim.process.signal('SIGKILL');
        await victim.process.ended;
        nodes[kill % nodes.length] = await startNode(folder);
      }
      await clients;

      // Asked again, with the same keys, of whoever is there.
      for (const request of requests.filter((_one, at) => at % 10 < 2))
        expect(await ask(request)).toEqual(answers.get(request.key));
      const starts = requests.filter(({ path }) => path === '/once').map(({ key }) => key);
      const found = rows.all('select key from effects') as { key: string }[];
      expect(found.map(({ key }) => key).sort()).toEqual([...starts].sort());
      for (const { key } of requests.filter(({ path }) => path === '/once'))
        expect(answers.get(key)).toBe(key);
      for (let at = 1; at < COUNTERS; at += 2) {
        const updates = requests.filter(({ path }) => path === `/counters/c${at}`).map(({ key }) => key);
        const { total, seen } = (await (
          await fetch(`${(nodes[0] as HttpNode).url}/counters/c${at}/total`)
        ).json()) as { total: number; seen: string[] };
        expect([total, [...seen].sort()]).toEqual([updates.length, [...updates].sort()]);
        for (const key of updates) expect(answers.get(key)).toEqual({ key, at: seen.indexOf(key) + 1 });
      }
      figure('http requests', {
        requests: REQUESTS,
        kills: KILLS,
        cutOff,
        again: tries.filter((one) => one > 1).length,
        mostTries: quantile(tries, 1),
      });
      for (const node of nodes) node.process.signal('SIGTERM');
      await Promise.all(nodes.map((node) => node.process.ended));
    },
    times(300_000, 1_500_000),
  );
});
