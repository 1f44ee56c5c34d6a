// Connections through a SOCKS5 proxy, which nobody here wrote: `http_client` and `websocket`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createSocks } from '@pondwader/socks5-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Data } from '../../src/core/data.js';
import { httpClientHandlers } from '../../src/modules/http_client/host.js';
import { httpClientSpec } from '../../src/modules/http_client/spec.js';
import { websocketHandlers } from '../../src/modules/websocket/host.js';
import { websocketSpec } from '../../src/modules/websocket/spec.js';
import type { KindSpec } from '../../src/registry/model/kind.js';
import { Resources } from '../../src/runtime/resources.js';
import { UndiciClient } from '../../src/services/http-client/client.js';
import { WsClient } from '../../src/services/http-client/websocket.js';
import { kinds } from '../../src/services/kinds.js';
import { entryOf } from '../support/examples.js';
import { allBut, runOnNode } from '../support/node-run.js';
import { linesOf, prepareFiles } from '../unit/registry/support.js';

/** What the proxy was asked for: `host:port user:password`. */
const asked: string[] = [];
beforeEach(() => void asked.splice(0));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Knows the names of `.example` only: all of them are this machine. */
async function proxyFor(auth = false): Promise<number> {
  const socks = createSocks();
  if (auth) socks.setAuthHandler(({ username, password }) => password !== 'wrong' && username !== '');
  socks.setConnectionHandler((connection, sendStatus) => {
    const { destAddress, destPort, username = '', password = '', socket } = connection;
    asked.push(`${destAddress}:${destPort}${username === '' ? '' : ` ${username}:${password}`}`);
    if (!destAddress.endsWith('.example') && destAddress !== '127.0.0.1')
      return sendStatus('HOST_UNREACHABLE');
    const out = connect(destPort, '127.0.0.1', () => {
      sendStatus('REQUEST_GRANTED');
      out.pipe(socket).pipe(out);
    });
    out.on('error', () => sendStatus('CONNECTION_REFUSED'));
    socket.on('error', () => out.destroy());
  });
  const server = createTcpServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socks._handleConnection(socket);
    closing.push(() => socket.destroy());
  });
  closing.push(() => server.close());
  return listening(server);
}

let direct = 0;
const web = createServer((request, response) => {
  if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  else response.end(`${request.headers.host} ${request.url}`);
});
new WebSocketServer({ server: web }).on('connection', (socket) => {
  socket.on('message', (data: Buffer) => socket.send(`echo of ${data.toString()}`));
});
let port = 0;
beforeAll(async () => {
  web.on('connection', () => (direct += 1));
  port = await listening(web);
});
afterAll(() => {
  web.closeAllConnections();
  web.close();
});

const closedHttp = new UndiciClient({ privateNetworks: [] });
const openHttp = new UndiciClient({ privateNetworks: ['127.0.0.1'] });
afterAll(async () => {
  await closedHttp[Symbol.asyncDispose]();
  await openHttp[Symbol.asyncDispose]();
});

interface Proxied {
  readonly proxy: Record<string, Data>;
  readonly refused?: readonly string[];
  /** It may reach this machine. */
  readonly open?: boolean;
}

/** Runs Lua of an app with the entry `app:proxy`. */
async function run(code: string, { proxy, refused = [], open = false }: Proxied): Promise<unknown> {
  const entry = entryOf('app:proxy', 'network.socks5', { host: '127.0.0.1', ...proxy });
  const known = new Map<string, KindSpec>(kinds.map((kind) => [kind.name, kind]));
  await using resources = new Resources({
    kinds: (kind) => known.get(kind),
    ids: () => [entry.id],
    host: {
      appFolder: '/nowhere',
      stateFolder: '/nowhere',
      file: async () => undefined,
      env: (name) => (name === 'PROXY_PASSWORD' ? 'secret' : undefined),
      get: (id) => (id === entry.id ? entry : undefined),
      ofKind: () => [],
      log: () => undefined,
    },
  });
  const authorize = allBut(refused);
  const { outcome } = await runOnNode(
    `local port = ...
     local http, websocket = require("http_client"), require("websocket")
     local through = { overlay_network = "app:proxy", timeout = "5s" }
     local function told(value, err)
       if err then return { err:kind(), err:retryable(), err:message() } end
       return value
     end
     ${code}`,
    [httpClientSpec, websocketSpec],
    {
      ...httpClientHandlers(open ? openHttp : closedHttp, authorize),
      ...websocketHandlers(new WsClient({ privateNetworks: open ? ['127.0.0.1'] : [] }), authorize),
    },
    [port],
    resources,
  );
  expect(outcome).toMatchObject({ ok: true });
  return outcome.ok ? JSON.parse(JSON.stringify(outcome.values[0] ?? null)) : undefined;
}

describe('a network.socks5', () => {
  it('carries requests to names that only it knows, with the credentials of its entry', async () => {
    const proxy = { port: await proxyFor(true), username: 'ann', password: '${env:PROXY_PASSWORD}' };
    expect(
      await run('return http.get("http://shop.example:" .. port .. "/tea", through).body', { proxy }),
    ).toBe(`shop.example:${port} /tea`);
    expect(asked).toEqual([`shop.example:${port} ann:secret`]);
  });
  it('carries WebSockets', async () => {
    const proxy = { port: await proxyFor() };
    expect(
      await run(
        `local client = assert(websocket.connect("ws://chat.example:" .. port .. "/", { overlay_network = "app:proxy" }))
         client:send("tea")
         return client:channel():receive().data`,
        { proxy },
      ),
    ).toBe('echo of tea');
    expect(asked).toEqual([`chat.example:${port}`]);
  });
  it('is another user for each connection where streams are isolated', async () => {
    const proxy = { port: await proxyFor(true), isolate_streams: true };
    await run(`for _ = 1, 2 do assert(http.get("http://shop.example:" .. port .. "/", through)) end`, {
      proxy,
    });
    expect(asked).toHaveLength(2);
    expect(new Set(asked).size).toBe(2);
    for (const one of asked) expect(one).toMatch(/ [0-9a-f]{16}:[0-9a-f]{16}$/);
  });
  it('is never gone around: what it does not carry is an error that may be tried again, and tells no secret', async () => {
    const before = direct;
    const refused = { port: await proxyFor(true), username: 'ann', password: 'wrong' };
    const get = 'return told(http.get("http://shop.example:" .. port .. "/", through))';
    const failed = (why: string): unknown => [
      'Internal',
      true,
      expect.stringMatching(new RegExp(`^no connection to 'shop.example' through 'app:proxy': ${why}`)),
    ];
    const told = await run(get, { proxy: refused });
    expect(told).toEqual(failed('Socks5 Authentication failed'));
    expect(JSON.stringify(told)).not.toContain('wrong');
    const gone = await proxyFor();
    for (const close of closing.splice(0)) close();
    expect(await run(get, { proxy: { port: gone } })).toEqual(failed('.*ECONNREFUSED'));
    expect(
      await run('return told(http.get("http://nobody.test/", through))', {
        proxy: { port: await proxyFor() },
      }),
    ).toEqual(['Internal', true, expect.stringMatching(/through 'app:proxy': .*HostUnreachable/)]);
    expect(
      await run('return told(http.get("http://" .. ("a."):rep(150) .. "example/", through))', {
        proxy: { port: await proxyFor() },
      }),
    ).toEqual(['Internal', true, expect.stringContaining('more than 255 bytes')]);
    expect(direct).toBe(before);
  });
  it('that takes a connection and says nothing is waited for no longer than the request may take', async () => {
    const mute = createTcpServer((socket) => void closing.push(() => socket.destroy()));
    closing.push(() => mute.close());
    const proxy = { port: await listening(mute) };
    expect(
      await run(
        'return told(http.get("http://shop.example/", { overlay_network = "app:proxy", timeout = "100ms" }))',
        { proxy },
      ),
    ).toEqual(['Internal', true, expect.stringMatching(/100 ms|timed out/)]);
    expect(
      await run(
        'return told(websocket.connect("ws://shop.example/", { overlay_network = "app:proxy", dial_timeout = "100ms" }))',
        { proxy },
      ),
    ).toEqual(['Internal', true, expect.stringMatching(/100 ms|timed out/)]);
  });
});

describe('the guard of addresses', () => {
  it('refuses what means the machine or the network of the proxy, and never asks the proxy for it', async () => {
    const proxy = { port: await proxyFor() };
    for (const host of [
      '127.0.0.1',
      '0x7f.1',
      '[::1]',
      '[::ffff:169.254.169.254]',
      '169.254.169.254',
      'localhost',
      'LOCALHOST.',
      'a.localhost',
      'metadata.google.internal',
      'printer.local',
    ])
      for (const ask of [
        `http.get("http://${host}/", through)`,
        `websocket.connect("ws://${host}/", { overlay_network = "app:proxy" })`,
      ])
        expect([host, await run(`return told(${ask})`, { proxy })]).toEqual([
          host,
          ['PermissionDenied', false, expect.stringContaining('private IP')],
        ]);
    expect(asked).toEqual([]);
  });
  it('refuses a redirect to it', async () => {
    const proxy = { port: await proxyFor() };
    expect(
      await run('return told(http.get("http://shop.example:" .. port .. "/away", through))', { proxy }),
    ).toEqual(['PermissionDenied', false, expect.stringContaining('private IP 127.0.0.1')]);
    expect(asked).toEqual([`shop.example:${port}`]);
  });
  it('judges names here where the entry says that this node looks them up', async () => {
    const proxy = { port: await proxyFor(), dns: 'node' };
    const get = 'return told(http.get("http://localhost:" .. port .. "/", through))';
    expect(await run(get, { proxy })).toEqual([
      'PermissionDenied',
      false,
      expect.stringContaining('private IP'),
    ]);
    expect(asked).toEqual([]);
  });
  it('lets the private networks of the app through', async () => {
    const proxy = { port: await proxyFor() };
    expect(
      await run('return http.get("http://127.0.0.1:" .. port .. "/", through).status_code', {
        proxy,
        open: true,
      }),
    ).toBe(200);
    expect(asked).toEqual([`127.0.0.1:${port}`]);
  });
  it('asks the policy who may choose a network', async () => {
    const proxy = { port: await proxyFor() };
    expect(
      await run('return told(http.get("http://shop.example/", through))', {
        proxy,
        refused: ['network.select'],
      }),
    ).toEqual([
      'PermissionDenied',
      false,
      "'app:test' may not do 'network.select' on 'app:proxy'; allow it with a policy of its scope",
    ]);
  });
});

it('an entry that cannot be is told with what to do', async () => {
  const entries = `version: "1.0"
namespace: app
entries:
  - { name: half, kind: network.socks5, host: proxy.example, port: 1080, username: ann }
  - { name: both, kind: network.socks5, host: proxy.example, port: 1080, username: ann, password: x, isolate_streams: true }
  - { name: far, kind: network.socks5, host: proxy.example, port: 70000 }
  - { name: fine, kind: network.socks5, host: proxy.example, port: 1080 }
  - { name: gateway, kind: http.service, addr: ":8080", network: fine }
`;
  const result = await prepareFiles({ '_index.yaml': entries });
  const lines = result.ok ? '' : linesOf(result.diagnostics).join('\n');
  expect(lines).toContain('the proxy has a username and no password');
  expect(lines).toContain('isolate_streams makes a user and password of its own');
  expect(lines).toMatch(/app:far.*port|port.*65535/);
  expect(lines).toContain('a server cannot listen on a network');
  expect(lines).not.toContain('app:fine');
});
