// `http_client` against real servers of the loopback.
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/core/handler.js';
import { httpClientHandlers } from '../../src/modules/http_client/host.js';
import { httpClientSpec } from '../../src/modules/http_client/spec.js';
import { jsonSpec } from '../../src/modules/json/spec.js';
import { streamHandlers } from '../../src/modules/stream/host.js';
import { Holdings } from '../../src/runtime/command-context.js';
import { UndiciClient } from '../../src/services/http-client/client.js';
import { judgeOf } from '../../src/services/http-client/addresses.js';
import { resourcesOf } from '../support/examples.js';
import { nodeAnswers, runLua } from '../support/instance.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  listener: RequestListener,
  tls?: { readonly key: string; readonly cert: string },
): Promise<string> {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
}

/** Answers with what came, as JSON. */
const echo: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString('latin1') }));
  });
};

const open = new UndiciClient({ privateNetworks: ['127.0.0.0/8', '::1'] });
const closed = new UndiciClient({ privateNetworks: [] });
const holdings = new Holdings(resourcesOf([]), (error) => {
  throw error;
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
  await holdings[Symbol.asyncDispose]();
});

interface Asked {
  readonly client?: UndiciClient;
  readonly refused?: readonly string[];
  readonly key?: string;
}

/** Runs Lua with `url` as its argument; `ask(...)` gives the answer decoded, or kind, retryable and message of the error. */
async function ask(
  code: string,
  url: string,
  { client = open, refused = [], key }: Asked = {},
): Promise<unknown> {
  const context: Partial<CommandContext> = {
    signal: new AbortController().signal,
    idempotencyKey: key,
    entry: 'app:test',
    values: {},
    own: (handle) => holdings.own(handle),
    owned: (handle) => holdings.owned(handle),
    release: (handle) => holdings.release(handle),
  };
  const handlers = httpClientHandlers(client, (_who, action) => !refused.includes(action));
  const run = await runLua(
    `local url = ...
     local http, json = require("http_client"), require("json")
     local function told(resp, err)
       if err then return { err:kind(), err:retryable(), err:message() } end
       return resp
     end
     local function echoed(resp, err)
       assert(resp, err)
       return json.decode(resp.body)
     end
     ${code}`,
    {
      modules: [httpClientSpec, jsonSpec],
      args: [url],
      answers: nodeAnswers({ ...handlers, ...streamHandlers }, context),
    },
  );
  expect(run.error).toBeUndefined();
  const outcome = run.outcome;
  return outcome?.ok === true ? JSON.parse(JSON.stringify(outcome.values[0])) : undefined;
}

describe('a request', () => {
  it('carries headers, query, cookies, basic auth and a body of bytes', async () => {
    expect(
      await ask(
        `return echoed(http.post(url .. "/a?x=1", {
           headers = { ["X-Trace"] = "t", Accept = { "text/plain", "text/html" } },
           query = { q = "tea & cake", n = 2, tag = { "a", "b" } }, cookies = { session = "abc" },
           auth = { user = "ann", pass = "s" }, body = "\\0\\255" }))`,
        await serve(echo),
      ),
    ).toMatchObject({
      method: 'POST',
      url: '/a?x=1&q=tea+%26+cake&n=2&tag=a&tag=b',
      headers: {
        'x-trace': 't',
        accept: 'text/plain, text/html',
        cookie: 'session=abc',
        authorization: `Basic ${btoa('ann:s')}`,
        'user-agent': 'moontide',
      },
    });
  });

  it('carries forms, and forms with files whose names cannot break out', async () => {
    const url = await serve(echo);
    expect(
      await ask('return echoed(http.post(url, { form = { a = "1&2", b = "\\252" } }))', url),
    ).toMatchObject({
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a=1%262&b=%FC',
    });
    const { headers, body } = (await ask(
      `return echoed(http.post(url, { form = { title = "T" },
         files = { { name = "f", filename = 'a"\\r\\nX: y.pdf', content = "%PDF" } } }))`,
      url,
    )) as { headers: Record<string, string>; body: string };
    const boundary = headers['content-type']!.split('boundary=')[1]!;
    expect(body.split(`--${boundary}`).slice(1)).toEqual([
      '\r\nContent-Disposition: form-data; name="title"\r\n\r\nT\r\n',
      '\r\nContent-Disposition: form-data; name="f"; filename="a%22%0D%0AX: y.pdf"\r\nContent-Type: application/octet-stream\r\n\r\n%PDF\r\n',
      '--\r\n',
    ]);
  });

  it('has an idempotency key where a workflow makes it, unless it has one or needs none', async () => {
    const url = await serve(echo);
    const keyOf = async (code: string): Promise<unknown> =>
      ((await ask(code, url, { key: 'run/7' })) as { headers: Record<string, string> }).headers[
        'idempotency-key'
      ];
    expect(await keyOf('return echoed(http.post(url))')).toBe('run/7');
    expect(await keyOf('return echoed(http.get(url))')).toBeUndefined();
    // What is recorded has no query, which may hold a secret.
    expect(
      await ask('return http.get(url .. "/a", { query = { k = "secret" } }).url', url, { key: 'run/8' }),
    ).toBe(`${url}/a`);
    expect(await keyOf('return echoed(http.post(url, { headers = { ["idempotency-key"] = "mine" } }))')).toBe(
      'mine',
    );
  });

  it.each([
    ['http.get("nowhere")', 'Invalid', "'nowhere' is no URL"],
    ['http.get("file:///etc/passwd")', 'Invalid', "a URL begins with http:// or https://, got 'file:'"],
    ['http.get(url, { heders = {} })', 'Invalid', "unknown option 'heders'; did you mean 'headers'?"],
    ['http.get(url, { headers = { ["X"] = "a\\r\\nEvil: 1" } })', 'Invalid', /end of line/],
    ['http.get(url, { headers = { ["A b"] = "x" } })', 'Invalid', "'A b' is no name of a header"],
    ['http.get(url, { cookies = { a = "1; admin=1" } })', 'Invalid', /has a ';'/],
    ['http.request("GE T", url)', 'Invalid', "'GE T' is no method of HTTP"],
    ['http.get(url, { timeout = "soon" })', 'Invalid', /the timeout is wrong/],
    ['http.post(url, { body = "x", form = {} })', 'Invalid', /a body, or a form/],
    ['http.get(url, { tls = { cert = "x" } })', 'Invalid', 'tls.cert and tls.key are given together'],
    [
      'http.post(url, { headers = { ["Transfer-Encoding"] = "chunked" }, body = "x" })',
      'Invalid',
      /transfer-encoding/,
    ],
    ['http.post(url, { headers = { Expect = "100-continue" }, body = "x" })', 'Invalid', /expect/i],
    ['http.get("http://a%zz@host.example/")', 'Invalid', /has a '%' that begins nothing/],
    ['http.get("http://ann:secret@/x?token=1")', 'Invalid', "'http:///x' is no URL"],
    ['http.get(url, { overlay_network = "" })', 'Invalid', /overlay_network is the id of an entry/],
    ['http.get(url, { overlay_network = "app:tor", unix_socket = "/x" })', 'Invalid', /or to a unix_socket/],
  ])('%s is refused', async (call, kind, message) => {
    expect(await ask(`return told(${call})`, await serve(echo))).toEqual([
      kind,
      false,
      typeof message === 'string' ? message : expect.stringMatching(message),
    ]);
  });
});

describe('an answer', () => {
  it('has status, headers by their usual names, cookies, its URL and its body without the encoding', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(201, {
        'content-type': 'text/plain',
        'content-encoding': 'gzip',
        'x-many': ['a', 'b'],
        'set-cookie': ['s=1; Path=/', 't=2'],
      });
      response.end(gzipSync('hello'));
    });
    expect(
      await ask('return told(http.get(url .. "/x#part"))', url.replace('//', '//ann:secret@')),
    ).toMatchObject({
      status_code: 201,
      body: 'hello',
      body_size: 5,
      headers: { 'Content-Type': 'text/plain', 'X-Many': 'a, b' },
      cookies: { s: '1', t: '2' },
      url: `${url}/x`,
    });
  });

  it('larger than allowed is refused, also where it is a bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    expect(await ask('return told(http.get(url, { max_response_body = 1000000 }))', url)).toEqual([
      'Invalid',
      false,
      expect.stringMatching(/larger than 1000000 bytes; raise max_response_body, or take it as a stream$/),
    ]);
  });

  it('comes as a stream, and its end lets the connection go', async () => {
    const url = await serve((_request, response) => {
      response.write('one\ntwo\n');
      setTimeout(() => response.end('three'), 20);
    });
    expect(
      await ask(
        `local resp = assert(http.get(url, { stream = true }))
         local lines, scanner = {}, resp.stream:scanner()
         while scanner:scan() do lines[#lines + 1] = scanner:text() end
         resp.stream:close()
         return { resp.body_size, resp.body == nil, lines }`,
        url,
      ),
    ).toEqual([-1, true, ['one', 'two', 'three']]);
  });

  it('that does not come in time, breaks off or cannot be had is an error that may be tried again', async () => {
    const url = await serve(({ url: path }, response) => {
      if (path === '/cut') {
        response.writeHead(200, { 'content-length': '100' }).write('half');
        setTimeout(() => response.destroy(), 10);
      }
    });
    expect(await ask('return told(http.get(url .. "/?token=secret", { timeout = 0.05 }))', url)).toEqual([
      'Internal',
      true,
      `GET ${url}/: no answer within 50 ms`,
    ]);
    expect(await ask('return told(http.get(url .. "/cut"))', url)).toEqual([
      'Internal',
      true,
      expect.stringMatching(`^GET ${url}/cut: `),
    ]);
    expect(await ask('return told(http.get("http://127.0.0.1:1/"))', url)).toEqual([
      'Internal',
      true,
      expect.stringContaining('ECONNREFUSED'),
    ]);
    expect(await ask('return told(http.get("http://no-such-host.invalid/"))', url)).toEqual([
      'Internal',
      true,
      expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    ]);
  });
});

describe('a redirect', () => {
  it('is followed: a POST becomes a GET where it should, and another origin gets no credentials', async () => {
    const other = await serve(echo);
    const url = await serve(({ url: path }, response) => {
      const [, status, to] = /^\/(\d+)\/(.*)$/.exec(path ?? '') ?? [];
      response.writeHead(Number(status), { location: to === 'other' ? `${other}/end` : '/end' }).end();
    });
    const sent = (status: number): string =>
      `return echoed(http.post(url .. "/${status}/other", { body = "b", cookies = { s = "1" }, auth = { user = "u", pass = "p" } }))`;
    for (const [status, method, body] of [
      [301, 'GET', ''],
      [303, 'GET', ''],
      [307, 'POST', 'b'],
    ] as const) {
      const got = (await ask(sent(status), url)) as { headers: Record<string, string> };
      expect(got).toMatchObject({ method, body, url: '/end' });
      expect(got.headers['authorization'] ?? got.headers['cookie']).toBeUndefined();
    }
  });

  it('with user and password sends them there, and names them nowhere', async () => {
    const other = await serve(echo);
    const url = await serve((_request, response) => {
      response.writeHead(302, { location: other.replace('//', '//u:p@') }).end();
    });
    expect(
      await ask(
        'local resp = http.get(url) return { json.decode(resp.body).headers.authorization, resp.url }',
        url,
      ),
    ).toEqual([`Basic ${btoa('u:p')}`, `${other}/`]);
  });

  it('without end, or to something else than HTTP, is an error', async () => {
    const url = await serve(({ url: path }, response) => {
      response.writeHead(302, { location: path === '/file' ? 'file:///etc/passwd' : '/again' }).end();
    });
    expect(await ask('return told(http.get(url))', url)).toEqual([
      'Internal',
      false,
      expect.stringMatching(/more than 10 redirects/),
    ]);
    expect(await ask('return told(http.get(url .. "/file"))', url)).toEqual([
      'Invalid',
      false,
      expect.stringMatching(/file:/),
    ]);
  });
});

describe('private addresses', () => {
  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    'localhost',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '[fd00::1]',
    '[fe80::1]',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
  ])('%s is refused before anything is sent', async (host) => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked++;
      response.end();
    });
    const { port } = new URL(url);
    const [kind, retryable, message] = (await ask(`return told(http.get("http://${host}:${port}/"))`, url, {
      client: closed,
    })) as [string, boolean, string];
    expect([kind, retryable]).toEqual(['PermissionDenied', false]);
    expect(message).toMatch(/^not allowed: private IP .*security[.]private_networks of moontide[.]yaml$/);
    expect(asked).toBe(0);
  });

  it('are refused behind a redirect too, and where a policy says no', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    });
    expect(await ask('return told(http.get(url))', url)).toEqual([
      'PermissionDenied',
      false,
      expect.stringContaining('169.254.169.254'),
    ]);
    expect(await ask('return told(http.get(url))', url, { refused: ['http_client.request'] })).toEqual([
      'PermissionDenied',
      false,
      expect.stringContaining(`http_client.request' on '${url}/'`),
    ]);
  });

  it('may be reached where the app names their network', () => {
    const judge = judgeOf(['10.1.0.0/16', 'fd00::/8', '192.168.1.7']);
    expect(['10.1.2.3', 'fd12::1', '192.168.1.7'].map(judge)).toEqual(['private', 'private', 'private']);
    expect(['8.8.8.8', '2606:4700::1'].map(judge)).toEqual(['public', 'public']);
    expect(new Set(['10.2.0.1', '192.168.1.8', 'fe80::1', 'nonsense', '127.0.0.1'].map(judge))).toEqual(
      new Set(['refused']),
    );
    expect(() => judgeOf(['10.0.0.0/99'])).toThrow(
      "'10.0.0.0/99' is no network such as '10.0.0.0/8' or 'fd00::/8'",
    );
  });

  it('are asked of policies by address and by name', async () => {
    const { port } = new URL(await serve(echo));
    for (const host of ['127.0.0.1', 'localhost'])
      expect(
        await ask(`return told(http.get("http://${host}:${port}/"))`, '', {
          refused: ['http_client.private_ip'],
        }),
      ).toEqual(['PermissionDenied', false, expect.stringMatching(/^not allowed: private IP /)]);
  });
});

describe('a batch', () => {
  it('is sent at once, and says of each request what became of it', async () => {
    const waiting: (() => void)[] = [];
    const url = await serve(({ url: path }, response) => {
      waiting.push(() => response.end(path));
      if (waiting.length === 3) for (const answer of waiting) answer();
    });
    expect(
      await ask(
        `local all, errors = http.request_batch({ { "GET", url .. "/1" }, { "GET", url .. "/2" }, { "POST", url .. "/3", { body = "x" } } })
         return { all[1].body, all[2].body, all[3].body, errors == nil }`,
        url,
      ),
    ).toEqual(['/1', '/2', '/3', true]);
    expect(
      await ask(
        `local all, errors = http.request_batch({ { "GET", "http://10.0.0.1/" }, { "GET", "ftp://x/" } })
         return { all, errors[1]:kind(), errors[2]:kind() }`,
        url,
      ),
    ).toEqual([[false, false], 'PermissionDenied', 'Invalid']);
    expect(await ask('return told(http.request_batch({ { "GET" } }))', url)).toEqual([
      'Invalid',
      false,
      'request 1 is a table { method, url, options? }',
    ]);
  });
});

describe('connections of their own', () => {
  it('go over a unix socket that the app names, where no policy refuses it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'moontide-socket-'));
    const socket = join(folder, 's.sock');
    const server = createServer(echo);
    servers.push(server);
    try {
      await new Promise<void>((resolve) => server.listen(socket, resolve));
      const get = `return told(http.get("http://daemon/info", { unix_socket = "${socket}" }))`;
      const client = new UndiciClient({ privateNetworks: [], unixSockets: [socket] });
      expect(await ask(get, '', { client })).toMatchObject({ status_code: 200 });
      await client[Symbol.asyncDispose]();
      expect(await ask(get, '', { client: closed })).toEqual([
        'PermissionDenied',
        false,
        expect.stringContaining('security.unix_sockets'),
      ]);
      expect(await ask(get, '', { refused: ['http_client.unix_socket'] })).toEqual([
        'PermissionDenied',
        false,
        expect.stringContaining("http_client.unix_socket' on"),
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
