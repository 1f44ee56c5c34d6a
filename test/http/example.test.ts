// examples/http-api, as its README uses it.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runNode } from '../../src/cli/run-node.js';
import type { RunningNode } from '../../src/cli/running-node.js';

const example = fileURLToPath(new URL('../../examples/http-api', import.meta.url));
let folder = '';
let node: RunningNode;
let url = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-http-api-'));
  cpSync(example, folder, { recursive: true, filter: (path) => !path.includes('.moontide') });
  const index = join(folder, 'src/_index.yaml');
  writeFileSync(index, readFileSync(index, 'utf8').replace('127.0.0.1:8080', '127.0.0.1:0'));
  node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, print: () => undefined });
  url = `http://127.0.0.1:${node.listening().get('notes:gateway')?.port}`;
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('keeps notes', async () => {
  const post = (body: string): Promise<Response> => fetch(`${url}/api/notes`, { method: 'POST', body });
  const made = await post('{"text":"tea at four"}');
  expect([made.status, made.headers.get('location')]).toEqual([201, '/api/notes/1']);
  expect(await (await fetch(`${url}/api/notes`)).json()).toEqual({ notes: [{ id: 1, text: 'tea at four' }] });
  expect((await post('{')).status).toBe(400);
  expect((await post('{"text":""}')).status).toBe(422);
  expect((await post(JSON.stringify({ text: 'x'.repeat(70_000) }))).status).toBe(400);
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
