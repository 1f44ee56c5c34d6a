// A planted secret goes through everything that an app can do with it; then every byte that was written is searched for it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const SECRET = 'sk-canary-7f3a9b1c5d';
const folders = new TestFolders();
let app = '';
/** Everything that was printed. */
const printed: string[] = [];

const index = `
version: "1.0"
namespace: app
entries:
  - { name: api_key, kind: env.variable, variable: API_KEY }
  - { name: db, kind: db.sql.sqlite, file: data.db }
  - { name: hash, kind: function.lua, source: file://code.lua, method: hash }
  - { name: echo, kind: function.lua, source: file://code.lua, method: echo }
  - { name: told, kind: function.lua, source: file://code.lua, method: told, modules: [env] }
  - { name: fails, kind: function.lua, source: file://code.lua, method: fails, modules: [env, logger] }
  - { name: raises, kind: function.lua, source: file://code.lua, method: raises, modules: [env] }
  - { name: sends, kind: function.lua, source: file://code.lua, method: sends, modules: [env, funcs] }
  - { name: flow, kind: workflow.lua, source: file://flow.lua, modules: [env, funcs, sql, logger, workflow] }
  - { name: wait, kind: workflow.lua, source: file://code.lua, method: wait }
`;

const code = `
local M = {}
function M.hash(key, options)
  return { length = #key, same = key == options.key, first = key:sub(1, 2) }
end
function M.echo(...) return { ... } end
function M.told() return { nested = { require("env").get("API_KEY") } } end
function M.fails()
  local key = require("env").get("API_KEY")
  require("logger"):info("the key is " .. key, { key = key })
  print("printed", key)
  return nil, errors.new({ message = "refused " .. key, kind = errors.PERMISSION_DENIED, details = { key = key } })
end
function M.raises() error("raised with " .. require("env").get("API_KEY")) end
function M.sends()
  local key, kinds = require("env").get("API_KEY"), {}
  local function note(_, err) kinds[#kinds + 1] = err and err:kind() .. ": " .. err:message() or "sent" end
  note(require("funcs").new():with_options({ durable = true }):call("app:echo", key))
  note(process.send("{secrets|nobody}", "topic", { deep = { key } }))
  note(process.spawn("app:wait", "secrets", key))
  return kinds
end
function M.wait() return process.inbox():receive() end
return M
`;

const flow = `
local env, funcs, sql, logger, workflow =
  require("env"), require("funcs"), require("sql"), require("logger"), require("workflow")
return function(input)
  local key = env.get("API_KEY")
  local out = { kinds = {} }
  local function note(_, err) out.kinds[#out.kinds + 1] = err and err:kind() .. ": " .. err:message() or "none" end
  out.used = funcs.call("app:hash", key, { key = key })
  local db = sql.get("app:db")
  db:execute("create table if not exists t (length integer)")
  db:execute("insert into t select length(?)", { key })
  out.rows = db:query("select * from t")
  out.echo = funcs.call("app:echo", input, { key = "x" })
  note(db:query("select ? as key", { key }))
  note(funcs.call("app:told"))
  note(funcs.call("app:fails"))
  note(funcs.call("app:raises"))
  note(workflow.exec("app:wait", key))
  note(db:execute("insert into nowhere values (?)", { key }))
  logger:info("done", { key = tostring(pcall(tostring, key)) })
  return out
end
`;

beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'moontide.yaml': 'name: secrets\n',
    'src/_index.yaml': index,
    'src/code.lua': code,
    'src/flow.lua': flow,
  });
});
afterAll(() => folders.clean());

async function run(...args: string[]) {
  const result = await cli(['--app', app, '--log-level', 'debug', '--json', ...args], {
    env: { API_KEY: SECRET },
  });
  printed.push(result.stdout, result.stderr);
  return { ...result, value: JSON.parse(result.stdout) as unknown };
}

describe('a secret', () => {
  it('is used by functions and statements of a workflow, which never has its value', async () => {
    const { code: exit, value } = await run('start', 'app:flow', '{"$secret":"app:api_key"}', '--wait');
    expect(exit).toBe(0);
    expect(value).toEqual({
      used: { length: SECRET.length, same: true, first: 'sk' },
      rows: [{ length: SECRET.length }],
      echo: [{ $secret: 'app:api_key' }, { key: 'x' }],
      kinds: [
        expect.stringMatching(
          /^Invalid: the result of 'sql.query' holds the value of a secret at \$\S*, and would be/,
        ),
        expect.stringMatching(
          /^Invalid: the result of 'app:told' holds the value of a secret at \$\[0\].nested\[0\], /,
        ),
        'PermissionDenied: refused [redacted]',
        expect.stringMatching(/^Internal: .*raised with \[redacted\]/),
        expect.stringMatching(/^Invalid: .*is a secret, which goes to functions and commands only/),
        expect.stringMatching(/nowhere/),
      ],
    });
  });

  it('is refused where a function would put it into a history', async () => {
    const { value } = await run('call', 'app:sends');
    expect(value).toEqual([
      expect.stringMatching(
        /^Invalid: an argument of the durable call of 'app:echo' holds the value of a secret at \$\[0\]/,
      ),
      expect.stringMatching(/^Invalid: a message to '{secrets\|nobody}' holds the value of a secret/),
      expect.stringMatching(/^Invalid: an argument of 'app:wait' holds the value of a secret/),
    ]);
  });

  it('is taken out of the errors of a call', async () => {
    expect(await run('call', 'app:fails')).toMatchObject({
      code: 1,
      value: { error: { message: 'refused [redacted]', details: { key: '[redacted]' } } },
    });
    expect((await run('call', 'app:raises')).stderr).toContain('raised with [redacted]');
  });

  it('is nowhere in what was written: histories, registry, logs, output', () => {
    const canary = Buffer.from(SECRET);
    const coded = Buffer.from(canary.toString('base64').slice(0, 20));
    const files = readdirSync(app, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name));
    expect(files.some((file) => file.endsWith('temporal.db'))).toBe(true);
    const holding = files.filter((file) => {
      const bytes = readFileSync(file);
      return bytes.includes(canary) || bytes.includes(coded);
    });
    expect(holding).toEqual([]);
    expect(printed.filter((text) => text.includes(SECRET))).toEqual([]);
    expect(printed.join('')).toContain('printed\t[redacted]');
  });
});
