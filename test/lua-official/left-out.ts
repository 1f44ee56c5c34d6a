// What of the official suite is not run, and why: left-out.json, applied to the text of a test file.
// L1: lines keep their numbers: what goes leaves empty lines behind.
// L2: an entry that does not find its text is an error, so that none outlives what it was for.
import { readFileSync } from 'node:fs';

export interface LeftOut {
  readonly file: string;
  /** First and last line; absent: the whole file. */
  readonly lines?: readonly [number, number];
  /** How the first line begins, without its indentation. */
  readonly starts?: string;
  /** What stands in place of the lines; by default nothing. */
  readonly instead?: string;
  readonly reason: string;
  /** It cannot hold with `moontide lua` either. */
  readonly always?: boolean;
}

export const leftOut: readonly LeftOut[] = JSON.parse(
  readFileSync(new URL('left-out.json', import.meta.url), 'utf8'),
) as readonly LeftOut[];

export interface Cut {
  readonly text: string;
  /** Checks in what was cut, counted in the text. */
  readonly checks: number;
}

const CHECKS = /\b(?:assert|check\w*|lineerror|testrep|test)\s*[({"[]/g;
const countChecks = (text: string): number => text.match(CHECKS)?.length ?? 0;

export function cut(file: string, text: string, entries: readonly LeftOut[]): Cut {
  const lines = text.split('\n');
  let checks = 0;
  for (const { lines: range, starts = '', instead = '' } of entries.filter((entry) => entry.file === file)) {
    if (range === undefined) throw new Error(`left-out.json: ${file} is left out whole; it is not to be cut`);
    const [first, last] = range;
    const found = lines[first - 1]?.trimStart() ?? '';
    if (!found.startsWith(starts))
      throw new Error(`left-out.json: line ${first} of ${file} is '${found}', not '${starts}'`);
    const gone = lines.slice(first - 1, last);
    const replacement = instead.split('\n');
    if (replacement.length > gone.length)
      throw new Error(`left-out.json: ${file}:${first} is replaced by more lines than it has`);
    checks += countChecks(gone.join('\n')) - countChecks(instead);
    for (let at = 0; at < gone.length; at++) lines[first - 1 + at] = replacement[at] ?? '';
  }
  return { text: lines.join('\n'), checks };
}
