// An app whose runs write a row a step, each once.
import type { TestFolders } from '../e2e/cli-process.js';
import { NodesApp } from './nodes-app.js';

const FILES = {
  'moontide.yaml': 'name: steps\n',
  'src/_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: db, kind: db.sql.sqlite, file: .moontide/rows.db }
  - { name: run, kind: workflow.lua, source: file://run.lua, modules: [funcs, time] }
  - { name: step, kind: function.lua, source: file://step.lua, modules: [sql] }
`,
  'src/run.lua': `
local funcs, time = require("funcs"), require("time")
local steps = funcs.new():with_options({
    ["activity.start_to_close_timeout"] = "5s",
    ["activity.retry_policy"] = { initial_interval = 100, maximum_interval = 1000 },
})
return function(id, count)
    for step = 1, count do
        local _, err = steps:call("app:step", id, step)
        if err then return nil, err end
        time.sleep("250ms")
    end
    return id
end
`,
  'src/step.lua': `
local sql = require("sql")
return function(id, step)
    local db, err = sql.get("app:db")
    if err then return nil, err end
    local _, failed = db:execute("CREATE TABLE IF NOT EXISTS rows (run TEXT, step INTEGER, PRIMARY KEY (run, step))")
    if failed then return nil, failed end
    local _, wrong = db:execute("INSERT INTO rows VALUES (?, ?) ON CONFLICT DO NOTHING", { id, step })
    if wrong then return nil, wrong end
    return step
end
`,
};

/** The task queue of the app. */
export const QUEUE = 'steps';

export class StepsApp extends NodesApp {
  constructor(folders: TestFolders) {
    super(folders, FILES);
  }

  rows(): number {
    return Number(this.read('SELECT count(*) AS n FROM rows')?.['n'] ?? 0);
  }
}
