// What a client may try on the wire: each is refused or taken as plain data, and tells nothing of the host.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answering, appYaml, endpoint, startApp } from './app.js';
import type { HttpApp } from './app.js';

let app: HttpApp;
beforeAll(async () => {
  app = await startApp({
    'src/_index.yaml': appYaml(
      endpoint('echo', 'POST', '/echo/{id}') +
        endpoint('head', 'GET', '/head') +
        endpoint('cookie', 'GET', '/cookie') +
        endpoint('plain', 'POST', '/plain') +
        endpoint('fast', 'GET', '/fast') +
        endpoint('slow', 'GET', '/slow') +
        endpoint('big', 'GET', '/big'),
    ),
    'src/echo.lua': answering(`
  local body, err = req:body_json()
  res:write_json({ id = req:param("id"), query = req:query("__proto__"), proto = body and body.__proto__, made = type(body and body.constructor), err = err and "refused" })`),
    'src/head.lua': answering(`
  local ok, set = pcall(res.set_header, res, req:query("name"), req:query("value"))
  res:write(ok and set and "set" or "refused")`),
    'src/cookie.lua': answering(`
  local ok, err = pcall(res.set_cookie, res, "a", req:query("value"))
  res:write("done")`),
    'src/plain.lua': answering(`
  local names = {}
  for _, name in ipairs({ "constructor", "__proto__", "toString", "x-own" }) do names[#names + 1] = tostring(req:header(name)) end
  res:write(table.concat(names, " ") .. " " .. (req:body() or "no body"))`),
    'src/fast.lua': answering('res:write("fast")'),
    'src/slow.lua': answering('require("time").sleep("300ms") res:write("slow")'),
    'src/big.lua': answering(`
  for _ = 1, 4 do res:write(("x"):rep(70000)) res:flush() end`),
  });
}, 60_000);
afterAll(async () => app[Symbol.asyncDispose]());

/** What comes back for bytes. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('latin1').on('data', (data: string) => (answer += data));
  socket.on('error', () => undefined); // a refusal may be a reset
  socket.write(Buffer.from(bytes, 'latin1'));
  await Promise.race([once(socket, 'close'), once(socket, 'end')]);
  socket.destroy();
  return answer;
}
const HOST = 'Host: a\r\nConnection: close\r\n';

describe('a request that two servers could read in two ways', () => {
  it.each([
    [
      'a length and chunks',
      `POST /echo/1 HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /head HTTP/1.1\r\n\r\n`,
    ],
    ['two lengths', `POST /echo/1 HTTP/1.1\r\n${HOST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`],
    ['a length that is none', `POST /echo/1 HTTP/1.1\r\n${HOST}Content-Length: +2\r\n\r\n{}`],
    ['a space before the colon', `GET /head HTTP/1.1\r\n${HOST}X-Name : a\r\n\r\n`],
    ['a header that goes on in the next line', `GET /head HTTP/1.1\r\n${HOST}X-Name: a\r\n b: c\r\n\r\n`],
    [
      'chunks that are none',
      `POST /echo/1 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    ],
    ['no host', 'GET /head HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a NUL in a header', `GET /head HTTP/1.1\r\n${HOST}X-Name: a\0b\r\n\r\n`],
    ['heads without end', `GET /head HTTP/1.1\r\n${HOST}X-Name: ${'x'.repeat(100_000)}\r\n\r\n`],
  ])('is refused: %s', async (_name, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    expect(answer.match(/HTTP\/1\.1 /g) ?? []).toHaveLength(answer === '' ? 0 : 1);
    expect(answer).not.toMatch(/node:|at .*\.js/);
  });
});

describe('what a client sends', () => {
  it('cannot begin a header of the answer', async () => {
    const head = (name: string, value: string): Promise<Response> =>
      fetch(`${app.url}/head?name=${encodeURIComponent(name)}&value=${encodeURIComponent(value)}`);
    for (const [name, value] of [
      ['X-A', 'a\r\nSet-Cookie: stolen=1'],
      ['X-A', 'a\nb'],
      ['X-A\r\nX-B', 'b'],
      ['X A', 'b'],
      ['X-A', 'a\0b'],
    ] as const) {
      const answer = await head(name, value);
      expect([await answer.text(), answer.headers.get('set-cookie'), answer.headers.get('x-b')]).toEqual([
        'refused',
        null,
        null,
      ]);
    }
    expect(await (await head('X-A', 'fine')).text()).toBe('set');
    const cookie = await fetch(`${app.url}/cookie?value=${encodeURIComponent('a; Domain=evil\r\nX-B: c')}`);
    expect([cookie.headers.get('x-b'), cookie.headers.get('set-cookie') ?? '']).toEqual([
      null,
      expect.not.stringMatching(/;|\n/),
    ]);
  });

  it('is data, whatever it is called', async () => {
    const answer = await fetch(`${app.url}/echo/__proto__?__proto__=polluted`, {
      method: 'POST',
      body: '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    });
    expect(await answer.json()).toMatchObject({ id: '__proto__', query: 'polluted', made: 'table' });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    for (const body of [
      '['.repeat(100_000),
      '{"a":1e400}',
      '"\\ud800"',
      '\xff',
      `{"a":${'9'.repeat(400)}}`,
    ]) {
      const odd = await fetch(`${app.url}/echo/1`, { method: 'POST', body: Buffer.from(body, 'latin1') });
      expect([odd.status, await odd.text()]).toEqual([200, expect.not.stringMatching(/node:|\.js:/)]);
    }
  });

  it.each([
    '/%00',
    '/%',
    '/%zz',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//evil.example.com/',
    '/head/../../x',
    `/${'a/'.repeat(20)}`,
  ])('reaches nothing by a path such as %j', async (path) => {
    expect(await raw(`GET ${path} HTTP/1.1\r\n${HOST}\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

describe('a connection', () => {
  const open = async () => {
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };

  it('has no headers but those that came', async () => {
    const answer = await fetch(`${app.url}/plain`, {
      method: 'POST',
      headers: { 'x-own': 'yes' },
      body: 'b',
    });
    expect(await answer.text()).toBe('nil nil nil yes b');
  });

  it('that offers another protocol is answered as any, with its body, and is kept', async () => {
    const socket = await open();
    let answer = '';
    socket.setEncoding('latin1').on('data', (data: string) => (answer += data));
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    socket.write(`POST /plain HTTP/1.1\r\nHost: a\r\n${offer}Content-Length: 8\r\n\r\nname=Ada`);
    await expect.poll(() => answer).toMatch(/nil nil nil nil name=Ada$/);
    socket.write('GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    expect(answer).toMatch(/fast$/);
  });

  it('that asks for a WebSocket where none is ends with its answer, though the client keeps it open', async () => {
    const socket = await open();
    const wanted =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    socket.allowHalfOpen = true;
    socket.resume();
    socket.write(`GET /fast HTTP/1.1\r\nHost: a\r\n${wanted}\r\n`);
    await once(socket, 'end');
    // The other side has let go of it: what is written now is answered by a reset.
    await expect
      .poll(() => {
        socket.write('x');
        return socket.destroyed;
      })
      .toBe(true);
  });

  it('that is closed ends all that it has asked for', async () => {
    for (let round = 0; round < 4; round++) {
      const socket = await open();
      const all = `GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${'GET /big HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(150)}`;
      socket.write(all);
      await expect.poll(() => socket.bytesRead, { interval: 5 }).toBeGreaterThan(0);
      socket.destroy();
    }
    // A hundred calls of one function run at once: they would wait for those connections for ever.
    const answers = await Promise.all(Array.from({ length: 120 }, () => fetch(`${app.url}/big`)));
    expect(await Promise.all(answers.map(async (one) => (await one.text()).length))).toEqual(
      Array.from({ length: 120 }, () => 280_000),
    );
  });

  it('with a type that is none is refused as the client is to blame', async () => {
    expect(
      await raw(`POST /plain HTTP/1.1\r\n${HOST}Content-Type: foo\r\nContent-Length: 1\r\n\r\nx`),
    ).toMatch(/^HTTP\/1\.1 415 /);
  });

  it('that asks for more than it can be told is cut', async () => {
    const socket = await open();
    socket.resume();
    socket.write(
      `GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${'GET /fast HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(400)}`,
    );
    await once(socket, 'close');
    expect((await fetch(`${app.url}/fast`)).status).toBe(200);
  });
});
