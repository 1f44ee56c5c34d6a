// examples/supervision, as its README uses it; what is changed while it runs is refused where it cannot be.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectTemporal } from '../../src/temporal/connection.js';
import type { TemporalConnection } from '../../src/temporal/connection.js';
import { Supervisor } from '../../src/temporal/supervision.js';
import { eventually } from '../supervision/support.js';
import { CliProcess, TestFolders, buildOnce } from './cli-process.js';

const folders = new TestFolders();
let folder = '';
let node: CliProcess;
let temporal: TemporalConnection;
let url = '';
const edit = (from: string, to: string): void => {
  const path = join(folder, 'src/_index.yaml');
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
};
beforeAll(async () => {
  await buildOnce();
  folder = realpathSync(folders.copy('supervision'));
  edit('127.0.0.1:8082', '127.0.0.1:0');
  node = new CliProcess(['--app', folder, '--json', 'dev']);
  const [ready] = await node.until(/^\{"ready".*$/m, 90_000);
  const { address } = JSON.parse(ready) as { address: string };
  temporal = await connectTemporal({ address, identity: 'test' });
  url = /listens on (http:\S+)/.exec(node.stderr)?.[1] ?? '';
}, 120_000);
afterAll(async () => {
  await temporal.close();
  node.signal('SIGTERM');
  expect((await node.ended).code).toBe(0);
  await folders.clean();
});

const post = async (path: string): Promise<readonly [number, unknown]> => {
  const answer = await fetch(`${url}${path}`, { method: 'POST' });
  return [answer.status, await answer.json()];
};
/** An order that is served once all are there again. */
async function served(waiter: string): Promise<unknown> {
  for (;;) {
    const [status, body] = await post(`/order/${waiter}`);
    if (status === 200) return body;
    await sleep(50);
  }
}
/** Lives by the last part of their service's id, once all run. */
async function lives(after: Readonly<Record<string, number>> = {}): Promise<Record<string, number>> {
  for (;;) {
    const all = (await new Supervisor(temporal.client, 'supervision').services()) ?? [];
    const found = Object.fromEntries(all.map(({ id, token }) => [id.slice('kitchen:'.length), token]));
    const isNew = Object.entries(after).every(([name, life]) => (found[name] ?? 0) > life);
    if (all.length === 6 && all.every(({ state }) => state === 'Running') && isNew) return found;
    await sleep(50);
  }
}

it('goes on after what breaks, with what counts on it', { timeout: 60_000 }, async () => {
  expect(await served('ada')).toEqual({ left: 9 });
  const first = await lives();
  expect((await post('/break/bo'))[0]).toBe(200);
  const second = await lives({ bo: first['bo']! });
  expect({ ...second, bo: first['bo'] }).toEqual(first);
  expect((await post('/break/stock'))[0]).toBe(200);
  await lives({ stock: second['stock']!, cook: second['cook']!, ada: second['ada']!, bo: second['bo']! });
  expect(await served('ada')).toEqual({ left: 9 });
});

it('takes no change that would have its services wait for each other', { timeout: 30_000 }, async () => {
  edit(
    'process: stock_process, host: room',
    'process: stock_process, host: room, lifecycle: { requires: [cook] }',
  );
  const circle = 'services require each other in a circle: kitchen:cook -> kitchen:stock -> kitchen:cook';
  await eventually('it is refused', () => node.stderr.includes(circle));
  expect(await served('bo')).toEqual({ left: 8 });
});
