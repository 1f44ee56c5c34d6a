// Routes that change, and a server that stops, while autocannon's 200 connections ask: nothing fails, no answer is cut.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce } from '../e2e/cli-process.js';
import { times } from '../faults/scale.js';
import { answering, appYaml, endpoint } from './app.js';

const CONNECTIONS = 200;
const ROUNDS = times(2, 10);
const folders = new TestFolders();
beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

/** `dev` follows the folder. */
async function started(command: 'dev' | 'run'): Promise<{ folder: string; node: CliProcess; url: string }> {
  const folder = folders.make({
    'moontide.yaml': 'name: httpload\n',
    'src/_index.yaml': appYaml(endpoint('a', 'GET', '/a')),
    'src/a.lua': answering('res:write_json({ version = 0, text = ("x"):rep(500) })'),
  });
  const node = new CliProcess(['--app', folder, '--json', command]);
  const [line] = await node.until(/^\{"ready".*\}$/m, 120_000);
  const { http } = JSON.parse(line) as { http: Record<string, string> };
  return { folder, node, url: `http://${Object.values(http)[0]}` };
}

const version = async (url: string): Promise<unknown> =>
  ((await (await fetch(`${url}/a`)).json()) as { version: unknown }).version;

it('a change of the routes fails none of the requests', async () => {
  const { folder, node, url } = await started('dev');
  let stop = (): void => undefined;
  const told = new Promise<autocannon.Result>((resolve, reject) => {
    const options = { url: `${url}/a`, connections: CONNECTIONS, duration: 600 };
    const load = autocannon(options, (error: Error | null, result) =>
      error === null ? resolve(result) : reject(error),
    );
    stop = () => load.stop();
  });
  for (let round = 1; round <= ROUNDS; round += 1) {
    writeFileSync(
      join(folder, 'src/a.lua'),
      answering(`res:write_json({ version = ${round}, text = ("x"):rep(500) })`),
    );
    writeFileSync(
      join(folder, 'src/_index.yaml'),
      appYaml(
        endpoint('a', 'GET', '/a') +
          endpoint('a', 'GET', `/b${round}`)
            .replace(/^.*function.lua.*$/m, '')
            .replace('a_route', `b${round}`),
      ),
    );
    await expect.poll(() => version(url), { timeout: 60_000, interval: 200 }).toBe(round);
    await expect
      .poll(async () => (await fetch(`${url}/b${round}`)).status, { timeout: 60_000, interval: 200 })
      .toBe(200);
  }
  stop();
  const { errors, timeouts, non2xx, requests } = await told;
  expect({ errors, timeouts, non2xx, some: requests.total > CONNECTIONS }).toEqual({
    errors: 0,
    timeouts: 0,
    non2xx: 0,
    some: true,
  });
  node.signal('SIGTERM');
  expect((await node.ended).code).toBe(0);
}, 300_000);

it('a stop cuts no answer', async () => {
  const { node, url } = await started('run');
  // Counted by the bytes that come: what is cut has fewer than its head promises, and is an error of fetch.
  let [whole, refused, cut] = [0, 0, 0];
  let going = true;
  const client = async (): Promise<void> => {
    while (going) {
      let answer: Response;
      try {
        answer = await fetch(`${url}/a`);
      } catch {
        refused += 1; // nobody listens any more
        return;
      }
      try {
        const { text } = (await answer.json()) as { text: string };
        if (answer.status === 200 && text.length === 500) whole += 1;
        else cut += 1;
      } catch {
        cut += 1;
      }
    }
  };
  const clients = Array.from({ length: CONNECTIONS }, client);
  await expect.poll(() => whole, { timeout: 60_000 }).toBeGreaterThan(CONNECTIONS);
  node.signal('SIGTERM');
  const { code } = await node.ended;
  going = false;
  await Promise.all(clients);
  expect({ code, cut, refused }).toEqual({ code: 0, cut: 0, refused: CONNECTIONS });
}, 120_000);
