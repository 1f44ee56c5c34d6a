// Middleware, as routers and files name it.
import { gunzipSync } from 'node:zlib';
import { request as rawRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answering, startApp } from './app.js';
import type { HttpApp } from './app.js';

let app: HttpApp;
const router = (name: string, more: string): string => `
  - name: ${name}
    kind: http.router
    meta: { server: gateway }
    prefix: /${name}
${more}
  - { name: ${name}_get, kind: http.endpoint, meta: { router: ${name} }, method: GET, path: /, func: hello }
  - { name: ${name}_big, kind: http.endpoint, meta: { router: ${name} }, method: GET, path: /big, func: big }
  - { name: ${name}_slow, kind: http.endpoint, meta: { router: ${name} }, method: GET, path: /slow, func: slow }`;

beforeAll(async () => {
  app = await startApp({
    'src/_index.yaml': `version: "1.0"
namespace: app
entries:
  - { name: gateway, kind: http.service, addr: "127.0.0.1:0", lifecycle: { auto_start: true } }
  - { name: hello, kind: function.lua, source: file://hello.lua, modules: [http] }
  - { name: big, kind: function.lua, source: file://big.lua, modules: [http] }
  - { name: slow, kind: function.lua, source: file://slow.lua, modules: [http, time] }
  - { name: guard, kind: function.lua, source: file://guard.lua, modules: [http] }
  - { name: broken, kind: function.lua, source: file://broken.lua, modules: [http] }
${router('open', '    middleware: [cors]')}
${router(
  'closed',
  `    middleware: [cors]
    options: { cors.allow.origins: "https://app.example.com,https://*.example.org", cors.allow.credentials: "true", cors.expose.headers: "X-A" }`,
)}
${router('limited', '    middleware: [ratelimit]\n    options: { ratelimit.requests: "2", ratelimit.window: "1h", ratelimit.burst: "2", ratelimit.key: "header:X-Key" }')}
${router('small', '    middleware: [compress]\n    options: { compress.level: best, compress_min_length: "100" }')}
${router('proxied', '    middleware: [real_ip]')}
${router('strange', '    middleware: [real_ip]\n    options: { real_ip.trusted.subnets: "10.0.0.0/8" }')}
${router('timed', '    middleware: [timeout]\n    options: { timeout.duration: 50ms }')}
${router('named', '    middleware: [request_id, security_headers]')}
${router('lua', '    middleware: ["app:guard"]')}
${router('luapost', '    post_middleware: ["app:guard"]')}
${router('luabroken', '    middleware: ["app:broken"]')}
${router('walled', '    post_middleware: [endpoint_firewall]')}
${router('counted', '    middleware: [metrics]')}
`,
    'src/hello.lua': answering('res:set_header("X-A", "1") res:write(req:remote_addr())'),
    'src/big.lua': answering('res:set_content_type("text/plain") res:write(("moon"):rep(5000))'),
    'src/slow.lua': answering('time.sleep("5s") res:write("slow")').replace(
      'return function',
      'local time = require("time")\nreturn function',
    ),
    'src/guard.lua': answering(`
  res:set_header("X-Guard", "here")
  if req:header("X-Pass") ~= "yes" then
    res:set_status(403)
    res:write("no")
    return false
  end`),
    'src/broken.lua': answering('error("inside")'),
  });
});
afterAll(async () => app[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  fetch(app.url + path, { headers, method });
const preflight = (path: string, origin: string): Promise<Response> =>
  get(path, { origin, 'access-control-request-method': 'PUT' }, 'OPTIONS');

describe('cors', () => {
  it('answers the question before a request, also where nothing matches', async () => {
    for (const path of ['/open/', '/open/nothing/here']) {
      const answer = await preflight(path, 'https://anyone.example');
      expect(answer.status).toBe(204);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-allow-methods')).toBe(
        'GET, POST, PUT, DELETE, OPTIONS, PATCH',
      );
      expect(answer.headers.get('access-control-max-age')).toBe('86400');
    }
  });

  it.each([
    ['https://app.example.com', true],
    ['https://a.b.example.org', true],
    ['http://a.example.org', false],
    ['https://example.org', false],
    ['https://app.example.com.evil.test', false],
    ['https://evilexample.org', false],
    ['null', false],
  ])('of listed origins says of %s: %s', async (origin, allowed) => {
    const answer = await get('/closed/', { origin });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed ? origin : null);
    expect(answer.headers.get('access-control-allow-credentials')).toBe(allowed ? 'true' : null);
    expect(answer.headers.get('access-control-expose-headers')).toBe(allowed ? 'X-A' : null);
    expect(answer.headers.get('vary')).toBe('Origin');
  });
});

it('ratelimit lets a key have its burst, then says when to come again', async () => {
  const statuses = async (key: string): Promise<number[]> => {
    const all: number[] = [];
    for (let n = 0; n < 3; n++) all.push((await get('/limited/', { 'x-key': key })).status);
    return all;
  };
  expect(await statuses('a')).toEqual([200, 200, 429]);
  expect(await statuses('b')).toEqual([200, 200, 429]);
  const answer = await get('/limited/', { 'x-key': 'a' });
  expect(answer.headers.get('x-ratelimit-limit')).toBe('2');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

describe('compress', () => {
  const raw = (
    path: string,
    encoding?: string,
  ): Promise<{ headers: NodeJS.Dict<string | string[]>; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const headers = encoding === undefined ? {} : { 'accept-encoding': encoding };
      rawRequest(app.url + path, { headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(chunks) }));
      })
        .on('error', reject)
        .end();
    });

  it('makes large answers small for clients that take gzip, and leaves others as they are', async () => {
    const zipped = await raw('/small/big', 'gzip');
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body).toString()).toBe('moon'.repeat(5000));
    const plain = await raw('/small/big');
    expect([plain.headers['content-encoding'], plain.body.length]).toEqual([undefined, 20_000]);
    expect((await raw('/small/', 'gzip')).headers['content-encoding']).toBeUndefined();
  });
});

describe('real_ip', () => {
  it('takes the client from a trusted proxy: the last address that no trusted proxy added', async () => {
    const forwarded = { 'x-forwarded-for': '6.6.6.6, 9.9.9.9, 10.0.0.7' };
    expect(await (await get('/proxied/', forwarded)).text()).toBe('9.9.9.9');
    expect(await (await get('/proxied/', { ...forwarded, 'x-real-ip': '8.8.8.8' })).text()).toBe('8.8.8.8');
  });
  it('does not believe others', async () => {
    expect(await (await get('/strange/', { 'x-forwarded-for': '9.9.9.9' })).text()).toMatch(
      /^127\.0\.0\.1:\d+$/,
    );
    expect(await (await get('/proxied/', { 'x-real-ip': 'not an address' })).text()).toMatch(/^127/);
  });
});

it('timeout answers 504 for a function that takes too long', async () => {
  const answer = await get('/timed/slow');
  expect([answer.status, await answer.text()]).toEqual([
    504,
    '{"error":{"kind":"Timeout","message":"the answer took too long"}}',
  ]);
});

it('request_id and security_headers mark each answer', async () => {
  const answer = await get('/named/', { 'x-request-id': 'abc-1' });
  expect(answer.headers.get('x-request-id')).toBe('abc-1');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect((await get('/named/', { 'x-request-id': 'no good' })).headers.get('x-request-id')).toMatch(
    /^[0-9a-f-]{36}$/,
  );
});

describe('a function as middleware', () => {
  it('ends a request by false, before or after its route is known', async () => {
    for (const path of ['/lua/', '/luapost/']) {
      const refused = await get(path);
      expect([refused.status, await refused.text()]).toEqual([403, 'no']);
      const passed = await get(path, { 'x-pass': 'yes' });
      expect([passed.status, passed.headers.get('x-guard')]).toEqual([200, 'here']);
    }
    expect((await get('/lua/none')).status).toBe(403);
    expect((await get('/luapost/none')).status).toBe(404);
  });
  it('that fails ends it with 500', async () => {
    expect((await get('/luabroken/')).status).toBe(500);
  });
});

it('a firewall lets nobody through while nobody can be known', async () => {
  expect((await get('/walled/')).status).toBe(401);
});
