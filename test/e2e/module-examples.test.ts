// The examples of modules that need an app around them (functions, workflows, a database) print what their pages say: each is a
// test of the app of the examples, run by the command line, as a function and as a workflow.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplesWithApp } from '../support/examples.js';
import type { Example } from '../support/examples.js';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

const APP = readFileSync(
  fileURLToPath(new URL('../../src/modules/examples-app.yaml', import.meta.url)),
  'utf8',
);

/** Links are between workflows; a node gives names to what runs on it. */
const ONLY_AS: Readonly<Record<string, string>> = {
  'NexusService:call': 'workflow.lua',
  'NexusService:async': 'workflow.lua',
  'process.spawn_linked': 'workflow.lua',
  'process.spawn_linked_monitored': 'workflow.lua',
  'SpawnBuilder:spawn_linked': 'workflow.lua',
  'SpawnBuilder:spawn_linked_monitored': 'workflow.lua',
  'process.link': 'workflow.lua',
  'process.unlink': 'workflow.lua',
  'process.registry.register': 'function.lua',
};

/** What listens does so on a node. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  workflow: ['workflow.lua'],
  events: ['function.lua'],
  pg: ['function.lua'],
};

const longString = (text: string): string => `[==[\n${text}]==]`;

/** A program that fails unless the example prints its lines. */
const program = (module: string, { code, prints }: Example): string => `
local ${module} = require("${module}")
local time = require("time")
local lines = {}
local function print(...)
  local texts = table.pack(...)
  for at = 1, texts.n do texts[at] = tostring(texts[at]) end
  lines[#lines + 1] = table.concat(texts, "\\t")
end
local function example(...)
${code}
end
return function(...)
  example(...)
  local printed, wanted = table.concat(lines, "\\n"), ${longString(prints.join('\n'))}
  if printed ~= wanted then error("it printed:\\n" .. printed, 0) end
end
`;

// One app a kind: a node takes longer to start than most modules' examples to run.
describe.each(['function.lua', 'workflow.lua'])('as a %s', (kind) => {
  const modules = examplesWithApp.filter(({ spec }) => KINDS[spec.name]?.includes(kind) ?? true);
  const runs = (examples: readonly Example[]) =>
    examples.filter(({ title }) => (ONLY_AS[title] ?? kind) === kind);
  const statuses = new Map<string, string>();

  beforeAll(async () => {
    const files: Record<string, string> = {
      'moontide.yaml': 'name: examples\n',
      'src/_index.yaml': APP,
    };
    for (const { spec, examples } of modules) {
      const entries = runs(examples).map((example, index) => {
        files[`src/${spec.name}/example${index}.lua`] = program(spec.name, example);
        return `  - { name: ${nameOf(example, index)}, kind: ${kind}, source: file://example${index}.lua, modules: [${[...new Set([spec.name, 'funcs', 'time'])].join(', ')}], meta: { type: test, suite: ${spec.name}, order: ${index} } }`;
      });
      files[`src/${spec.name}/_index.yaml`] =
        `version: "1.0"\nnamespace: app.${spec.name}\nentries:\n${entries.join('\n')}\n`;
    }
    const { stdout, stderr } = await cli(['--app', folders.make(files), '--json', 'test']);
    for (const line of stdout.trim().split('\n')) {
      const { id, status, error } = JSON.parse(line) as Told;
      statuses.set(id, error?.message ?? status);
    }
    if (statuses.size === 0) throw new Error(stderr);
  }, 120_000);

  it.each(modules)('$spec.name', ({ spec, examples }) => {
    const ids = runs(examples).map((example, index) => `app.${spec.name}:${nameOf(example, index)}`);
    expect(ids.map((id) => [id, statuses.get(id)])).toEqual(ids.map((id) => [id, 'passed']));
  });
});

interface Told {
  readonly id: string;
  readonly status: string;
  readonly error?: { readonly message?: string };
}

const nameOf = ({ title }: Example, index: number): string => `e${index}-${title}`.replaceAll(/[^\w-]/g, '_');
