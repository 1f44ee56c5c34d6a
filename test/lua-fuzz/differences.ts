// Finds programs whose output differs from lua5.3's, and cuts them down to what the difference needs.
import type { LuaEngine } from '../../src/lua/engine.js';
import { chunkOf, generate } from './generator.js';
import { runEngine, runOracle, sameOutput, UNDECIDED } from './judges.js';
import type { Output } from './judges.js';
import { smaller, textOf } from './tree.js';
import type { Statement } from './tree.js';

export interface Difference {
  readonly seed: number;
  /** How many programs differ in the same way. */
  count: number;
  /** Without the helpers' line. */
  readonly text: string;
  readonly expected: Output;
  readonly got: Output;
}

/** Programs of one process of lua5.3. */
const BATCH = 250;
const MAX_SHRINK_ROUNDS = 60;
const SHRINK_BATCH = 200;

export interface Search {
  readonly engine: LuaEngine;
  /** Program `n` has seed `seed + n`. */
  readonly seed: number;
  readonly count: number;
  /** Stops after so many kinds of differences. */
  readonly most: number;
  /** lua5.3 did not answer in time, so nothing is known of this program. */
  readonly undecided?: (seed: number) => void;
  /** The first of its kind. */
  readonly report?: (difference: Difference) => void;
  readonly progress?: (done: number, found: number) => void;
}

/** The first difference of each kind. */
export function findDifferences({
  engine,
  seed,
  count,
  most,
  undecided,
  report,
  progress,
}: Search): Difference[] {
  const found = new Map<string, Difference>();
  for (let done = 0; done < count && found.size < most;) {
    const size = Math.min(BATCH, count - done);
    const programs = Array.from({ length: size }, (_, at) => generate(seed + done + at));
    const outputs = runOracle(programs.map(({ statements }) => chunkOf(statements)));
    for (const [at, { seed: own, statements }] of programs.entries()) {
      const expected = outputs[at] ?? '';
      if (expected === UNDECIDED) {
        undecided?.(own);
        continue;
      }
      const got = runEngine(engine, chunkOf(statements));
      if (sameOutput(expected, got)) continue;
      const kind = kindOf(expected, got);
      const known = found.get(kind);
      if (known !== undefined) known.count += 1;
      else if (found.size < most) {
        const difference = { seed: own, count: 1, ...shrink(engine, { statements, expected, got }, kind) };
        found.set(kind, difference);
        report?.(difference);
      }
    }
    done += size;
    progress?.(done, found.size);
  }
  return [...found.values()];
}

/** The first line that differs, in both. */
function firstDifference(
  expected: Output,
  got: Output,
): readonly [line: number, expected: string, got: string] {
  const [wanted, ours] = [expected.split('\n'), got.split('\n')];
  const at = wanted.findIndex((line, index) => !sameOutput(line, ours[index] ?? '\0'));
  const from = at < 0 ? wanted.length : at;
  return [from + 1, wanted[from] ?? '(nothing)', ours[from] ?? '(nothing)'];
}

/** Differences that look alike have the same kind. */
function kindOf(expected: Output, got: Output): string {
  const [, wanted, ours] = firstDifference(expected, got);
  const bare = (line: string): string =>
    line
      .replace(/'[^']*'/g, "'_'")
      .replace(/-?\d+([.]\d+)?/g, '#')
      .slice(0, 120);
  return `${bare(wanted)}\n${bare(ours)}`;
}

interface Case {
  readonly statements: readonly Statement[];
  readonly expected: Output;
  readonly got: Output;
}

function shrink(engine: LuaEngine, start: Case, kind: string): Omit<Difference, 'seed' | 'count'> {
  let best = start;
  for (let round = 0; round < MAX_SHRINK_ROUNDS; round++) {
    const less = firstSmaller(engine, best.statements, kind);
    if (less === undefined) break;
    best = less;
  }
  return { text: textOf(best.statements), expected: best.expected, got: best.got };
}

/** The first smaller program that still differs in this way. */
function firstSmaller(engine: LuaEngine, statements: readonly Statement[], kind: string): Case | undefined {
  const candidates = smaller(statements);
  for (;;) {
    const batch: (readonly Statement[])[] = [];
    for (const candidate of candidates) if (batch.push(candidate) >= SHRINK_BATCH) break;
    if (batch.length === 0) return undefined;
    const expected = runOracle(batch.map(chunkOf));
    for (const [at, candidate] of batch.entries()) {
      const wanted = expected[at] ?? '';
      // A program that is no longer one tells nothing.
      if (wanted === 'late' || wanted === UNDECIDED || wanted.includes('syntax: ')) continue;
      const got = runEngine(engine, chunkOf(candidate));
      if (!sameOutput(wanted, got) && kindOf(wanted, got) === kind)
        return { statements: candidate, expected: wanted, got };
    }
    if (batch.length < SHRINK_BATCH) return undefined;
  }
}

/** The first lines that differ, with the program. */
export function describe({ seed, count, text, expected, got }: Difference): string {
  const [line, wanted, ours] = firstDifference(expected, got);
  return [
    `seed ${seed}${count > 1 ? ` and ${count - 1} more` : ''}: line ${line} of the output`,
    `  lua5.3: ${wanted}`,
    `  ours:   ${ours}${ours.startsWith('host: ') ? got.slice(got.indexOf(ours) + ours.length) : ''}`,
    text.replace(/^/gm, '    '),
  ].join('\n');
}
