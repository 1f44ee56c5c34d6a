// A node as far as the sql module needs one: real entries, real resources, a real SQLite file in a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataObject } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { sqlHandlers } from '../../src/modules/sql/host.js';
import { sqlSpec } from '../../src/modules/sql/spec.js';
import type { Entry } from '../../src/registry/model/entry.js';
import { Holdings, NodeContext, outermost } from '../../src/runtime/command-context.js';
import { Resources } from '../../src/runtime/resources.js';
import { sqliteKind } from '../../src/services/sql/sqlite-kind.js';
import type { Command } from '../../src/core/command.js';
import { entryOf } from '../support/examples.js';
import type { LuaOptions } from '../support/instance.js';
import { evaluate } from './evaluate.js';

/** One asker: an instance (with a PID), or one command of a workflow (without, under its key). */
export class Asker implements AsyncDisposable {
  readonly holdings: Holdings;
  readonly #identity: { readonly pid: string | undefined; readonly key: string | undefined };

  constructor(resources: Resources, identity: { pid?: string; key?: string }) {
    this.holdings = new Holdings(resources, (error) => {
      throw error;
    });
    this.#identity = { pid: identity.pid, key: identity.key };
  }

  async ask(command: Command): Promise<Data> {
    const handler = sqlHandlers[command.type];
    if (handler === undefined) throw new Error(`no handler for '${command.type}'`);
    return handler(
      command,
      new NodeContext({
        pid: this.#identity.pid,
        asker: this.#identity.pid,
        entry: 'app:main',
        values: dataObject(),
        idempotencyKey: this.#identity.key,
        holdings: this.holdings,
        frame: outermost,
      }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.holdings[Symbol.asyncDispose]();
  }
}

export class SqlNode implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'moontide-sql-'));
  readonly logged: { readonly message: string; readonly fields: DataObject | undefined }[] = [];
  readonly resources: Resources;
  readonly #entries: ReadonlyMap<string, Entry>;
  #pids = 0;

  constructor(entries: readonly Entry[] = [], env: Readonly<Record<string, string>> = {}) {
    const all = [
      entryOf('app:db', 'db.sql.sqlite', { file: 'data/app.db' }),
      entryOf('app:memory', 'db.sql.sqlite', { file: ':memory:' }),
      entryOf('app:thing', 'registry.entry', {}),
      ...entries,
    ];
    this.#entries = new Map(all.map((entry) => [entry.id, entry]));
    this.resources = new Resources({
      kinds: (kind) => (kind === sqliteKind.name ? sqliteKind : undefined),
      ids: () => this.#entries.keys(),
      host: {
        appFolder: this.folder,
        stateFolder: join(this.folder, '.moontide'),
        env: (name) => env[name],
        file: async () => undefined,
        get: (id) => this.#entries.get(id),
        ofKind: (kind) => all.filter((entry) => entry.kind === kind),
        log: (_level, message, fields) => void this.logged.push({ message, fields }),
      },
    });
  }

  asker(identity: { pid?: string; key?: string } = { pid: `{f|${++this.#pids}}` }): Asker {
    return new Asker(this.resources, identity);
  }

  /** Runs a Lua body with `sql` on this node; gives all its results. What it holds is closed at its end. */
  async lua(body: string, options: LuaOptions = {}, asker = this.asker()): Promise<readonly Data[]> {
    await using own = asker;
    return await evaluate(body, {
      modules: [sqlSpec],
      answers: { '*': (command) => own.ask(command) },
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
