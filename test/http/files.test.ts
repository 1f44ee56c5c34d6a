// http.static: files of a folder, never what lies outside.
import { symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from './app.js';
import type { HttpApp } from './app.js';

let app: HttpApp;
beforeAll(async () => {
  app = await startApp({
    'src/_index.yaml': `version: "1.0"
namespace: app
entries:
  - { name: gateway, kind: http.service, addr: "127.0.0.1:0", timeouts: { write: 2s }, lifecycle: { auto_start: true } }
  - { name: public, kind: fs.directory, directory: ./public }
  - { name: site, kind: http.static, meta: { server: gateway }, path: /, fs: public, static_options: { spa: true, index: index.html, cache: "public, max-age=60" } }
  - { name: assets, kind: http.static, meta: { server: gateway }, path: /assets, fs: public }
`,
    'public/index.html': '<h1>home</h1>',
    'public/app.js': 'let a = 1;',
    'public/dir/index.html': 'inside',
    'public/dir/caf\u00e9.txt': 'coffee',
    'public/.env': 'SECRET=1',
    'public/data.bin': Array.from({ length: 1000 }, (_, n) => String(n % 10)).join(''),
    'public/big.bin': 'x'.repeat(30_000_000),
    'secret.txt': 'canary',
  });
  symlinkSync('../secret.txt', join(app.folder, 'public/link.txt'));
});
afterAll(async () => app[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(app.url + path, { headers });
/** With a path as it is: clients clean it. */
const raw = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(app.url);
    let text = '';
    connect(Number(port), '127.0.0.1')
      .on('data', (chunk) => (text += chunk.toString()))
      .on('error', reject)
      .on('close', () => resolve(text))
      .write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  });

describe('a folder over HTTP', () => {
  it('does not wait longer than timeouts.write for a client that reads nothing', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1').pause();
    socket.on('error', () => undefined); // the cut may be a reset
    socket.write('GET /assets/big.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect
      .poll(
        () => {
          socket.write('\r\n'); // between two requests it means nothing
          return socket.destroyed;
        },
        { timeout: 15_000, interval: 200 },
      )
      .toBe(true);
    expect(socket.bytesRead).toBeLessThan(30_000_000);
  });

  it('gives its files with type, tag and cache', async () => {
    const answer = await get('/app.js');
    expect(await answer.text()).toBe('let a = 1;');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
    expect(answer.headers.get('content-length')).toBe('10');
    expect(await (await get('/assets/dir/caf%C3%A9.txt')).text()).toBe('coffee');
    expect(await (await get('/dir')).text()).toBe('inside');
    expect((await get('/assets/app.js')).headers.get('cache-control')).toBeNull();
  });

  it('gives the index for every path of a single-page app, and 404 elsewhere', async () => {
    for (const path of ['/', '/users/7', '/deep/er/still'])
      expect(await (await get(path)).text()).toBe('<h1>home</h1>');
    expect((await get('/assets/users/7')).status).toBe(404);
  });

  it('answers 304 for what the client has', async () => {
    const first = await get('/app.js');
    const etag = first.headers.get('etag') ?? '';
    const has = (headers: Record<string, string>): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        // `fetch` would ask for a fresh one.
        request(`${app.url}/app.js`, { headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await has({ 'if-none-match': etag })).toBe(304);
    expect(await has({ 'if-modified-since': first.headers.get('last-modified') ?? '' })).toBe(304);
    expect(await has({ 'if-none-match': '"other"' })).toBe(200);
  });

  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/1000'],
    ['bytes=996-', 206, '6789', 'bytes 996-999/1000'],
    ['bytes=-2', 206, '89', 'bytes 998-999/1000'],
    ['bytes=1000-', 416, '', 'bytes */1000'],
    ['bytes=5-1', 416, '', 'bytes */1000'],
  ])('gives the part %s', async (range, status, text, told) => {
    const answer = await get('/assets/data.bin', { range });
    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      status,
      text,
      told,
    ]);
  });

  it('gives all of it where parts are nonsense, too many, or of an older file', async () => {
    for (const headers of [
      { range: 'lines=1-2' },
      { range: 'bytes=0-1,500-501' },
      { range: 'bytes=0-1', 'if-range': 'Mon, 01 Jan 2001 00:00:00 GMT' },
    ] as Record<string, string>[])
      expect((await get('/assets/data.bin', headers)).status).toBe(200);
  });

  it.each([
    '/assets/../secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets/..%5csecret.txt',
    '/assets/link.txt',
    '/assets/.env',
    '/assets/dir/../.env',
    '/assets/%00',
    '/assets//etc/passwd',
    '/assets/dir/index.html/',
    '/..%2f..%2f..%2fetc%2fpasswd',
  ])('never leads out of it: %s', async (path) => {
    const answer = await raw(path);
    expect(answer).toMatch(/^HTTP\/1\.1 (404|400|200)/);
    expect(answer).not.toContain('canary');
    expect(answer).not.toContain('SECRET');
    expect(answer).not.toContain('root:');
  });
});
