// The OpenAPI document of a server's routes, as it is served and as the command prints it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from '../e2e/cli-process.js';
import { changedFolder } from './changes.js';
import { answering, appYaml, endpoint, startApp } from './app.js';
import type { HttpApp } from './app.js';

const SERVER = 'addr: "127.0.0.1:0", lifecycle: { auto_start: true }';
const described = (entries: string): string =>
  appYaml(entries).replace(
    `kind: http.service, ${SERVER}`,
    `kind: http.service, meta: { title: "Tea ☕", version: "2" }, openapi: /openapi.json, ${SERVER}`,
  );
const BODY = `input: { type: object, required: [cup], properties: { cup: { $ref: "#/$defs/size" } }, $defs: { size: { enum: [big, small] } } }`;
const ENTRIES =
  endpoint('show', 'GET', '/cups/{id}') +
  endpoint('change', 'PUT', '/cups/{cup}/').replace(
    'func: change }',
    `func: change, ${BODY}, output: { type: string } }`,
  ) +
  endpoint('rest', 'GET', '/files/{path...}');
const files = {
  'src/show.lua': answering('res:write("shown")'),
  'src/change.lua': answering('res:write_json(req:body_json())'),
  'src/rest.lua': answering('res:write("rest")'),
};

interface Document {
  readonly openapi: string;
  readonly info: Record<string, string>;
  readonly paths: Record<string, Record<string, Record<string, unknown>>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

describe('the description of routes', () => {
  let app: HttpApp;
  beforeAll(async () => {
    app = await startApp({ 'src/_index.yaml': described(ENTRIES), ...files });
  });
  afterAll(async () => app[Symbol.asyncDispose]());
  const document = async (): Promise<Document> =>
    (await (await fetch(`${app.url}/openapi.json`)).json()) as Document;

  it('has paths, parameters and schemas as the entries say', async () => {
    const { openapi, info, paths, components } = await document();
    expect([openapi, info]).toEqual(['3.1.1', { title: 'Tea ☕', version: '2' }]);
    // One path for both names of its parameter.
    expect(Object.entries(paths).map(([path, item]) => [path, Object.keys(item)])).toEqual([
      ['/cups/{cup}', ['put', 'get']],
      ['/files/{path}', ['get']],
    ]);
    expect(paths['/cups/{cup}']?.['put']).toMatchObject({
      operationId: 'app.change_route',
      parameters: [{ name: 'cup', in: 'path', required: true }],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/app.change_route.input' } } },
      },
      responses: { 200: { content: { 'application/json': {} } }, default: {} },
    });
    expect(components.schemas['app.change_route.input']).toMatchObject({
      properties: { cup: { $ref: '#/components/schemas/app.change_route.input/$defs/size' } },
    });
  });

  it('is kept: a body that does not fit never reaches the function', async () => {
    const put = (body: string): Promise<Response> =>
      fetch(`${app.url}/cups/7`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    expect(await (await put('{"cup":"big"}')).json()).toEqual({ cup: 'big' });
    const refused = await put('{"cup":"huge"}');
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('$.cup')]);
  });

  it('changes with the routes', async () => {
    await changedFolder(app, { 'src/_index.yaml': described(endpoint('show', 'GET', '/mugs')) });
    expect(Object.keys((await document()).paths)).toEqual(['/mugs']);
  });

  it('cannot stand where something else answers', async () => {
    const taken = described(endpoint('show', 'GET', '/openapi.json'));
    await expect(changedFolder(app, { 'src/_index.yaml': taken })).rejects.toThrow();
  });
});

describe('moontide openapi', () => {
  const folders = new TestFolders();
  beforeAll(buildOnce, 120_000);
  afterAll(() => folders.clean());

  it('prints it, and starts nothing', async () => {
    const app = folders.copy('http-api');
    const { code, stdout } = await cli(['--app', app, 'openapi']);
    const { paths } = JSON.parse(stdout) as Document;
    expect([code, Object.keys(paths)]).toEqual([
      0,
      [
        '/api/notes',
        '/api/notes/{id}',
        '/api/clock',
        '/api/reminders',
        '/api/reminders/{id}',
        '/api/reminders/{id}/events',
        '/api/reminders/{id}/text',
        '/api/reminders/{id}/now',
      ],
    ]);
    expect(Object.keys(paths['/api/reminders']?.['post']?.['responses'] ?? {})).toEqual([
      '202',
      '4XX',
      '5XX',
    ]);
  });

  it('says which servers there are', async () => {
    const none = folders.make({ 'src/_index.yaml': 'version: "1.0"\nnamespace: app\nentries: []\n' });
    const app = folders.copy('http-api');
    const [first, second] = [
      await cli(['--app', none, 'openapi']),
      await cli(['--app', app, 'openapi', 'notes:gatewai']),
    ];
    expect([first.code, first.stderr]).toEqual([2, expect.stringContaining('the app has no http.service')]);
    expect([second.code, second.stderr]).toEqual([
      2,
      expect.stringContaining("did you mean 'notes:gateway'?"),
    ]);
  });
});
