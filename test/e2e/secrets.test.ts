// A planted secret goes through everything that an app can do with it; then every byte that was written is searched for it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, Connection } from '@temporalio/client';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const SECRET = 'sk-canary-7f3a9b1c5d';
const folders = new TestFolders();
let app = '';
/** Everything that was printed. */
const printed: string[] = [];
let node: CliProcess;

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
  - { name: in_context, kind: function.lua, source: file://code.lua, method: in_context }
  - { name: sends, kind: function.lua, source: file://code.lua, method: sends, modules: [env, funcs] }
  - { name: flow, kind: workflow.lua, source: file://flow.lua, method: flow, modules: [env, funcs, sql, store, logger, workflow, json, yaml, fs] }
  - { name: files, kind: fs.directory, directory: ./files, auto_init: true }
  - { name: cache, kind: store.memory }
  - { name: wait, kind: workflow.lua, source: file://code.lua, method: wait }
  - { name: beats, kind: function.lua, source: file://code.lua, method: beats, modules: [env, activity] }
  - { name: messages, kind: workflow.lua, source: file://flow.lua, method: messages, modules: [env, funcs, workflow] }
  - { name: ends, kind: workflow.lua, source: file://flow.lua, method: ends, modules: [env, workflow] }
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
function M.in_context()
  local _, err = process.send("{secrets|nobody}", "topic", 1)
  return err:kind() .. ": " .. err:message()
end
function M.sends()
  local key, kinds = require("env").get("API_KEY"), {}
  local function note(_, err) kinds[#kinds + 1] = err and err:kind() .. ": " .. err:message() or "sent" end
  note(require("funcs").new():with_options({ durable = true }):call("app:echo", key))
  note(process.send("{secrets|nobody}", "topic", { deep = { key } }))
  note(process.spawn("app:wait", "secrets", key))
  note(process.update("{secrets|nobody}", "change", key))
  note(process.query("{secrets|nobody}", "look", key))
  note(process.with_options({ ["temporal.workflow.memo"] = { key = key } }):spawn("app:wait", "secrets"))
  note(process.with_options({ ["temporal.workflow.search_attributes"] = { Key = key } }):spawn("app:wait", "secrets"))
  note(process.with_options({}):with_message("go", key):spawn("app:wait", "secrets"))
  note(process.with_options({}):with_name(key):spawn("app:wait", "secrets"))
  note(nil, errors.new(require("funcs").new():with_context({ key = key }):call("app:in_context")))
  return kinds
end
function M.beats()
  local _, err = require("activity").heartbeat({ deep = { require("env").get("API_KEY") } })
  return err and err:kind() .. ": " .. err:message() or "beat"
end
function M.wait() return process.inbox():receive() end
return M
`;

const flow = `
local M = {}
-- All ways out of a run but those of flow: each is refused, or names the secret.
function M.messages()
  local env, funcs, workflow = require("env"), require("funcs"), require("workflow")
  local key, kinds = env.get("API_KEY"), {}
  local function note(what, _, err) kinds[#kinds + 1] = what .. " " .. (err and err:kind() .. ": " .. err:message() or "done") end
  local waiting = assert(process.spawn("app:wait", "secrets"))
  note("send", process.send(waiting, "topic", { deep = { key } }))
  note("spawn", process.spawn("app:wait", "secrets", key))
  note("update", process.update(waiting, "change", key))
  note("query", process.query(waiting, "look", key))
  note("memo", workflow.attrs({ memo = { key = key } }))
  note("search", workflow.attrs({ search = { Key = key } }))
  note("start memo", process.with_options({ ["temporal.workflow.memo"] = { key = key } }):spawn("app:wait", "secrets"))
  note("message", process.with_options({}):with_message("go", key):spawn("app:wait", "secrets"))
  note("context", funcs.new():with_context({ key = key }):call("app:echo", 1))
  note("beats", nil, errors.new(assert(funcs.call("app:beats"))))
  note("continue", pcall(workflow.continue_as_new, key))
  assert(process.send(waiting, "go"))
  return kinds
end
function M.ends(how)
  local env, workflow = require("env"), require("workflow")
  local key = env.get("API_KEY")
  workflow.query("look", function() return { key = key } end)
  workflow.update("change", function() return key end)
  if how == "wait" then process.inbox():receive() end
  if how == "error" then return nil, errors.new({ message = "no", details = { key = key } }) end
  if how == "raise" then error(key) end
  if how == "raise table" then error({ key = key }) end
  if how == "join" then return "the key is " .. key end
  return { key = key }
end
function M.flow(input)
  local env, funcs, sql, logger, workflow =
    require("env"), require("funcs"), require("sql"), require("logger"), require("workflow")
  local key = env.get("API_KEY")
  local out = { kinds = {} }
  local function note(_, err) out.kinds[#out.kinds + 1] = err and err:kind() .. ": " .. err:message() or "none" end
  out.used = funcs.call("app:hash", key, { key = key })
  local db = sql.get("app:db")
  db:execute("create table if not exists t (length integer)")
  db:execute("insert into t select length(?)", { key })
  out.rows = db:query("select * from t")
  local stored = assert(require("store").get("app:cache"):put("key", key))
  out.stored = { key = stored.key, value = stored.value }
  out.echo = funcs.call("app:echo", input, { key = "x" })
  note(db:query("select ? as key", { key }))
  note(funcs.call("app:told"))
  note(funcs.call("app:fails"))
  note(funcs.call("app:raises"))
  note(workflow.exec("app:wait", key))
  note(require("json").encode({ a = { 1, key } }))
  note(require("yaml").encode({ a = { 1, key } }))
  local _, wrong, err = pcall(function() return require("fs").get("app:files"):writefile("x", key) end)
  out.kinds[#out.kinds + 1] = tostring(err or wrong)
  note(db:execute("insert into nowhere values (?)", { key }))
  logger:info("done", { key = tostring(pcall(tostring, key)) })
  return out
end
return M
`;

beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'moontide.yaml': 'name: secrets\n',
    'src/_index.yaml': index,
    'src/code.lua': code,
    'src/flow.lua': flow,
  });
  node = new CliProcess(['--app', app, '--log-level', 'debug', '--json', 'run'], {
    env: { API_KEY: SECRET },
  });
  await node.until(/"address"/, 120_000);
}, 180_000);
afterAll(() => folders.clean());

async function run(...args: string[]) {
  const result = await cli(['--app', app, '--log-level', 'debug', '--json', ...args], {
    env: { API_KEY: SECRET },
  });
  printed.push(result.stdout, result.stderr);
  return { ...result, value: JSON.parse(result.stdout) as unknown };
}

describe('a secret', () => {
  it(
    'is used by functions and statements of a workflow, which never has its value',
    { timeout: 120_000 },
    async () => {
      const { code: exit, value } = await run('start', 'app:flow', '{"$secret":"app:api_key"}', '--wait');
      expect(exit).toBe(0);
      expect(value).toEqual({
        used: { length: SECRET.length, same: true, first: 'sk' },
        rows: [{ length: SECRET.length }],
        stored: { key: 'key', value: { $secret: 'app:api_key' } },
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
          expect.stringMatching(/^Internal: cannot encode: \$\.a\[1\] is a secret, which goes/),
          expect.stringMatching(/^Invalid: \$\.a\[1\] is a secret, which goes/),
          expect.stringMatching(/string or stream expected, got Secret, which .* function\.lua/),
          expect.stringMatching(/nowhere/),
        ],
      });
    },
  );

  it('is refused where a function would put it into a history', { timeout: 120_000 }, async () => {
    const { value } = await run('call', 'app:sends');
    const refused = (what: string): unknown =>
      expect.stringMatching(new RegExp(`^Invalid: ${what} holds the value of a secret at `));
    expect(value).toEqual([
      refused("an argument of the durable call of 'app:echo'"),
      refused("a message to '{secrets\\|nobody}'"),
      refused("an argument of 'app:wait'"),
      refused("an argument of the update 'change'"),
      refused("an argument of the query 'look'"),
      refused("an option of 'app:wait'"), // a memo
      refused("an option of 'app:wait'"), // a search attribute
      refused("a first message to 'app:wait'"),
      refused("the name of 'app:wait'"),
      expect.stringMatching(
        /Invalid: the context of a message to '.*' holds the value of a secret at \$\.key, /,
      ),
    ]);
  });

  it('is refused where a workflow would record it otherwise', { timeout: 120_000 }, async () => {
    const { value } = await run('start', 'app:messages', '--wait');
    const told = (value as string[]).map((line) =>
      /^(.*?) (Invalid|Unknown): /.exec(line)?.slice(1).join(' '),
    );
    expect(told).toEqual(
      ['send', 'spawn', 'update', 'query', 'memo', 'search', 'start memo', 'message', 'context']
        .map((what) => `${what} Invalid`)
        .concat('beats Unknown', 'continue Invalid'),
    );
    expect(value).toContainEqual(
      expect.stringMatching(/^beats Unknown: Invalid: a heartbeat holds the value of/),
    );
    for (const how of ['error', 'raise', 'raise table', 'join', 'return']) {
      const { code: exit, value: ended } = await run('start', 'app:ends', JSON.stringify(how), '--wait');
      expect({ how, exit, ended }).toMatchObject({ how, exit: 1, ended: { ok: false } });
    }
    await run('start', 'app:ends', '"wait"', '--id', 'asked');
    expect((await run('query', 'asked', 'look')).stderr).toMatch(/is a secret, which goes to functions/);
    expect((await run('update', 'asked', 'change')).stderr).toMatch(/is a secret, which goes to functions/);
  });

  it('is taken out of the errors of a call', { timeout: 120_000 }, async () => {
    expect(await run('call', 'app:fails')).toMatchObject({
      code: 1,
      value: { error: { message: 'refused [redacted]', details: { key: '[redacted]' } } },
    });
    expect((await run('call', 'app:raises')).stderr).toContain('raised with [redacted]');
  });

  it(
    'is nowhere in what was written: histories, memos, registry, logs, output',
    { timeout: 120_000 },
    async () => {
      const [, address = ''] = await node.until(/"address":"([^"]+)"/);
      const connection = await Connection.connect({ address });
      const exported: string[] = [];
      try {
        const { workflow } = new Client({ connection });
        for await (const { workflowId, runId } of workflow.list()) {
          const handle = workflow.getHandle(workflowId, runId);
          for (const part of [await handle.fetchHistory(), (await handle.describe()).raw])
            exported.push(JSON.stringify(part), ...payloadsOf(part));
        }
      } finally {
        await connection.close();
      }
      expect(exported.length).toBeGreaterThan(100);
      expect(exported.filter((text) => text.includes('{"$secret":"app:api_key"}'))).not.toEqual([]);
      expect(exported.filter(holds)).toEqual([]);
      node.signal('SIGTERM');
      const { stdout, stderr } = await node.ended;
      printed.push(stdout, stderr);
      const files = readdirSync(app, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile())
        .map((file) => join(file.parentPath, file.name));
      for (const name of ['temporal.db', 'registry.db', 'temporal.log'])
        expect(files.some((file) => file.endsWith(name))).toBe(true);
      expect(files.filter((file) => holds(readFileSync(file, 'latin1')))).toEqual([]);
      expect(printed.filter(holds)).toEqual([]);
      expect(printed.join('')).toContain('printed\t[redacted]');
    },
  );
});

/** The secret as it is, in base64 wherever in a longer text it begins, and in hex. */
const TRACES = [
  SECRET,
  ...[0, 1, 2].map((shift) => {
    const coded = Buffer.from(`${' '.repeat(shift)}${SECRET}`).toString('base64');
    return coded.slice(shift === 0 ? 0 : 4, -4); // the edges depend on what stands beside it
  }),
  Buffer.from(SECRET).toString('hex'),
];
const holds = (text: string): boolean => TRACES.some((trace) => text.includes(trace));

/** Everything binary in it as text. */
function payloadsOf(part: unknown): string[] {
  if (part instanceof Uint8Array) return [Buffer.from(part).toString('latin1')];
  if (typeof part !== 'object' || part === null) return [];
  return Object.values(part).flatMap(payloadsOf);
}
