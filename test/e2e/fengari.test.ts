// The orders example on the interpreter: where the app wishes it, and by itself where strings may not become code.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resultOf } from '../../src/temporal/client.js';
import { connectTemporal } from '../../src/temporal/connection.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
const running: CliProcess[] = [];
beforeAll(buildOnce);
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.signal('SIGTERM');
    await each.ended;
  }
});
afterAll(() => folders.clean());

const INTERPRETED = { NODE_OPTIONS: '--disallow-code-generation-from-strings' };

describe('the orders example on fengari', () => {
  it.each([
    ['where moontide.yaml says so', 'lua:\n  engine: fengari\n', {}],
    ['where code generation from strings is disallowed', '', INTERPRETED],
  ])('runs to its end %s', { timeout: 90_000 }, async (_where, settings, env) => {
    const app = folders.copy('orders');
    appendFileSync(join(app, 'moontide.yaml'), settings);
    const dev = new CliProcess(['--app', app, '--json', 'dev'], { env });
    running.push(dev);
    const { address } = JSON.parse((await dev.until(/^\{.*\}$/m))[0]) as { readonly address: string };
    const run = async (...args: string[]): Promise<unknown> => {
      const result = await cli(['--app', app, '--json', ...args], { env });
      expect(result).toMatchObject({ code: 0 });
      return JSON.parse(result.stdout);
    };
    await run('start', 'orders:order', '{"id":"o-1","sku":"mug","quantity":2}', '--id', 'o-1');
    await run('send', 'o-1', 'approve', '{"by":"ada"}');
    await using temporal = await connectTemporal({ address });
    const [result] = await resultOf(temporal.client, { workflowId: 'o-1' });
    expect(result).toMatchObject({ id: 'o-1', status: 'shipped', charged_cents: 2500 });
    const { events } = await temporal.client.workflow.getHandle('o-1').fetchHistory();
    const markers = (events ?? []).map((event) => event.markerRecordedEventAttributes?.details?.['result']);
    const [pin] = markers.flatMap((result) => result?.payloads ?? []);
    expect(JSON.parse(Buffer.from(pin?.data ?? []).toString())).toMatchObject({ engine: 'fengari' });
    expect(await run('call', 'orders:report')).toMatchObject({
      orders: [{ id: 'o-1', amount_cents: 2500 }],
    });
    const tests = await cli(['--app', app, 'test'], { env });
    expect(tests).toMatchObject({ code: 0 });
  });
});
