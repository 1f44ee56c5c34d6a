// Connections as processes: the relays of WebSocket and of server-sent events, by clients that nobody here wrote.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { answering, appYaml, startApp } from './app.js';
import { changedFolder } from './changes.js';
import type { HttpApp } from './app.js';

/** Echoes what clients say, tells who is there, and does what it is told. */
const ROOM = `
local function main(name)
  process.registry.register(name)
  local inbox = process.inbox()
  while true do
    local msg, ok = inbox:receive()
    if not ok then return end
    local topic, data, from = msg:topic(), msg:payload():data(), msg:from()
    if topic == "ws.join" or topic == "sse.join" then
      process.send(data.client_pid, topic == "ws.join" and "welcome" or "sse.message", { room = name, metadata = data.metadata })
    elseif topic == "ws.leave" or topic == "sse.leave" then
      print(name .. " lost " .. tostring(data.metadata and data.metadata.user))
    elseif topic == "ws.message" then
      if data == "bye" then process.send(from, "ws.close", "said bye")
      elseif data == "end" then return
      elseif data == "fail" then error("the room is on fire")
      elseif data == "bytes" then process.send(from, "bytes", "\\255\\0")
      elseif data == "move" then process.send(from, "ws.control", { target_pid = "other" })
      else process.send(from, "echo", data) end
    elseif topic == "tell" then
      process.send(data.to, data.topic, data.body)
    elseif topic == "ws.heartbeat" then
      process.send(data.client_pid, "beat", { count = data.message_count })
    end
  end
end
return { main = main }
`;
const join = (relay: string, extra = ''): string =>
  answering(`
  local json = require("json")
  if req:query("room") == "nobody" then res:set_header("${relay}", json.encode({ target_pid = "nobody" })) return end
  res:set_header("${relay}", json.encode({ target_pid = req:query("room") or "room", metadata = { user = req:query("user") } ${extra} }))`);
const ENTRIES = `
  - { name: hosts, kind: process.host, lifecycle: { auto_start: true } }
  - { name: room, kind: process.lua, source: file://room.lua, method: main, modules: [] }
  - { name: start, kind: function.lua, source: file://start.lua }
  - { name: join_ws, kind: function.lua, source: file://ws.lua, modules: [http, json] }
  - { name: beat_ws, kind: function.lua, source: file://beat.lua, modules: [http, json] }
  - { name: join_sse, kind: function.lua, source: file://sse.lua, modules: [http, json] }
  - { name: alone_sse, kind: function.lua, source: file://alone.lua, modules: [http, json] }
  - { name: plain, kind: function.lua, source: file://plain.lua, modules: [http, json] }
  - { name: tell, kind: function.lua, source: file://tell.lua, modules: [http, json] }
  - { name: dial, kind: function.lua, source: file://dial.lua, modules: [websocket, json] }
  - { name: ws, kind: http.router, prefix: /ws, post_middleware: [websocket_relay], post_options: { wsrelay.allowed.origins: "https://app.example.com" } }
  - { name: sse, kind: http.router, prefix: /sse, post_middleware: [sse_relay] }
  - { name: r1, kind: http.endpoint, meta: { router: ws }, method: GET, path: /, func: join_ws }
  - { name: r2, kind: http.endpoint, meta: { router: ws }, method: GET, path: /beat, func: beat_ws }
  - { name: r3, kind: http.endpoint, meta: { router: ws }, method: GET, path: /plain, func: plain }
  - { name: r4, kind: http.endpoint, meta: { router: sse }, method: GET, path: /, func: join_sse }
  - { name: r5, kind: http.endpoint, meta: { router: sse }, method: GET, path: /alone, func: alone_sse }
  - { name: r6, kind: http.endpoint, meta: { router: api }, method: POST, path: /tell, func: tell }`;

let app: HttpApp;
const files = {
  'src/room.lua': ROOM,
  'src/start.lua': `return function(name)
  local pid = assert(process.spawn("app:room", "app:hosts", name))
  while not process.registry.lookup(name) do coroutine.yield() end
  return tostring(pid)
end`,
  'src/ws.lua': join('X-WS-Relay'),
  'src/beat.lua': join('X-WS-Relay', ', heartbeat_interval = "50ms"'),
  'src/sse.lua': join('X-SSE-Relay'),
  'src/alone.lua': answering('res:set_header("X-SSE-Relay", "{}")'),
  'src/plain.lua': answering('res:set_status(403) res:write("not you")'),
  'src/dial.lua': `
local websocket, json = require("websocket"), require("json")
return function(url)
  local client = assert(websocket.connect(url))
  local messages, heard = client:channel(), {}
  client:send("tea?")
  client:send("bye")
  while true do
    local message, ok = messages:receive()
    if not ok then break end
    heard[#heard + 1] = json.decode(message.data)
  end
  local _, err = client:send("more")
  return { heard, err:message() }
end`,
  'src/tell.lua': answering(`
  local to = req:body_json()
  local ok, err = process.send(to.to, to.topic, to.body)
  res:write_json({ ok = ok, kind = err and err:kind() })`),
};
const room = async (name: string): Promise<void> => {
  const { ok } = await app.node.call('app:start', [name]);
  expect(ok).toBe(true);
};
beforeAll(async () => {
  app = await startApp({
    'moontide.yaml': 'name: httptest\nsecurity: { private_networks: [127.0.0.1] }\n',
    'src/_index.yaml': appYaml(ENTRIES),
    ...files,
  });
}, 60_000);
afterAll(async () => app[Symbol.asyncDispose]());

class Talk {
  readonly socket: WebSocket;
  readonly heard: unknown[] = [];
  readonly closed: Promise<[code: number, reason: string]>;
  constructor(path: string, options: { origin?: string } = {}, url = app.url) {
    this.socket = new WebSocket(url.replace('http', 'ws') + path, options);
    this.socket.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString())));
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code: number, reason: Buffer) => resolve([code, reason.toString()]));
    });
  }
  async say(...texts: (string | Buffer)[]): Promise<void> {
    await this.opened();
    for (const text of texts) this.socket.send(text);
  }
  async opened(): Promise<void> {
    if (this.socket.readyState === WebSocket.OPEN) return;
    await new Promise<void>((resolve, reject) => {
      this.socket.once('open', () => resolve()).once('error', reject);
    });
  }
}
const refused = (path: string, options: { origin?: string } = {}): Promise<string> =>
  new Promise((resolve) => {
    const { socket } = new Talk(path, options);
    socket.once('error', (error) => resolve(error.message)).once('open', () => resolve('open'));
  });

describe('a WebSocket', () => {
  it('has programs of the app as clients, by the websocket module', async () => {
    await room('dialed');
    const url = `${app.url.replace('http', 'ws')}/ws/?room=dialed&user=ann`;
    const outcome = await app.node.call('app:dial', [url]);
    expect(outcome).toMatchObject({ ok: true });
    const [[heard, ended]] = (outcome.ok ? outcome.values : []) as unknown as [
      [{ topic: string; data: unknown }[], string],
    ];
    expect(heard.map(({ topic }) => topic)).toEqual(['welcome', 'echo']);
    expect(heard[1]?.data).toBe('tea?');
    expect(ended).toContain('it was closed with 1000: said bye');
  });
  it('is a process between its client and its target', async () => {
    await room('room');
    const talk = new Talk('/ws?user=ann');
    await talk.say('hello ☕', 'bytes', 'bye');
    expect(await talk.closed).toEqual([1000, 'said bye']);
    expect(talk.heard).toEqual([
      { topic: 'welcome', data: { room: 'room', metadata: { user: 'ann' } } },
      { topic: 'echo', data: 'hello ☕' },
      { topic: 'bytes', data: '/wA=' },
    ]);
    await expect.poll(() => app.printed).toContain('room lost ann');
  });

  it('ends with its target, and says whether that failed', async () => {
    await room('brief');
    const [calm, burning] = [new Talk('/ws?room=brief'), new Talk('/ws?room=brief')];
    await burning.opened();
    await calm.say('end');
    expect(await calm.closed).toEqual([1000, 'the process has ended']);
    await burning.closed;
    await room('burning');
    const third = new Talk('/ws?room=burning');
    await third.say('fail');
    expect(await third.closed).toEqual([1011, 'the process has ended']);
  });

  it('moves to another process', async () => {
    await room('first');
    await room('other');
    const talk = new Talk('/ws?room=first&user=bea');
    await talk.say('move');
    await expect
      .poll(() => talk.heard)
      .toContainEqual({ topic: 'welcome', data: { room: 'other', metadata: { user: 'bea' } } });
    expect(app.printed).toContain('first lost bea');
    talk.socket.close();
    await expect.poll(() => app.printed).toContain('other lost bea');
  });

  it('tells its target from time to time that it is there', async () => {
    await room('beating');
    const talk = new Talk('/ws/beat?room=beating');
    await talk.say('one');
    await expect.poll(() => talk.heard).toContainEqual({ topic: 'beat', data: { count: 1 } });
    talk.socket.terminate();
  });

  it('is not made without its process, for a stranger, or where the function says no', async () => {
    expect(await refused('/ws?room=nobody')).toContain('503');
    expect(await refused('/ws', { origin: 'https://evil.example.com' })).toContain('403');
    expect(await refused('/ws/plain')).toContain('403');
    expect(await refused('/nothing')).toContain('404');
    expect((await fetch(`${app.url}/ws`)).status).toBe(426);
    await room('friends');
    const friend = new Talk('/ws?room=friends', { origin: 'https://app.example.com' });
    await friend.opened();
    friend.socket.close();
  });

  it('with a message that is too large is closed', async () => {
    await room('small');
    const talk = new Talk('/ws?room=small');
    await talk.say('x'.repeat(2 * 1024 * 1024));
    expect((await talk.closed)[0]).toBe(1009);
  });

  it('takes a flood as its target does: nothing is lost, and nothing fails', async () => {
    await room('busy');
    const talk = new Talk('/ws?room=busy');
    await talk.say(...Array.from({ length: 20_000 }, (_none, n) => `${n}`));
    await expect.poll(() => talk.heard.length, { timeout: 30_000 }).toBe(20_001);
    expect(talk.heard.at(-1)).toEqual({ topic: 'echo', data: '19999' });
    talk.socket.terminate();
  }, 60_000);
});

describe('connections', () => {
  it('outlive a change of the routes, and are told when their server stops', async () => {
    await using other = await startApp({
      'src/_index.yaml': appYaml(ENTRIES),
      ...files,
    });
    await other.node.call('app:start', ['room']);
    const talk = new Talk('/ws', {}, other.url);
    await talk.say('before');
    await changedFolder(other, {
      'src/_index.yaml': appYaml(ENTRIES.replace('path: /plain', 'path: /changed')),
    });
    await talk.say('after');
    await expect.poll(() => talk.heard).toContainEqual({ topic: 'echo', data: 'after' });
    await other.node.stop();
    expect(await talk.closed).toEqual([1001, 'the server stops']);
  }, 30_000);
});

async function* lines(answer: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>)
    for (const line of decoder.decode(chunk, { stream: true }).split('\n\n')) if (line !== '') yield line;
}
const tell = async (to: unknown): Promise<unknown> =>
  (await fetch(`${app.url}/tell`, { method: 'POST', body: JSON.stringify(to) })).json();

describe('a stream of server-sent events', () => {
  it('is a process too: what it is sent under its topic goes out', async () => {
    await room('news');
    const stop = new AbortController();
    const stream = lines(await fetch(`${app.url}/sse?room=news&user=cid`, { signal: stop.signal }));
    expect((await stream.next()).value).toBe(
      'event: sse.message\ndata: {"room":"news","metadata":{"user":"cid"}}',
    );
    stop.abort();
    await expect.poll(() => app.printed).toContain('news lost cid');
  });

  it('without a target tells its PID, and is closed by whom it is told to', async () => {
    const stream = lines(await fetch(`${app.url}/sse/alone`));
    const { value } = (await stream.next()) as { value: string };
    const [, data = '{}'] = value.split('data: ');
    const { stream_pid: to } = JSON.parse(data) as { stream_pid: string };
    expect(await tell({ to, topic: 'sse.message', body: { n: 1 } })).toEqual({ ok: true });
    expect(await tell({ to, topic: 'other', body: 'not told' })).toEqual({ ok: true });
    expect(await tell({ to, topic: 'sse.control', body: { message_topic: 'news\nevent: evil' } })).toEqual({
      ok: true,
    });
    expect(await tell({ to, topic: 'news\nevent: evil', body: 'a\nb' })).toEqual({ ok: true });
    expect(await tell({ to, topic: 'sse.close', body: 'enough' })).toEqual({ ok: true });
    const rest: string[] = [];
    for await (const line of stream) rest.push(line);
    expect(rest).toEqual([
      'event: sse.message\ndata: {"n":1}',
      'event: news event: evil\ndata: "a\\nb"',
      'event: done\ndata: {"reason":"enough"}',
    ]);
    expect(await tell({ to, topic: 'sse.message', body: 1 })).toMatchObject({ kind: 'NotFound' });
  });
});
