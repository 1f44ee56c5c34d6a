// A node as far as the registry module needs one: a real registry on a real SQLite file, and the editor of a node.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authorize } from '../../src/core/authorize.js';
import type { Command } from '../../src/core/command.js';
import { type Data, dataObject } from '../../src/core/data.js';
import { EventBus } from '../../src/core/event-bus.js';
import type { CommandContext } from '../../src/core/handler.js';
import { silentLogger } from '../../src/core/logger.js';
import { DEFAULT_ENGINE, engineNamed } from '../../src/lua/engines.js';
import { declaredModules } from '../../src/modules/index.js';
import { registryHandlers } from '../../src/modules/registry/host.js';
import { RegistryEditor } from '../../src/registry/editor.js';
import type { Entry } from '../../src/registry/model/entry.js';
import { parseEntryId } from '../../src/registry/model/ids.js';
import { openRegistry, type Registry } from '../../src/registry/service.js';
import { openSqliteStore } from '../../src/registry/store/sqlite-store.js';
import { kinds } from '../../src/services/kinds.js';

export interface RegistryNode extends AsyncDisposable {
  readonly registry: Registry;
  readonly editor: RegistryEditor;
  /** `key`: of a workflow's command; without one an instance asks. */
  ask(command: Command, key?: string): Promise<Data>;
}

export async function openRegistryNode(authorize: Authorize = () => true): Promise<RegistryNode> {
  const folder = mkdtempSync(join(tmpdir(), 'moontide-registry-'));
  const store = await openSqliteStore({ path: join(folder, 'registry.db') });
  const registry = await openRegistry({ store, log: silentLogger, bus: new EventBus(), follow: false });
  const engine = engineNamed(DEFAULT_ENGINE);
  const built = declaredModules.map(({ name }) => name);
  const editor = new RegistryEditor({
    registry,
    log: silentLogger,
    kinds: new Map(kinds.map((kind) => [kind.name, kind])),
    modules: { built, known: built },
    compile: (program) => {
      const result = engine.compile(program);
      return result.ok ? [] : result.diagnostics;
    },
  });
  const handlers = registryHandlers(
    {
      current: () => registry.current,
      at: (version) => registry.at(version),
      versions: (options) => registry.versions(options),
      historyOf: (entry) => registry.historyOf(entry),
      apply: async (changes, base, note) => {
        const { version } = await editor.apply({ author: 'tester@test', ...note, changes, base });
        return version;
      },
      applyVersion: async (number, note) => (await registry.rollback(number, note)).version,
    },
    authorize,
  );
  return {
    registry,
    editor,
    async ask(command, key) {
      const pid = key === undefined ? '{functions|1}' : undefined;
      const asker = { entry: 'app:main', pid, idempotencyKey: key, values: dataObject() };
      const handler = handlers[command.type];
      if (handler === undefined) throw new Error(`no handler for '${command.type}'`);
      return handler(command, asker as unknown as CommandContext);
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Answers of a node for tests that run Lua. */
export const answersOf = (node: RegistryNode) => ({ '*': (command: Command) => node.ask(command) });

/** What the module's examples find: two entries, published by a start. */
export async function publishExample({ registry }: RegistryNode): Promise<void> {
  const entry = (name: string, meta: Record<string, Data>, data: Record<string, Data>): Entry => ({
    id: parseEntryId(`app:${name}`),
    kind: 'registry.entry',
    meta: dataObject(meta),
    data: dataObject(data),
  });
  await registry.apply({
    entries: [
      entry('limits', { type: 'config' }, { orders: 10 }),
      entry('prices', { type: 'config', tags: ['shop'] }, { mug: 12 }),
    ],
    author: 'tester@test',
    via: 'start',
    comment: 'the app as its folder has it',
  });
}
