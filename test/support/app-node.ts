// A node in this process on a small app: entries as YAML, functions by the names of one Lua file's methods.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from '../../src/cli/run-node.js';
import type { NodeOptions, RunningNode } from '../../src/cli/running-node.js';
import type { Data } from '../../src/core/data.js';

export interface AppNodeOptions extends Partial<NodeOptions> {
  /** Beside the functions; YAML list items with an indentation of two. */
  readonly entries?: string;
  /** Modules of every function. */
  readonly modules?: readonly string[];
  /** More files by path within the app. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface AppNode extends AsyncDisposable {
  readonly node: RunningNode;
  readonly folder: string;
  readonly printed: readonly string[];
  /** The first result of `app:<name>`; throws `Kind: message` when it fails. */
  call(name: string, ...args: readonly Data[]): Promise<Data | undefined>;
}

/** `lua`: chunk that returns a table of methods, each of which is a function.lua of its name. */
export async function appNode(lua: string, options: AppNodeOptions = {}): Promise<AppNode> {
  const { entries = '', modules = [], files = {}, ...wishes } = options;
  const folder = mkdtempSync(join(tmpdir(), 'moontide-app-'));
  mkdirSync(join(folder, 'src'));
  const names = [...lua.matchAll(/^function M\.(\w+)/gm)].map(([, name]) => name);
  const list = modules.length === 0 ? '' : `, modules: [${modules.join(', ')}]`;
  const functions = names.map(
    (name) => `  - { name: ${name}, kind: function.lua, source: file://f.lua, method: ${name}${list} }`,
  );
  writeFileSync(
    join(folder, 'src/_index.yaml'),
    ['version: "1.0"', 'namespace: app', 'entries:', ...functions, entries].join('\n'),
  );
  writeFileSync(join(folder, 'src/f.lua'), lua);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  const printed: string[] = [];
  let node: RunningNode;
  try {
    node = await runNode({
      app: folder,
      signals: false,
      log: { level: 'silent' },
      print: (line) => printed.push(line),
      environment: {},
      ...wishes,
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    node,
    folder,
    printed,
    async call(name, ...args) {
      const outcome = await node.call(`app:${name}`, args);
      if (!outcome.ok) throw new Error(`${outcome.error.kind}: ${outcome.error.message}`);
      return outcome.values[0];
    },
    async [Symbol.asyncDispose]() {
      await node.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
