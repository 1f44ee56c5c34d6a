// Routes that start, ask and tell workflows, over a real server of Temporal.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolders, buildOnce } from '../e2e/cli-process.js';
import { appYaml } from './app.js';
import { startNode } from './node.js';
import type { HttpNode } from './node.js';

const route = (name: string, method: string, path: string, more: string): string =>
  `\n  - { name: ${name}, kind: http.endpoint, meta: { router: api }, method: ${method}, path: "${path}", workflow: order, ${more} }`;

const ORDER = `
local time = require("time")
return function(order, params)
  if order == nil then return { nothing = true } end
  if order.fail then return nil, errors.new({ kind = errors[order.fail], message = "it is " .. order.fail }) end
  if order.slow then time.sleep(order.slow) end
  if not order.wait then return { item = order.item, bytes = order.item and #order.item, shop = params and params.shop, price = 9007199254740993 } end
  local paid, notes = 0, {}
  local inbox = process.listen("note")
  workflow.query("paid", function(unit) return { paid = paid, unit = unit and unit.unit } end)
  workflow.update("pay", function(amount)
    if amount < 0 then return nil, errors.new({ kind = errors.INVALID, message = "an amount is positive" }) end
    paid = paid + amount
    return { paid = paid }
  end)
  while #notes < order.wait do notes[#notes + 1] = inbox:receive() end
  return { notes = notes, paid = paid }
end
`;

const folders = new TestFolders();
let folder: string;
let app: HttpNode;
beforeAll(async () => {
  await buildOnce();
  folder = folders.make({
    'moontide.yaml': `name: httpflows-${randomUUID().slice(0, 8)}\n`,
    'src/_index.yaml': appYaml(
      `
  - { name: order, kind: workflow.lua, source: file://order.lua, modules: [time, workflow, errors] }` +
        route('place', 'POST', '/orders', 'mode: accepted') +
        route('buy', 'POST', '/buy', 'timeout: 20s') +
        route('late', 'POST', '/late', 'timeout: 200ms, idempotency: { header: X-Key, required: true }') +
        route('shop', 'PUT', '/shops/{shop}/orders/{id}', 'mode: wait') +
        route(
          'typed',
          'POST',
          '/typed',
          'input: { type: object, required: [item], properties: { item: { type: string } } }',
        ) +
        route('state', 'GET', '/orders/{id}', 'operation: status') +
        route('result', 'GET', '/orders/{id}/result', 'operation: result, timeout: 20s') +
        route('events', 'GET', '/orders/{id}/events', 'operation: events') +
        route('note', 'POST', '/orders/{id}/notes', 'signal: note') +
        route('pay', 'POST', '/orders/{id}/payments', 'update: pay, timeout: 20s') +
        route('paid', 'GET', '/orders/{id}/paid', 'query: paid') +
        route('cancel', 'DELETE', '/orders/{id}', 'operation: cancel'),
    ),
    'src/order.lua': ORDER,
  });
  app = await startNode(folder);
}, 180_000);
afterAll(() => folders.clean());

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}
async function ask(
  method: string,
  path: string,
  body?: unknown,
  key?: string,
  node: HttpNode = app,
): Promise<Answer> {
  const answer = await fetch(node.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key, 'x-key': key }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text), headers: answer.headers };
}
const begun = async (order: unknown): Promise<string> => {
  const { status, body } = await ask('POST', '/orders', order);
  expect(status).toBe(202);
  return (body as { id: string }).id;
};

describe('a start that waits', () => {
  it('answers with the result, exact in its integers', async () => {
    const answer = await fetch(`${app.url}/buy`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"item":"tea ☕"}',
    });
    expect([answer.status, await answer.text()]).toEqual([
      200,
      '{"item":"tea ☕","bytes":7,"price":9007199254740993}',
    ]);
  });

  it('gives what it was given once for each key, and refuses the key for another request', async () => {
    const key = randomUUID();
    const first = await ask('POST', '/buy', { item: 'tea' }, key);
    const again = await ask('POST', '/buy', { item: 'tea' }, key);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
    expect((await ask('POST', '/buy', { item: 'milk' }, key)).status).toBe(409);
    expect((await ask('POST', '/buy', { item: 'tea' }, 'x'.repeat(201))).status).toBe(400);
  });

  it('takes its key from the path, and hands other parameters over', async () => {
    const id = randomUUID();
    const answer = await ask('PUT', `/shops/north/orders/${id}`, { item: 'tea' });
    expect(answer.body).toMatchObject({ item: 'tea', shop: 'north' });
    expect(answer.headers.get('location')).toBe(`/orders/${id}`);
    expect((await ask('GET', `/orders/${id}`)).body).toMatchObject({ id, status: 'completed' });
  });

  it('tells when it has waited long enough, and answers the same request when it is asked again', async () => {
    expect((await ask('POST', '/late', { item: 'tea' })).status).toBe(400);
    const key = randomUUID();
    const late = await ask('POST', '/late', { item: 'tea', slow: '1s' }, key);
    expect([late.status, late.body]).toEqual([
      504,
      {
        error: {
          kind: 'Timeout',
          message: 'no answer within 200 ms; the run goes on; ask again with the same key',
        },
      },
    ]);
    await expect
      .poll(async () => (await ask('POST', '/late', { item: 'tea', slow: '1s' }, key)).status, {
        timeout: 15_000,
      })
      .toBe(200);
  });

  it.each([
    ['INVALID', 422, 'it is INVALID'],
    ['NOT_FOUND', 404, 'it is NOT_FOUND'],
    ['CONFLICT', 409, 'it is CONFLICT'],
    ['PERMISSION_DENIED', 403, 'it is PERMISSION_DENIED'],
    ['INTERNAL', 500, 'internal error'],
  ])('answers a failure of kind %s with %i', async (kind, status, message) => {
    const answer = await ask('POST', '/buy', { fail: kind });
    expect([answer.status, answer.body]).toMatchObject([status, { error: { message } }]);
  });

  it.each([
    ['{', 400],
    ['"\xff"', 422],
    ['{"item":7}', 422],
    ['[]', 422],
    ['', 400],
  ])('does not start for the body %j', async (body, status) => {
    const answer = await ask('POST', '/typed', body);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([
      status,
      expect.stringMatching(/body|JSON/),
    ]);
  });

  it('takes JSON only, and no more than Temporal does', async () => {
    const post = (type: string, body: string): Promise<Response> =>
      fetch(`${app.url}/buy`, { method: 'POST', headers: { 'content-type': type }, body });
    expect((await post('text/plain', '{}')).status).toBe(415);
    expect((await post('application/json', JSON.stringify({ item: 'x'.repeat(2_100_000) }))).status).toBe(
      413,
    );
    expect((await post('application/vnd.shop+json; charset=utf-8', '{"item":"tea"}')).status).toBe(200);
  });
});

describe('a start that is accepted', () => {
  it('says where the run can be asked, the same each time', async () => {
    const key = `k/${randomUUID()} `.trim();
    const first = await ask('POST', '/orders', { item: 'tea' }, key);
    const location = `/orders/${encodeURIComponent(key)}`;
    expect([first.status, first.body, first.headers.get('location')]).toEqual([
      202,
      { id: key, status: location },
      location,
    ]);
    await expect.poll(async () => (await ask('GET', location)).body).toMatchObject({ status: 'completed' });
    expect((await ask('POST', '/orders', { item: 'tea' }, key)).body).toEqual(first.body);
    expect((await ask('GET', `${location}/result`)).body).toMatchObject({ item: 'tea' });
  });

  it('takes signals, updates and queries, with a key each only once', async () => {
    const id = await begun({ wait: 2 });
    const pay = (amount: number, key?: string): Promise<Answer> =>
      ask('POST', `/orders/${id}/payments`, amount, key);
    expect((await pay(5, 'p1')).body).toEqual({ paid: 5 });
    expect((await pay(5, 'p1')).body).toEqual({ paid: 5 });
    expect([(await pay(-1)).status, (await pay(2)).body]).toEqual([422, { paid: 7 }]);
    expect((await ask('GET', `/orders/${id}/paid?unit=EUR`)).body).toEqual({ paid: 7, unit: 'EUR' });
    const note = (text: string, key: string): Promise<Answer> =>
      ask('POST', `/orders/${id}/notes`, { text }, key);
    expect((await note('one', 'n1')).status).toBe(202);
    expect((await note('one', 'n1')).status).toBe(202);
    expect((await ask('GET', `/orders/${id}`)).body).toMatchObject({ status: 'running' });
    await note('two', 'n2');
    expect((await ask('GET', `/orders/${id}/result`)).body).toEqual({
      notes: [{ text: 'one' }, { text: 'two' }],
      paid: 7,
    });
    expect((await pay(5, 'p1')).body).toEqual({ paid: 5 });
    expect((await pay(1, 'p9')).status).toBe(404);
  });

  it('can be cancelled', async () => {
    const id = await begun({ wait: 1 });
    expect((await ask('DELETE', `/orders/${id}`)).status).toBe(202);
    await expect
      .poll(async () => (await ask('GET', `/orders/${id}`)).body)
      .toMatchObject({ status: expect.stringMatching(/^(cancel|fail)/) as string });
  });

  it.each(['', '/result', '/events', '/paid'])('is not found where it never was: %s', async (path) => {
    expect((await ask('GET', `/orders/nobody${path}`)).status).toBe(404);
  });

  it('is not found by signals, updates and cancellations where it never was', async () => {
    for (const key of [undefined, 'k1'])
      for (const [method, path] of [
        ['POST', '/notes'],
        ['POST', '/payments'],
        ['DELETE', ''],
      ] as const)
        expect((await ask(method, `/orders/nobody${path}`, undefined, key)).status).toBe(404);
  });
});

interface Told {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}
async function* eventsOf(answer: Response): AsyncGenerator<Told> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, id = '', event = '', data] =
        /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (data !== undefined) yield { id, event, data: JSON.parse(data) as Told['data'] };
    }
  }
}

describe('the events of a run', () => {
  it('come as they happen, and go on after the last that was heard', async () => {
    const id = await begun({ wait: 2 });
    const listen = (last?: string): Promise<Response> =>
      fetch(`${app.url}/orders/${id}/events`, {
        headers: last === undefined ? {} : { 'last-event-id': last },
      });
    const first = await listen();
    expect(first.headers.get('content-type')).toBe('text/event-stream');
    const heard: Told[] = [];
    await ask('POST', `/orders/${id}/notes`, { secret: 'one' });
    for await (const told of eventsOf(first)) {
      heard.push(told);
      if (told.event === 'signal') break;
    }
    expect(heard.map(({ event }) => event)).toEqual(['started', 'signal']);
    expect(heard[1]?.data).toEqual({ at: expect.any(String) as string, name: 'note' });
    await ask('POST', `/orders/${id}/payments`, 3);
    await ask('POST', `/orders/${id}/notes`, '"two"');
    const rest: Told[] = [];
    for await (const told of eventsOf(await listen(heard.at(-1)?.id))) rest.push(told);
    expect(rest.map(({ event }) => event)).toEqual(['update', 'signal', 'completed']);
    expect(rest.at(-1)?.data).toMatchObject({ result: { notes: [{ secret: 'one' }, 'two'], paid: 3 } });
    expect((await listen(rest.at(-1)?.id)).status).toBe(204);
    expect((await listen('nonsense')).status).toBe(400);
  });

  it('tell of a failure what the client may know', async () => {
    const id = await begun({ fail: 'INTERNAL' });
    const heard: Told[] = [];
    for await (const told of eventsOf(await fetch(`${app.url}/orders/${id}/events`))) heard.push(told);
    expect(heard.at(-1)).toMatchObject({
      event: 'failed',
      data: { error: { kind: 'Internal', message: 'internal error' } },
    });
  });
});

describe('a node that is killed while its client waits', () => {
  it('leaves the answer to the others: the same request with the same key gets it, and events go on', async () => {
    await using other = await startNode(folder);
    const key = randomUUID();
    const order = { item: 'tea', slow: '1s' };
    const cut = ask('POST', '/buy', order, key).catch(() => undefined);
    const state = (): Promise<Answer> => ask('GET', `/orders/${key}`, undefined, undefined, other);
    await expect.poll(async () => (await state()).status).toBe(200);
    const stream = eventsOf(await fetch(`${app.url}/orders/${key}/events`));
    const { value: started } = (await stream.next()) as { value: Told };
    app.process.signal('SIGKILL');
    expect(await cut).toBeUndefined();
    const again = await ask('POST', '/buy', order, key, other);
    expect([again.status, again.body]).toEqual([200, { item: 'tea', bytes: 3, price: 9007199254740992 }]);
    expect((await ask('POST', '/buy', order, key, other)).body).toEqual(again.body);
    const rest = await fetch(`${other.url}/orders/${key}/events`, {
      headers: { 'last-event-id': started.id },
    });
    const names: string[] = [];
    for await (const { event } of eventsOf(rest)) names.push(event);
    expect(names).toEqual(['step.scheduled', 'step.completed', 'completed']);
  }, 90_000);
});
