// examples/chat, as its README uses it: by WebSocket clients that nobody here wrote, and by its own guest.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { runNode } from '../../src/cli/run-node.js';
import type { RunningNode } from '../../src/cli/running-node.js';

const example = fileURLToPath(new URL('../../examples/chat', import.meta.url));
let folder = '';
let node: RunningNode;
let host = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-chat-'));
  cpSync(example, folder, { recursive: true, filter: (path) => !path.includes('.moontide') });
  const index = join(folder, 'src/_index.yaml');
  writeFileSync(index, readFileSync(index, 'utf8').replace('127.0.0.1:8083', '127.0.0.1:0'));
  node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, environment: {} });
  host = `127.0.0.1:${node.listening().get('chat:gateway')?.port}`;
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

function enter(room: string, name: string): { readonly socket: WebSocket; readonly heard: unknown[] } {
  const socket = new WebSocket(`ws://${host}/rooms/${room}?name=${name}`);
  const heard: unknown[] = [];
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())));
  return { socket, heard };
}
const joined = (name: string): unknown => ({ topic: 'joined', data: { name } });
const said = (name: string, text: string): unknown => ({ topic: 'said', data: { name, text } });

it('has people and a program talk in a room, and nobody of another one hear it', async () => {
  const ada = enter('tea', 'ada');
  await expect.poll(() => ada.heard).toEqual([joined('ada')]);
  const bo = enter('tea', 'bo');
  const cy = enter('cake', 'cy');
  await expect.poll(() => bo.heard).toEqual([joined('bo')]);
  ada.socket.send('is it ready?');
  await expect.poll(() => bo.heard).toEqual([joined('bo'), said('ada', 'is it ready?')]);
  const outcome = await node.call('chat:guest', [`ws://${host}/rooms/tea?name=bot`, 'tea is ready']);
  expect(outcome).toMatchObject({ ok: true, values: [[joined('bot'), said('bot', 'tea is ready')]] });
  const left = (name: string): unknown => ({ topic: 'left', data: { name } });
  const talk = [
    joined('ada'),
    joined('bo'),
    said('ada', 'is it ready?'),
    joined('bot'),
    said('bot', 'tea is ready'),
  ];
  await expect.poll(() => ada.heard).toEqual([...talk, left('bot')]);
  bo.socket.close();
  await expect.poll(() => ada.heard).toEqual([...talk, left('bot'), left('bo')]);
  await expect.poll(() => cy.heard).toEqual([joined('cy')]);
  ada.socket.close();
  cy.socket.close();
});

it('shows its page, and asks who one is', async () => {
  expect(await (await fetch(`http://${host}/`)).text()).toContain('<h1>Chat</h1>');
  expect((await fetch(`http://${host}/rooms/tea`)).status).toBe(400);
});
