// An app whose runs leave effects that nothing but the idempotency key keeps from being done twice: rows without a
// constraint, counters that go up by one, and keys that are there to be deleted once.
// `by_function`: a function that is called; it writes the row under the key of its activity.
// `by_command`: the workflow itself, statement by statement; the node keeps the key.
import { mkdirSync } from 'node:fs';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import type { TestFolders } from '../e2e/cli-process.js';
import { NodesApp } from './nodes-app.js';

export const QUEUE = 'effects';
export const STEPS = 10;
export type Way = 'by_function' | 'by_command';

const FILES = {
  'moontide.yaml': `name: ${QUEUE}\n`,
  'src/_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: db, kind: db.sql.sqlite, file: .moontide/rows.db }
  - { name: kept, kind: store.sql, database: app:db, table_name: kept, payload_column_name: payload, expire_column_name: expires_at }
  - { name: by_function, kind: workflow.lua, source: file://runs.lua, method: by_function, modules: [funcs] }
  - { name: by_command, kind: workflow.lua, source: file://runs.lua, method: by_command, modules: [sql, store] }
  - { name: step, kind: function.lua, source: file://step.lua, modules: [activity, sql, time] }
`,
  'src/runs.lua': `
local M = {}
function M.by_function(run, steps)
    local step = require("funcs").new():with_options({
        ["activity.start_to_close_timeout"] = "30s",
        ["activity.retry_policy"] = { initial_interval = 100, maximum_interval = 1000 },
    })
    for at = 1, steps do
        local done = assert(step:call("app:step", run, at))
        assert(done == at, done)
    end
    return run
end
function M.by_command(run, steps)
    local db, kept = require("sql").get("app:db"), require("store").get("app:kept")
    for at = 1, steps do
        local made = assert(db:execute("insert into effects (run, step) values (?, ?)", { run, at }))
        assert(made.rows_affected == 1, made.rows_affected)
        assert(db:execute("update counters set n = n + 1 where run = ?", { run }))
        assert(kept:set(run .. "/" .. at, at))
        assert(kept:delete(run .. "/" .. at) == true, "deleted twice") -- what is there once can be deleted once
    end
    return run
end
return M
`,
  'src/step.lua': `
local activity, sql, time = require("activity"), require("sql"), require("time")
return function(run, at)
    local db, key = sql.get("app:db"), activity.info().key
    assert(db:execute("insert into attempts (run, step) values (?, ?)", { run, at }))
    time.sleep("20ms")
    assert(db:execute("insert into effects (key, run, step) values (?, ?, ?) on conflict (key) do nothing", { key, run, at }))
    time.sleep("20ms")
    return at
end
`,
};

export class EffectsApp extends NodesApp {
  constructor(folders: TestFolders, runs: readonly string[]) {
    super(folders, FILES);
    mkdirSync(`${this.folder}/.moontide`);
    using database = new SqliteDatabase(`${this.folder}/.moontide/rows.db`);
    database.exec(`
      create table effects (key text unique, run text not null, step integer not null);
      create table attempts (run text not null, step integer not null);
      create table counters (run text primary key, n integer not null) without rowid;
      create table kept (key text primary key, payload blob not null, expires_at integer) without rowid`);
    for (const run of runs) database.run('insert into counters values (?, 0)', [run]);
  }

  rows(): number {
    return this.count('effects');
  }

  /** Rows of a table, or what an expression over it says. */
  count(table: string, what = '*'): number {
    return Number(this.read(`select count(${what}) as n from ${table}`)?.['n'] ?? 0);
  }
}
