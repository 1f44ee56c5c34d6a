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

describe.each(examplesWithApp)('examples of $spec.name', ({ spec, examples }) => {
  const kinds = KINDS[spec.name] ?? ['function.lua', 'workflow.lua'];
  const runs = (kind: string) => examples.filter(({ title }) => (ONLY_AS[title] ?? kind) === kind);
  it.each(kinds)('as a %s', { timeout: 120_000 }, async (kind) => {
    const files: Record<string, string> = {
      'moontide.yaml': 'name: examples\n',
      'src/_index.yaml': APP,
    };
    const entries = runs(kind).map((example, index) => {
      files[`src/tests/example${index}.lua`] = program(spec.name, example);
      const name = `${index}-${example.title}`.replaceAll(/[^\w-]/g, '_');
      return `  - { name: e${name}, kind: ${kind}, source: file://example${index}.lua, modules: [${[...new Set([spec.name, 'funcs', 'time'])].join(', ')}], meta: { type: test, order: ${index} } }`;
    });
    files['src/tests/_index.yaml'] =
      `version: "1.0"\nnamespace: app.tests\nentries:\n${entries.join('\n')}\n`;
    const { code, stdout, stderr } = await cli(['--app', folders.make(files), '--json', 'test']);
    const failed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; status: string; error?: { message?: string } })
      .filter(({ status }) => status !== 'passed')
      .map(({ id, error }) => `${id}: ${error?.message}`);
    expect(failed.join('\n\n')).toBe('');
    expect({ code, count: stdout.trim().split('\n').length }, stderr).toEqual({
      code: 0,
      count: runs(kind).length,
    });
  });
});
