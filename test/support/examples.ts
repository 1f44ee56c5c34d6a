// The examples of the modules' pages: sections of src/modules/<name>/examples.lua, `--- base64.encode` each.
// A line `--> text` is what the section prints, in order.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ModuleSpec } from '../../src/lua/module.js';
import { builtModules } from '../../src/modules/index.js';

export interface Example {
  /** `base64.encode`, `Regexp:find_string`. */
  readonly title: string;
  readonly code: string;
  readonly prints: readonly string[];
}

function examplesOf({ name }: ModuleSpec): readonly Example[] {
  const file = fileURLToPath(new URL(`../../src/modules/${name}/examples.lua`, import.meta.url));
  if (!existsSync(file)) return [];
  const sections = readFileSync(file, 'latin1').split(/^--- /m).slice(1);
  return sections.map((section) => {
    const [title = '', ...lines] = section.trimEnd().split('\n');
    const prints = lines.filter((line) => line.startsWith('-->')).map((line) => line.slice(4));
    return { title: title.trim(), code: lines.filter((line) => !line.startsWith('-->')).join('\n'), prints };
  });
}

export const modulesWithExamples = builtModules
  .map((spec) => ({ spec, examples: examplesOf(spec) }))
  .filter(({ examples }) => examples.length > 0);
