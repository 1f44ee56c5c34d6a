// Routes as entries: what is wrong with them, and how they change while requests come.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changedFolder } from './changes.js';
import { answering, appYaml, endpoint, startApp } from './app.js';
import type { HttpApp } from './app.js';

const refusal = async (yaml: string): Promise<string[]> => {
  try {
    await using app = await startApp({
      'src/_index.yaml': yaml,
      'src/a.lua': answering(''),
      'src/b.lua': answering(''),
    });
    return [`it started at ${app.url}`];
  } catch (error) {
    const { diagnostics = [], message } = error as { diagnostics?: { message: string }[]; message: string };
    return diagnostics.length === 0 ? [message] : diagnostics.map((one) => one.message);
  }
};

describe('entries that do not fit together', () => {
  it.each([
    [
      'two routes that answer the same',
      endpoint('a', 'GET', '/x/{id}') + endpoint('b', 'GET', '/x/{other}/'),
      '',
      "'app:b_route' and 'app:a_route' both answer GET '/x/{other}' of 'app:gateway'",
    ],
    [
      'an unknown middleware',
      endpoint('a', 'GET', '/'),
      '    middleware: [corz]',
      "there is no middleware 'corz'; did you mean 'cors'?",
    ],
    [
      'an unknown option',
      endpoint('a', 'GET', '/'),
      '    middleware: [cors]\n    options: { cors.allow.origin: "*" }',
      "'cors' has no option 'allow.origin'; did you mean 'allow.origins'?",
    ],
    [
      'an option of the wrong form',
      endpoint('a', 'GET', '/'),
      '    middleware: [ratelimit]\n    options: { ratelimit.window: soon }',
      "'ratelimit.window' is a duration such as '1m', got 'soon'",
    ],
    [
      'a firewall before the route is known',
      endpoint('a', 'GET', '/'),
      '    middleware: [endpoint_firewall]',
      "'endpoint_firewall' runs after the route is known; put it into 'post_middleware'",
    ],
    ['a parameter that is no whole part', endpoint('a', 'GET', '/x{id}'), '', "'x{id}' is no parameter"],
    [
      'a rest that is not the last',
      endpoint('a', 'GET', '/{rest...}/x'),
      '',
      "'{rest...}' takes all that is left, so it must be the last part of the path",
    ],
    [
      'a parameter twice',
      endpoint('a', 'GET', '/{id}/{id}'),
      '',
      "the parameter 'id' stands twice in the path",
    ],
  ])('%s: are told with what to do', async (_name, entries, router, message) => {
    expect(await refusal(appYaml(entries, router))).toContainEqual(expect.stringContaining(message));
  });

  it('a router that could belong to two servers', async () => {
    const yaml = `version: "1.0"
namespace: app
entries:
  - { name: one, kind: http.service, addr: ":0" }
  - { name: two, kind: http.service, addr: ":0" }
  - { name: api, kind: http.router, prefix: /x }
`;
    expect(await refusal(yaml)).toEqual(["'app:api' does not say which http.service it belongs to"]);
  });

  it('an address that is taken is told with its entry', async () => {
    await using first = await startApp({ 'src/_index.yaml': appYaml('') });
    const port = new URL(first.url).port;
    expect(await refusal(appYaml('').replace('127.0.0.1:0', `127.0.0.1:${port}`))).toEqual([
      expect.stringContaining(
        `'app:gateway' cannot listen on '127.0.0.1:${port}': somebody else listens there`,
      ),
    ]);
  });
});

describe('routes that change while the app runs', () => {
  let app: HttpApp;
  beforeAll(async () => {
    app = await startApp({
      'src/_index.yaml': appYaml(endpoint('a', 'GET', '/a') + endpoint('slow', 'GET', '/slow')),
      'src/a.lua': answering('res:write("one")'),
      'src/slow.lua': `local time = require("time")\n${answering('res:write("begun ") res:flush() time.sleep("300ms") res:write("done")')}`,
    });
  });
  afterAll(async () => app[Symbol.asyncDispose]());
  const text = async (path: string): Promise<string> => {
    const answer = await fetch(app.url + path);
    return `${answer.status} ${await answer.text()}`;
  };

  it('fail no request, and an answer that runs ends as it began', async () => {
    const slow = text('/slow');
    let failed = 0;
    let asked = 0;
    let going = true;
    const client = async (): Promise<void> => {
      while (going) {
        const answer = await fetch(`${app.url}/a`).catch(() => undefined);
        asked += 1;
        if (answer?.status !== 200 || !/^(one|two)$/.test(await answer.text())) failed += 1;
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (let round = 0; round < 10; round++)
      await changedFolder(app, {
        'src/_index.yaml': appYaml(
          endpoint('a', 'GET', '/a') + (round % 2 === 0 ? endpoint('b', 'GET', `/b${round}`) : ''),
        ),
        'src/a.lua': answering(`res:write("${round % 2 === 0 ? 'two' : 'one'}")`),
        'src/b.lua': answering('res:write("b")'),
      });
    going = false;
    await Promise.all(clients);
    expect({ failed, some: asked > 10 }).toEqual({ failed: 0, some: true });
    expect(await slow).toBe('200 begun done');
    expect(await text('/b8')).toMatch(/^404/);
    expect(await text('/slow')).toMatch(/^404/);
  });

  it('are refused as a whole where two of them would answer the same', async () => {
    const before = await text('/a');
    await expect(
      changedFolder(app, {
        'src/_index.yaml': appYaml(endpoint('a', 'GET', '/a') + endpoint('b', 'GET', '/a')),
      }),
    ).rejects.toThrow(/no server could answer it|both answer|1 error/);
    expect(await text('/a')).toBe(before);
  });

  it('move the server where its address says, and stop it with its entry', async () => {
    const old = app.url;
    await changedFolder(app, {
      'src/_index.yaml': appYaml(endpoint('a', 'GET', '/a')).replace('127.0.0.1:0', '127.0.0.2:0'),
    });
    const moved = app.node.listening().get('app:gateway');
    expect(moved?.host).toBe('127.0.0.2');
    await expect(fetch(`${old}/a`)).rejects.toThrow();
    expect(await (await fetch(`http://127.0.0.2:${moved?.port}/a`)).text()).not.toBe('');
    await changedFolder(app, { 'src/_index.yaml': 'version: "1.0"\nnamespace: app\nentries: []\n' });
    expect(app.node.listening().size).toBe(0);
  });
});

describe('a stop', () => {
  it('lets answers end and takes no new request', async () => {
    const app = await startApp({
      'src/_index.yaml': appYaml(endpoint('slow', 'GET', '/slow')),
      'src/slow.lua': `local time = require("time")\n${answering('print("begun") time.sleep("300ms") res:write("whole")')}`,
    });
    const asked = fetch(`${app.url}/slow`);
    await expect.poll(() => app.printed).toContain('begun');
    const stopped = app[Symbol.asyncDispose]();
    const answer = await asked;
    expect([answer.status, await answer.text()]).toEqual([200, 'whole']);
    await stopped;
    await expect(fetch(`${app.url}/slow`)).rejects.toThrow();
  });
});
