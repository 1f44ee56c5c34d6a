// An app whose runs write a row a step, each once, and its nodes: what fault tests kill.
import { setTimeout as sleep } from 'node:timers/promises';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { CliProcess } from '../e2e/cli-process.js';
import type { TestFolders } from '../e2e/cli-process.js';

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

export class StepsApp {
  readonly folder: string;
  readonly #nodes = new Set<CliProcess>();

  constructor(folders: TestFolders) {
    this.folder = folders.make(FILES);
  }

  get nodes(): readonly CliProcess[] {
    return [...this.#nodes];
  }

  startNode(): CliProcess {
    const node = new CliProcess(['--app', this.folder, '--json', 'run']);
    this.#nodes.add(node);
    void node.ended.then(() => this.#nodes.delete(node));
    return node;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const nodes = this.nodes;
    for (const node of nodes) node.signal(signal);
    await Promise.all(nodes.map(({ ended }) => ended));
  }

  /** How many steps were done. */
  rows(): number {
    try {
      using rows = new SqliteDatabase(`${this.folder}/.moontide/rows.db`, { readOnly: true });
      return Number(rows.get('SELECT count(*) AS n FROM rows')?.['n'] ?? 0);
    } catch {
      return 0; // no file or no table yet
    }
  }

  /** Milliseconds until another step was done; undefined: none within the time. */
  async untilProgress(timeoutMs: number): Promise<number | undefined> {
    const began = performance.now();
    const before = this.rows();
    while (performance.now() - began < timeoutMs) {
      if (this.rows() > before) return Math.round(performance.now() - began);
      await sleep(20);
    }
    return undefined;
  }
}

export const readyNode = (node: CliProcess): Promise<unknown> => node.until(/^\{"ready".*\}$/m, 60_000);
