// examples/actors, as its README uses it.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runNode } from '../../src/cli/run-node.js';
import type { RunningNode } from '../../src/cli/running-node.js';
import { dataObject } from '../../src/core/data.js';
import { connectToNodes } from '../../src/runtime/control/control-socket.js';

const example = fileURLToPath(new URL('../../examples/actors', import.meta.url));
let folder = '';
let node: RunningNode;
let url = '';
const edit = (file: string, from: string, to: string): void => {
  const path = join(folder, 'src', file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-actors-example-'));
  cpSync(example, folder, { recursive: true, filter: (path) => !path.includes('.moontide') });
  edit('_index.yaml', '127.0.0.1:8081', '127.0.0.1:0');
  node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, environment: {} });
  url = `http://127.0.0.1:${node.listening().get('auction:gateway')?.port}/sales`;
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

it.each(['sells', 'refuses', 'withdraws'])('passes its test %s', async (name) => {
  const outcome = await node.call(`auction:${name}`, []);
  if (!outcome.ok) throw new Error(outcome.error.message);
});

it('sells over HTTP, and goes on with new code in the middle of a sale', async () => {
  const post = async (path: string, body?: object): Promise<readonly [number, unknown]> => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [answer.status, await answer.json()];
  };
  expect(await post('/clock?lasts=10m')).toEqual([200, { pid: expect.any(String) as string }]);
  expect((await post('/clock'))[0]).toBe(409);
  expect((await post('/vase?lasts=soon'))[0]).toBe(422);
  expect((await post('/vase/bids', { who: 'ada', amount: 1 }))[0]).toBe(404);
  expect((await post('/clock/bids', { who: 'ada' }))[0]).toBe(422);
  const best = { who: 'ada', amount: 10 };
  expect(await post('/clock/bids', best)).toEqual([200, { taken: true, best }]);
  const result = fetch(`${url}/clock/result`);

  edit('sale.lua', 'bid.amount > best.amount', 'bid.amount >= best.amount + 5');
  await node.reload({ comment: 'bids go up by five', via: 'test' });
  expect(await post('/clock/bids', { who: 'bo', amount: 14 })).toEqual([200, { taken: false, best }]);
  expect(await post('/clock/bids', { who: 'bo', amount: 15 })).toMatchObject([200, { taken: true }]);

  const [control] = await connectToNodes(folder, join(folder, '.moontide')); // as `moontide cancel` does
  await control?.ask('cancel', dataObject({ to: 'sale of clock', reason: 'stolen' }));
  control?.[Symbol.dispose]();
  expect(await (await result).json()).toEqual({ item: 'clock', sold: false, why: 'stolen' });
});
