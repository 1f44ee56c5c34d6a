// examples/http-api, as its README uses it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFolders, buildOnce } from '../e2e/cli-process.js';
import { startNode } from './node.js';

const folders = new TestFolders();
let url = '';
beforeAll(async () => {
  await buildOnce();
  const folder = folders.copy('http-api');
  const index = join(folder, 'src/_index.yaml');
  writeFileSync(index, readFileSync(index, 'utf8').replace('127.0.0.1:8080', '127.0.0.1:0'));
  url = (await startNode(folder)).url;
}, 180_000);
afterAll(() => folders.clean());

it('keeps notes', async () => {
  const post = (body: string): Promise<Response> =>
    fetch(`${url}/api/notes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const made = await post('{"text":"tea at four"}');
  expect([made.status, made.headers.get('location')]).toEqual([201, '/api/notes/1']);
  expect(await (await fetch(`${url}/api/notes`)).json()).toEqual({ notes: [{ id: 1, text: 'tea at four' }] });
  expect((await post('{')).status).toBe(400);
  expect((await post('{"text":""}')).status).toBe(422);
  expect((await post(JSON.stringify({ text: 'x'.repeat(70_000) }))).status).toBe(422);
  expect((await fetch(`${url}/api/notes/1`, { method: 'DELETE' })).status).toBe(204);
  expect((await fetch(`${url}/api/notes/1`)).status).toBe(404);
  expect((await fetch(`${url}/api/notes/one`)).status).toBe(404);
});

it('shows its page and the clock', async () => {
  expect(await (await fetch(url)).text()).toContain('<h1>Notes</h1>');
  const stop = new AbortController();
  const clock = await fetch(`${url}/api/clock`, { signal: stop.signal });
  const reader = clock.body?.getReader();
  const first: { value?: Uint8Array | undefined } = (await reader?.read()) ?? {};
  expect(new TextDecoder().decode(first.value)).toMatch(/^event: tick\ndata: \{"tick":1,/);
  stop.abort();
});

it('reminds, once for each key, and as soon as it is told to', async () => {
  const send = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${url}/api/reminders${path}`, {
      method,
      headers: {
        'idempotency-key': 'tea',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const reminder = { text: 'tea at four', after: '1h' };
  for (const _twice of [1, 2]) {
    const asked = await send('POST', '', reminder);
    expect([asked.status, asked.headers.get('location')]).toEqual([202, '/api/reminders/tea']);
  }
  expect((await send('POST', '', { text: 'tea' })).status).toBe(422);
  expect(await (await send('PUT', '/tea/text', { text: 'tea at five' })).json()).toEqual({
    text: 'tea at five',
  });
  expect(await (await send('GET', '/tea/text')).json()).toEqual({ text: 'tea at five' });
  const events = fetch(`${url}/api/reminders/tea/events`).then((answer) => answer.text());
  expect((await send('POST', '/tea/now')).status).toBe(202);
  expect(await events).toMatch(/event: started\n[^]*event: signal\n[^]*event: completed\n/);
  const state = (await (await send('GET', '/tea')).json()) as { result: unknown };
  expect(state).toMatchObject({ id: 'tea', status: 'completed', result: { text: 'tea at five' } });
  const { notes } = (await (await fetch(`${url}/api/notes`)).json()) as { notes: unknown[] };
  expect(notes).toEqual([state.result]);
});
