// `websocket` against real servers of the loopback, by ws.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { ServerOptions, WebSocket } from 'ws';
import { websocketHandlers } from '../../src/modules/websocket/host.js';
import { websocketSpec } from '../../src/modules/websocket/spec.js';
import { timeHandlers } from '../../src/modules/time/host.js';
import { timeSpec } from '../../src/modules/time/spec.js';
import { WsClient } from '../../src/services/http-client/websocket.js';
import { runLua } from '../support/instance.js';
import { allBut, runOnNode } from '../support/node-run.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(
  connected: (socket: WebSocket, request: IncomingMessage) => void,
  options: ServerOptions = {},
): Promise<string> {
  const http = createServer((_request, response) => response.writeHead(404).end());
  const server = new WebSocketServer({ ...options, server: http });
  server.on('connection', (socket, request) => {
    socket.on('error', () => undefined);
    connected(socket, request);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  closing.push(() => {
    for (const socket of server.clients) socket.terminate();
    http.closeAllConnections();
    http.close();
  });
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

/** Takes connections and says nothing. */
async function mute(): Promise<string> {
  const server: TcpServer = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    closing.push(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const echo = (socket: WebSocket): void => {
  socket.on('message', (data: Buffer, binary) => socket.send(data, { binary }));
};

const open = new WsClient({ privateNetworks: ['127.0.0.0/8'] });
const closed = new WsClient({ privateNetworks: [] });
/** Runs Lua as the program that owns its connections; then they end. */
async function run(
  code: string,
  url: string,
  { client = open, refused = [] }: { client?: WsClient; refused?: readonly string[] } = {},
): Promise<unknown> {
  const { outcome } = await runOnNode(
    `local url = ...
     local websocket, time = require("websocket"), require("time")
     local function told(value, err)
       if err then return { err:kind(), err:retryable(), err:message() } end
       return value
     end
     ${code}`,
    [websocketSpec, timeSpec],
    { ...websocketHandlers(client, allBut(refused)), ...timeHandlers },
    [url],
  );
  expect(outcome).toMatchObject({ ok: true });
  return outcome.ok ? JSON.parse(JSON.stringify(outcome.values[0] ?? null)) : undefined;
}

describe('a connection', () => {
  it('sends text and bytes and gives what comes by its channel, the same one each time', async () => {
    const url = await serve(echo);
    expect(
      await run(
        `local client = assert(websocket.connect(url))
         local ch = client:channel()
         assert(ch == client:receive())
         assert(client:send("gr\\195\\188n"))
         local a = ch:receive()
         assert(client:send("\\255\\0", websocket.BINARY))
         local b, ok = ch:receive()
         return { a.type, a.data, b.type, #b.data, b.data:byte(1), ok }`,
        url,
      ),
    ).toEqual(['text', Buffer.from('grün').toString('latin1'), 'binary', 2, 255, true]);
  });
  it('carries headers and protocols, and compresses where it is asked to', async () => {
    const seen: Record<string, unknown>[] = [];
    const url = await serve(
      (socket, { headers }) => {
        seen.push({ ...headers, protocol: socket.protocol, extensions: socket.extensions });
        echo(socket);
      },
      { perMessageDeflate: true, handleProtocols: (offered) => [...offered].at(-1) ?? false },
    );
    for (const mode of ['DISABLED', 'CONTEXT_TAKEOVER', 'NO_CONTEXT'])
      expect(
        await run(
          `local client = assert(websocket.connect(url, {
             headers = { Authorization = "Bearer x", ["X-Many"] = { "a", "b" } },
             protocols = { "old", "graphql-ws" },
             compression = websocket.COMPRESSION.${mode}, compression_threshold = 10,
           }))
           local long = ("tea "):rep(1000)
           client:send(long)
           return client:channel():receive().data == long`,
          url,
        ),
      ).toBe(true);
    expect(
      seen.map(({ authorization, 'x-many': many, protocol }) => [authorization, many, protocol]),
    ).toEqual(Array(3).fill(['Bearer x', 'a, b', 'graphql-ws']));
    expect(seen.map(({ extensions }) => extensions)).toEqual([
      '',
      'permessage-deflate',
      'permessage-deflate',
    ]);
    expect(seen[2]?.['sec-websocket-extensions']).toContain('no_context_takeover');
  });
  it('is closed with a code and a reason, and then nothing is sent', async () => {
    const codes: unknown[] = [];
    const url = await serve((socket) =>
      socket.on('close', (code, reason) => codes.push([code, reason.toString()])),
    );
    const error = ['Internal', false, `${url}/: the connection has ended: this program closed it`];
    expect(
      await run(
        `local client = assert(websocket.connect(url))
         local first = client:close(websocket.CLOSE_CODES.INTERNAL_ERROR, "no more tea")
         local value, ok = client:channel():receive()
         return { first, client:close(), value == nil, ok, told(client:send("x")), told(client:ping()) }`,
        url,
      ),
    ).toEqual([true, true, true, false, error, error]);
    await expect.poll(() => codes).toEqual([[1011, 'no more tea']]);
  });
  it('ends with the close frame, though the other side keeps the connection open', async () => {
    const http = createServer();
    http.on('upgrade', (request, socket) => {
      const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(key).digest('base64');
      socket.on('error', () => undefined);
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.write(Buffer.from([0x88, 2, 0x0f, 0xa0])); // 4000
      closing.push(() => socket.destroy());
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    closing.push(() => http.close());
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
    // The library itself would wait for half a minute.
    expect(await run('return select("#", assert(websocket.connect(url)):channel():receive())', url)).toBe(2);
  }, 10_000);
  it('is told how the other side closed it, behind the last message', async () => {
    const url = await serve((socket) => {
      socket.send('one');
      socket.send('two');
      socket.close(4001, 'out of tea');
    });
    expect(
      await run(
        `local client = assert(websocket.connect(url))
         local ch, got = client:channel(), {}
         while true do
           local message, ok = ch:receive()
           if not ok then break end
           got[#got + 1] = message.data
         end
         return { got, told(client:send("x")) }`,
        url,
      ),
    ).toEqual([
      ['one', 'two'],
      ['Internal', false, `${url}/: the connection has ended: it was closed with 4001: out of tea`],
    ]);
  });
  it('ends with its program', async () => {
    const codes: number[] = [];
    const url = await serve((socket) => socket.on('close', (code) => codes.push(code)));
    await run('assert(websocket.connect(url))', url);
    await expect.poll(() => codes).toEqual([1001]);
  });
  it('holds up a server whose messages nobody receives, and loses none', async () => {
    let sent = 0;
    let waits = false;
    let heldAt = 200;
    const url = await serve((socket) => {
      socket.once('message', () => (heldAt = sent));
      const more = (): void => {
        waits = false;
        while (sent < 200 && !waits) {
          waits = socket.bufferedAmount > 0;
          if (!waits) socket.send(`${String((sent += 1)).padStart(4)}${'.'.repeat(256 * 1024)}`);
        }
        if (sent < 200) setImmediate(more);
      };
      more();
    });
    expect(
      await run(
        `local client = assert(websocket.connect(url, { channel_capacity = 2 }))
         time.sleep("100ms")
         client:send("how many?")
         local before = #client:channel():receive().data
         local got = 1
         while got < 200 do
           local message = client:channel():receive()
           got = got + 1
           assert(tonumber(message.data:sub(1, 4)) == got)
         end
         return { before, got }`,
        url,
      ),
    ).toEqual([256 * 1024 + 4, 200]);
    expect(heldAt).toBeLessThan(150);
  });
  it('is selected among other channels, and answers pings of the server by itself', async () => {
    let pongs = 0;
    const url = await serve((socket) => {
      socket.on('pong', () => (pongs += 1));
      socket.on('ping', () => socket.send('you pinged'));
      socket.ping();
    });
    expect(
      await run(
        `local client = assert(websocket.connect(url, { read_timeout = "10s" }))
         assert(client:ping())
         local late = time.after("5s")
         local r = channel.select { client:channel():case_receive(), late:case_receive() }
         return { r.channel == client:channel(), r.value.data }`,
        url,
      ),
    ).toEqual([true, 'you pinged']);
    await expect.poll(() => pongs).toBe(1);
  });
});

describe('limits', () => {
  it('end a connection whose message is too large, also where it was small when it came', async () => {
    const url = await serve((socket) => socket.send('tea '.repeat(1 << 18)), {
      perMessageDeflate: { threshold: 0 },
    });
    for (const compression of [0, 1])
      expect(
        await run(
          `local client = assert(websocket.connect(url, { read_limit = 1000, compression = ${compression} }))
           local message, ok = client:channel():receive()
           return { message == nil, ok, told(client:send("x"))[3]:match("closed with.*") }`,
          url,
        ),
      ).toEqual([true, false, 'closed with 1006: Max payload size exceeded']);
  });
  it('end a connection on which nothing comes, and a dial that nobody answers', async () => {
    const silent = await serve((socket) => {
      socket.removeAllListeners('ping');
    });
    expect(
      await run(
        `local client = assert(websocket.connect(url, { read_timeout = 50 }))
         local _, ok = client:channel():receive()
         return { ok, told(client:send("x"))[3]:match("closed with.*") }`,
        silent,
      ),
    ).toEqual([false, 'closed with 1006: nothing came within 50 ms']);
    const nobody = await mute();
    expect(await run('return told(websocket.connect(url, { dial_timeout = "50ms" }))', nobody)).toEqual([
      'Internal',
      true,
      `${nobody}/: no connection within 50 ms`,
    ]);
  });
  it('end a connection whose other side takes no more of a message in its time', async () => {
    const url = await serve((socket) => socket.pause());
    expect(
      await run(
        `local client = assert(websocket.connect(url, { write_timeout = 100 }))
         local bytes, n = ("x"):rep(1024 * 1024), 0
         while n < 64 do
           local ok, err = client:send(bytes, websocket.BINARY)
           if err then return told(nil, err) end
           n = n + 1
         end`,
        url,
      ),
    ).toEqual(['Internal', true, `${url}/: a message was not taken within 100 ms`]);
  });
});

describe('a connection that cannot be', () => {
  it('is refused in a workflow, with what to do', async () => {
    const done = await runLua(
      'local _, err = require("websocket").connect("ws://a.example/") return tostring(err)',
      { modules: [websocketSpec], host: { place: 'workflow' } },
    );
    expect(done.commands).toEqual([]);
    expect(done.values[0] ?? done.error?.message).toContain('function.lua');
  });
  it('says what is wrong with it', async () => {
    const url = await serve(echo);
    const wrong = (args: string): Promise<unknown> => run(`return told(websocket.connect(${args}))`, url);
    expect(await wrong('"http://a.example/"')).toEqual([
      'Invalid',
      false,
      "a URL begins with ws:// or wss://, got 'http://a.example/'",
    ]);
    expect(await wrong('"ws://a b/"')).toEqual(['Invalid', false, 'the URL of the connection is none']);
    expect(await wrong('url, { header = {} }')).toEqual([
      'Invalid',
      false,
      "unknown option 'header'; did you mean 'headers'?",
    ]);
    expect(await wrong('url, { headers = { X = "a\\r\\nB: c" } }')).toEqual([
      'Invalid',
      false,
      "header 'X' has an end of line or another control character in its value",
    ]);
    expect(await wrong('url, { headers = { Upgrade = "h2c" } }')).toEqual([
      'Invalid',
      false,
      "header 'Upgrade' is the connection's to set",
    ]);
    expect(await wrong('url, { protocols = { "a b" } }')).toEqual([
      'Invalid',
      false,
      "'a b' is no name of a protocol",
    ]);
    expect(await wrong('url, { read_limit = 1 << 40 }')).toEqual([
      'Invalid',
      false,
      `option 'read_limit' is at most 134217728, got ${2 ** 40}`,
    ]);
    expect(await wrong('url, { compression = 3 }')).toEqual([
      'Invalid',
      false,
      "option 'compression' is at most 2, got 3",
    ]);
    expect(await wrong('url, { channel_capacity = 0 }')).toEqual([
      'Invalid',
      false,
      "option 'channel_capacity' is a whole number of at least 1, got 0",
    ]);
  });
  it('is refused by messages that nobody may send', async () => {
    const url = await serve(echo);
    expect(
      await run(
        `local client = assert(websocket.connect(url))
         return { told(client:send("\\255")), told(client:close(1006)), told(client:close(1000, ("x"):rep(124))), told(client:send("x", 3)) }`,
        url,
      ),
    ).toEqual([
      ['Invalid', false, 'the text is not UTF-8; send bytes as websocket.BINARY'],
      ['Invalid', false, 'nobody may close with 1006; take one of websocket.CLOSE_CODES, or 3000 to 4999'],
      ['Invalid', false, 'a reason is at most 123 bytes of UTF-8'],
      ['Invalid', false, expect.stringContaining('a message is websocket.TEXT (1) or websocket.BINARY (2)')],
    ]);
  });
  it('is an error that may be tried again where the server is none', async () => {
    const url = await serve(echo, { verifyClient: () => false });
    expect(await run('return told(websocket.connect(url .. "/rooms?token=secret"))', url)).toEqual([
      'Internal',
      true,
      `${url}/rooms: Unexpected server response: 401`,
    ]);
    const gone = await serve(echo);
    closing.pop()?.();
    expect(await run('return told(websocket.connect(url))', gone)).toEqual([
      'Internal',
      true,
      expect.stringContaining('ECONNREFUSED'),
    ]);
  });
  it('is refused by policies, and where its address is private', async () => {
    const url = await serve(echo);
    const refuse = (...refused: string[]): Promise<unknown> =>
      run('return told(websocket.connect(url .. "/a?b=c"))', url, { refused });
    expect(await refuse('websocket.connect')).toEqual([
      'PermissionDenied',
      false,
      "'app:test' may not do 'websocket.connect'; allow it with a policy of its scope",
    ]);
    expect(await refuse('websocket.connect.url')).toEqual([
      'PermissionDenied',
      false,
      `'app:test' may not do 'websocket.connect.url' on '${url}/a'; allow it with a policy of its scope`,
    ]);
    expect(await refuse('websocket.private_ip')).toEqual([
      'PermissionDenied',
      false,
      expect.stringContaining('not allowed: private IP 127.0.0.1'),
    ]);
    const port = new URL(url).port;
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0', '0x7f.1', '169.254.169.254'])
      expect(
        await run('return told(websocket.connect(url))', `ws://${host}:${port}/`, { client: closed }),
      ).toEqual(['PermissionDenied', false, expect.stringContaining('private IP')]);
  });
  it('goes nowhere else: a redirect is no connection', async () => {
    let asked = 0;
    const target = await serve(() => (asked += 1));
    const http = createServer();
    http.on('upgrade', (_request, socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${target}/\r\n\r\n`);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    closing.push(() => http.close());
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
    expect(await run('return told(websocket.connect(url))', url)).toEqual([
      'Internal',
      true,
      `${url}/: Unexpected server response: 302`,
    ]);
    expect(asked).toBe(0);
  });
});
