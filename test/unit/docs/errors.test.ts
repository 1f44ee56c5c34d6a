import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function codesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(join(root, folder, file), 'utf8').matchAll(/\bcode = '([A-Z][A-Z_]+)'/g),
    ])
    .map((match) => match[1]!);
}

describe('docs/errors.md', () => {
  it('lists exactly the codes of the code', () => {
    const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
    const said = [...page.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map((match) => match[1]!);
    const thrown = new Set(['src', 'activities', 'workflows'].flatMap(codesIn));
    expect(said.toSorted()).toEqual([...thrown].toSorted());
    expect(new Set(said).size).toBe(said.length);
  });
});
