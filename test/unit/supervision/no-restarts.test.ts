// No restart of a service is decided in a node: delays and counts are those of workflows, which outlive it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** A delay that grows with a number of failures, a time of the next try. */
const DECIDES = [
  / \*\* \(?(this\.)?#?(attempts|failures|restarts|retries)/i,
  /\b(backoffFactor|initialDelayMs|maxDelayMs)\b[^;\n]*\*/,
  /\bretryAt: [\w.]*now \+/,
];

const filesThatDecide = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .filter((path) => {
      const text = readFileSync(join(ROOT, folder, path), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
      return DECIDES.some((pattern) => pattern.test(text));
    })
    .map((path) => `${folder}/${path}`)
    .sort();

it('is in src: what is there asks Temporal itself again, for which no workflow could wait', () => {
  expect(filesThatDecide('src')).toEqual([
    'src/services/temporal/schedules.ts',
    'src/services/temporal/workers.ts',
  ]);
  expect(filesThatDecide('workflows')).toEqual(['workflows/supervision/machine.ts']); // it finds what it looks for
});
