// `npm run fuzz -- lua [--count N] [--seed N] [--most N]`: random programs against lua5.3, and random bytes into the parser.
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { describe, findDifferences } from './differences.js';
import { hasOracle } from './judges.js';
import { fuzzParser } from './parser-fuzz.js';

function option(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(args[at + 1]);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} takes a whole number`);
  return value;
}

const write = (line: string): void => void process.stdout.write(`${line}\n`);

/** The exit code. */
export function main(args: readonly string[]): number {
  const count = option(args, 'count', 2000);
  const seed = option(args, 'seed', 1);
  const most = option(args, 'most', 20);
  const started = performance.now();
  const complaints = fuzzParser({ seed, count });
  for (const complaint of complaints) write(complaint);
  write(`parser: ${count} inputs from seed ${seed}, ${complaints.length} complaints`);
  if (!hasOracle()) {
    write('lua5.3 is not installed: programs are not compared');
    return complaints.length === 0 ? 0 : 1;
  }
  let last = performance.now();
  const undecided: number[] = [];
  const differences = findDifferences({
    engine: compiledEngine,
    seed,
    count,
    most,
    undecided: (own) => void undecided.push(own),
    report: (difference) => write(`\n${describe(difference)}`), // at once: a long search may end early
    progress: (done, found) => {
      if (performance.now() - last < 5000 && done < count) return;
      last = performance.now();
      const rate = Math.round((done * 1000) / (last - started));
      process.stderr.write(`${done} of ${count} programs, ${found} differences, ${rate} a second\n`);
    },
  });
  for (const { seed: own, count: like } of differences)
    if (like > 1) write(`like seed ${own}: ${like - 1} more`);
  if (undecided.length > 0) write(`undecided, since lua5.3 took too long: seeds ${undecided.join(', ')}`);
  write(`programs: ${count} from seed ${seed}, ${differences.length} kinds of differences`);
  return complaints.length + differences.length === 0 ? 0 : 1;
}
