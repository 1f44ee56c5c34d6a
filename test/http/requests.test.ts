// What a function sees of its request, and what the client gets.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answering, appYaml, endpoint, startApp } from './app.js';
import type { HttpApp } from './app.js';

let app: HttpApp;
beforeAll(async () => {
  app = await startApp({
    'src/_index.yaml': appYaml(
      [
        endpoint('facts', 'GET', '/facts/{id}/of/{name}'),
        endpoint('tail', 'GET', '/files/{rest...}'),
        endpoint('echo', 'POST', '/echo'),
        endpoint('thing', 'POST', '/thing'),
        endpoint('small', 'POST', '/small'),
        endpoint('piped', 'POST', '/piped'),
        endpoint('lines', 'POST', '/lines'),
        endpoint('upload', 'POST', '/upload'),
        endpoint('form', 'POST', '/form'),
        endpoint('wrong', 'GET', '/wrong'),
        endpoint('returned', 'GET', '/returned'),
        endpoint('headers', 'GET', '/headers'),
        endpoint('parts', 'GET', '/parts'),
        endpoint('events', 'GET', '/events'),
        endpoint('early', 'GET', '/early'),
        endpoint('cookies', 'GET', '/cookies'),
        endpoint('away', 'GET', '/away'),
        endpoint('nested', 'GET', '/nested'),
        endpoint('large', 'GET', '/large'),
        '  - { name: lone, kind: function.lua, source: file://lone.lua, modules: [http] }',
      ].join('\n'),
      '    prefix: /api/v1',
    ),
    'src/facts.lua': answering(`
  local q = req:query_params()
  res:write_json({ method = req:method(), path = req:path(), id = req:param("id"), name = req:param("name"),
    q = req:query("q"), tags = q.tags, missing = req:query("no") == nil, host = req:host() ~= nil,
    accepts = req:accepts("application/json"), xml = req:accepts("application/xml"),
    header = req:header("X-Mixed"), addr = req:remote_addr():match("^127%.0%.0%.1:%d+$") ~= nil,
    body = req:has_body(), length = req:content_length() })`),
    'src/tail.lua': answering(`res:write(req:path() .. "|" .. tostring(req:param("rest")))`),
    'src/echo.lua': answering(
      `res:set_content_type(req:content_type()) res:write(req:body()) res:write(req:body():sub(1, 0))`,
    ),
    'src/thing.lua': answering(`
  local data, err = req:body_json()
  if err then res:set_status(400) return res:write_json({ error = err:message(), kind = err:kind() }) end
  res:set_status(http.STATUS.CREATED)
  res:write_json({ got = data })`),
    'src/small.lua': `local http = require("http")
return function()
  local req, res = http.request({ max_body = 10 }), http.response()
  local body, err = req:body()
  res:write(body or err:kind() .. ": " .. err:message())
end`,
    'src/piped.lua': answering(`
  local stream = req:stream()
  local count, size = 0, stream:stat().size
  while true do
    local chunk = stream:read(1000)
    if not chunk then break end
    count = count + #chunk
  end
  local again, err = req:body()
  res:write_json({ count = count, size = size, again = again, kind = err:kind(), closed = stream:close() })`),
    'src/lines.lua': answering(`
  local scanner = req:stream():scanner(req:query("by"))
  while scanner:scan() do res:write("[" .. scanner:text() .. "]") end`),
    'src/upload.lua': answering(`
  local form, err = req:parse_multipart(tonumber(req:query("memory")))
  if err then res:set_status(400) return res:write_json({ kind = err:kind(), type = err:details().type, message = err:message() }) end
  local files = {}
  for field, list in pairs(form.files) do
    for _, file in ipairs(list) do
      local stream = file:stream()
      local size, piece = 0, stream:read(0)
      local first = piece and piece:sub(1, 5)
      while piece do size = size + #piece piece = stream:read(0) end
      files[#files + 1] = { field = field, name = file:name(), size = file:size(), read = size, first = first,
        type = file:header("Content-Type") }
    end
  end
  res:write_json({ values = form.values, files = files })`),
    'src/form.lua': answering(
      `local form, err = req:form() res:write_json(form or { error = err:message() })`,
    ),
    'src/wrong.lua': answering(
      `res:set_header("X-Half", "1") res:write("half of it") error("secret detail")`,
    ),
    'src/returned.lua': answering(`return nil, errors.new({ message = "inside", kind = errors.NOT_FOUND })`),
    'src/headers.lua': answering(`
  local _, split = res:set_header("X-A", "1\\r\\nX-B: 2")
  local _, name = res:set_header("X A", "1")
  local _, own = res:set_header("Content-Length", "3")
  res:set_header("X-Good", "caf\\u{e9}")
  res:write_json({ split = split:message(), name = name:message(), own = own:message() })`),
    'src/parts.lua': answering(`
  for i = 1, 3 do res:write("part" .. i .. "\\n") res:flush() time.sleep("5ms") end
  local _, err = res:set_status(500)
  res:write(err:kind() .. " " .. err:details().type .. " " .. err:message())`),
    'src/events.lua': answering(`
  res:write_event({ name = "one", data = { a = "x\\ny" } })
  local _, err = res:write_event({ name = "two\\ndata: 1", data = 1 })
  res:write_event({ name = "bad", data = err:message() })
  res:write_event({ name = "last", data = { 1, 2 } })`),
    'src/early.lua': answering(`res:write("done") res:finish() time.sleep("20ms") print("after") `),
    'src/cookies.lua': answering(`
  res:set_cookie("a", "1; b", { path = "/", http_only = true, same_site = "lax", max_age = 60 })
  res:set_cookie("b", "2")
  local _, err = res:set_cookie("c", "3", { path = "/;evil" })
  res:write_json({ given = req:cookie("session"), all = req:cookies(), err = err:message() })`),
    'src/away.lua': answering(`
  local events = process.events()
  print("began")
  local event = events:receive()
  print("ended " .. event.kind)`),
    'src/nested.lua': answering(`local got = require("funcs") `),
    'src/large.lua': answering(`for i = 1, 200 do res:write(("x"):rep(10000)) end`),
    'src/lone.lua': `local http = require("http")
return function() local req, err = http.request() return { got = req, kind = err:kind(), message = err:message() } end`,
  });
});
afterAll(async () => app[Symbol.asyncDispose]());

const at = (path: string): string => `${app.url}/api/v1${path}`;
const json = async (path: string, init?: RequestInit): Promise<unknown> =>
  (await fetch(at(path), init)).json();

describe('a request', () => {
  it('tells its method, path, parameters, query, headers and client', async () => {
    const got = await json('/facts/4%2F2/of/caf%C3%A9?q=a+b%26c&tags=lua&tags=go', {
      headers: { 'X-Mixed': 'yes', accept: 'application/json' },
    });
    expect(got).toEqual({
      method: 'GET',
      path: '/api/v1/facts/4/2/of/café',
      id: '4/2',
      name: 'café',
      q: 'a b&c',
      tags: 'lua,go',
      missing: true,
      host: true,
      accepts: true,
      xml: false,
      header: 'yes',
      addr: true,
      body: false,
      length: 0,
    });
  });

  it('matches what is left of a path, and does not hand it out', async () => {
    expect(await (await fetch(at('/files/docs/a.md'))).text()).toBe('/api/v1/files/docs/a.md|nil');
  });

  it('gives its body byte for byte, whatever its type', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    const answer = await fetch(at('/echo'), {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': 'application/x-any' },
    });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
    expect(answer.headers.get('content-type')).toBe('application/x-any');
  });

  it('gives its body as JSON with exact integers, or says what is wrong with it', async () => {
    const post = (body: string): RequestInit => ({ method: 'POST', body });
    expect(await (await fetch(at('/thing'), post('{"n": 9007199254740993}'))).text()).toBe(
      '{"got":{"n":9007199254740993}}',
    );
    expect(await json('/thing', post('{"n": }'))).toMatchObject({ kind: 'Invalid' });
    expect(await json('/thing', post(''))).toEqual({ kind: 'Invalid', error: 'the request has no body' });
  });

  it('refuses a body beyond the limit, told or not', async () => {
    const told = await fetch(at('/small'), { method: 'POST', body: 'x'.repeat(11) });
    expect(await told.text()).toBe('Invalid: the body is larger than 10 bytes');
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('x'.repeat(11)));
        controller.close();
      },
    });
    const untold = await fetch(at('/small'), { method: 'POST', body, duplex: 'half' });
    expect(await untold.text()).toBe('Invalid: the body is larger than 10 bytes');
    expect(await (await fetch(at('/small'), { method: 'POST', body: 'x'.repeat(10) })).text()).toBe(
      'x'.repeat(10),
    );
  });

  it('gives a large body as a stream, once', async () => {
    const got = await json('/piped', { method: 'POST', body: 'y'.repeat(500_000) });
    expect(got).toEqual({ count: 500_000, size: 500_000, kind: 'Invalid', closed: true });
  });

  it.each([
    ['lines', 'a\r\nb\n\nc', '[a][b][][c]'],
    ['words', '  a bc\n\td ', '[a][bc][d]'],
    ['runes', 'aé€', '[a][é][€]'],
    ['bytes', 'ab', '[a][b]'],
  ])('gives its stream by %s', async (by, body, pieces) => {
    expect(await (await fetch(at(`/lines?by=${by}`), { method: 'POST', body })).text()).toBe(pieces);
  });

  it.each([33_000_000, 1000])('gives a form with files, of which %d bytes stay in memory', async (memory) => {
    const form = new FormData();
    form.append('title', 'Ünï');
    form.append('tag', 'a');
    form.append('tag', 'b');
    form.append('avatar', new Blob(['z'.repeat(100_000)], { type: 'image/png' }), '../../etc/passwd');
    form.append('avatar', new Blob(['small']), 'b.txt');
    const got = await json(`/upload?memory=${memory}`, { method: 'POST', body: form });
    expect(got).toEqual({
      values: { title: 'Ünï', tag: ['a', 'b'] },
      files: [
        { field: 'avatar', name: 'passwd', size: 100_000, read: 100_000, first: 'zzzzz', type: 'image/png' },
        {
          field: 'avatar',
          name: 'b.txt',
          size: 5,
          read: 5,
          first: 'small',
          type: 'application/octet-stream',
        },
      ],
    });
  });

  it('says what is wrong with a form', async () => {
    const broken = { method: 'POST', body: 'nothing', headers: { 'content-type': 'multipart/form-data' } };
    expect(await json('/upload', broken)).toMatchObject({ kind: 'Invalid', type: 'ParseFailed' });
    expect(await json('/upload', { method: 'POST', body: 'x' })).toMatchObject({ type: 'ParseFailed' });
    const cut = {
      method: 'POST',
      body: '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    };
    expect(await json('/upload', cut)).toMatchObject({ kind: 'Invalid', type: 'ParseFailed' });
    expect(await json('/form', { method: 'POST', body: new URLSearchParams({ a: '1 2', b: 'é' }) })).toEqual({
      a: '1 2',
      b: 'é',
    });
  });

  it('has no context where no endpoint calls', async () => {
    const outcome = await app.node.call('app:lone', []);
    expect(outcome).toMatchObject({ ok: true, values: [{ kind: 'Internal' }] });
  });
});

describe('an answer', () => {
  it('of a function that fails tells nothing of it', async () => {
    const answer = await fetch(at('/wrong'));
    expect(answer.status).toBe(500);
    expect(answer.headers.get('x-half')).toBeNull();
    expect(await answer.text()).toBe('{"error":{"kind":"Internal","message":"internal error"}}');
    expect((await fetch(at('/returned'))).status).toBe(500);
  });

  it('takes no header that would end another', async () => {
    const answer = await fetch(at('/headers'));
    expect(await answer.json()).toEqual({
      split: "the value of 'X-A' holds a control character",
      name: "'X A' is no name of a header",
      own: "'Content-Length' is the server's to set",
    });
    expect(answer.headers.get('x-b')).toBeNull();
  });

  it('comes in parts where it is flushed, and its head stays as it was sent', async () => {
    const answer = await fetch(at('/parts'));
    expect(answer.headers.get('content-length')).toBeNull();
    expect(await answer.text()).toBe('part1\npart2\npart3\nInvalid InvalidState the head was sent already');
    const whole = await fetch(at('/files/x'));
    expect(whole.headers.get('content-length')).toBe('19');
  });

  it('streams events that nothing in them can break', async () => {
    const answer = await fetch(at('/events'));
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const text = await answer.text();
    expect(text.split('\n\n').map((one) => one.split('\n'))).toEqual([
      ['event: one', 'data: {"a":"x\\ny"}'],
      ['event: bad', expect.stringContaining('holds a line end')],
      ['event: last', 'data: [1,2]'],
      [''],
    ]);
  });

  it('may end before the function does', async () => {
    expect(await (await fetch(at('/early'))).text()).toBe('done');
    await expect.poll(() => app.printed).toContain('after');
  });

  it('sets several cookies', async () => {
    const answer = await fetch(at('/cookies'), { headers: { cookie: 'session=abc; x=%41' } });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^a=1%3B%20b; (?=.*Path=\/)(?=.*HttpOnly)(?=.*SameSite=Lax)(?=.*Max-Age=60)/),
      'b=2',
    ]);
    expect(await answer.json()).toEqual({
      given: 'abc',
      all: { session: 'abc', x: 'A' },
      err: "'path' of a cookie is a text without ';'",
    });
  });

  it('that is large is sent while it is written', async () => {
    expect((await (await fetch(at('/large'))).text()).length).toBe(2_000_000);
  });

  it('whose client goes away ends its function', async () => {
    const stop = new AbortController();
    const asked = fetch(at('/away'), { signal: stop.signal });
    await expect.poll(() => app.printed).toContain('began');
    stop.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => app.printed).toContain('ended CANCEL');
  });
});

describe('a path', () => {
  it('that nothing answers is 404; with another method 405 with those that it has', async () => {
    const none = await fetch(at('/nothing'));
    expect([none.status, await none.json()]).toEqual([
      404,
      { error: { kind: 'NotFound', message: 'there is nothing here' } },
    ]);
    const other = await fetch(at('/echo'), { method: 'DELETE' });
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    const options = await fetch(at('/wrong'), { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
  });

  it('answers HEAD as GET without the body', async () => {
    const head = await fetch(at('/files/x'), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '19', '']);
  });

  it('that cannot be read is 400', async () => {
    expect((await fetch(at('/facts/%zz/of/x'))).status).toBe(400);
  });
});
