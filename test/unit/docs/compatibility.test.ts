import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtModules } from '../../../src/modules/index.js';
import { kinds } from '../../../src/services/kinds.js';

const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8');

/** Rows of the table below a heading: cells without their backticks. */
function rows(heading: string): string[][] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

describe('docs/compatibility.md', () => {
  it('lists exactly the kinds of the code, with their state', () => {
    const said = rows('Kinds').map(([name, state]) => `${name} ${state}`);
    const built = kinds.map(({ name, state }) => `${name} ${state}`);
    expect(said.toSorted()).toEqual(built.toSorted());
  });

  it('lists exactly the modules of the code, with where they run', () => {
    const said = rows('Lua modules').map(([name, , workflow]) => `${name} ${workflow}`);
    const built = builtModules.map(({ name, workflow }) => `${name} ${workflow}`);
    expect(said.toSorted()).toEqual(built.toSorted());
  });
});
