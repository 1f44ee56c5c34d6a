// `npm run bench -- lua [--quick] [PROGRAM...]`: the compiled engine against other Luas, cold, each program in a fresh process.
// B1: rounds are interleaved, so that a busy machine slows everybody; a figure is the quotient of medians.
// B2: who gives another result than lua5.4 is not compared; if that is us, the run fails.
// B3: a rival that is not there is "not measured", and so is its target; a program that we cannot run is a target missed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { geometricMean, least, median, time } from './lua/measure.js';
import { benchPrograms, timedText } from './lua/programs.js';
import type { BenchProgram } from './lua/programs.js';
import { findRivals, OURS, REFERENCE, UNCOUNTED } from './lua/rivals.js';
import type { Rival } from './lua/rivals.js';

interface BenchResult {
  readonly bench: string;
  readonly machine: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly targets: Readonly<Record<string, string>>;
  readonly met: boolean;
}

/** No round begins after this. */
const LAST_ROUND_MS = 250_000;
const GEOMEANS: Readonly<Record<string, number>> = { [REFERENCE]: 2, 'gopher-lua': 8 };

const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const rounded = (value: number): number => Number(value.toPrecision(3));

/** Milliseconds of the cold and the warm run, by rival and program. */
class Times {
  readonly #cold = new Map<string, number[]>();
  readonly #warm = new Map<string, number[]>();
  readonly #results = new Map<string, string>();
  readonly #dropped = new Map<string, string>();

  add(rival: string, { name, runs }: BenchProgram, result: string, ms: readonly number[]): void {
    const key = `${rival}\n${name}`;
    this.#results.set(key, result);
    this.#cold.set(key, [...(this.#cold.get(key) ?? []), ms[0] ?? NaN]);
    if (runs > 1) this.#warm.set(key, [...(this.#warm.get(key) ?? []), ms.at(-1) ?? NaN]);
  }

  drop(rival: string, program: string, why: string): void {
    this.#dropped.set(`${rival}\n${program}`, why);
    this.#cold.delete(`${rival}\n${program}`);
  }

  dropped(rival: string, program: string): string | undefined {
    return this.#dropped.get(`${rival}\n${program}`);
  }

  result(rival: string, program: string): string | undefined {
    return this.#results.get(`${rival}\n${program}`);
  }

  cold(rival: string, program: string): number | undefined {
    const times = this.#cold.get(`${rival}\n${program}`);
    return times === undefined ? undefined : median(times);
  }

  warm(rival: string, program: string): number | undefined {
    const times = this.#warm.get(`${rival}\n${program}`);
    return times === undefined ? undefined : median(times);
  }

  /** How many times faster we are. */
  ratio(rival: string, program: string, which: 'cold' | 'warm' = 'cold'): number | undefined {
    const [theirs, ours] = [this[which](rival, program), this[which](OURS.name, program)];
    return theirs === undefined || ours === undefined ? undefined : theirs / ours;
  }
}

async function runRounds(
  programs: readonly BenchProgram[],
  rivals: readonly Rival[],
  quick: boolean,
  folder: string,
): Promise<Times> {
  const times = new Times();
  const started = performance.now();
  const files = new Map(programs.map((program) => [program.name, join(folder, `${program.name}.lua`)]));
  for (const program of programs) writeFileSync(files.get(program.name) ?? '', timedText(program), 'latin1');
  const roundsOf = ({ rounds }: Rival): number => rounds[quick ? 1 : 0];
  const most = Math.max(...rivals.map(roundsOf));
  for (let round = 1; round <= most; round++) {
    if (performance.now() - started > LAST_ROUND_MS) {
      tell(`no time for round ${round}`);
      break;
    }
    for (const program of programs) {
      for (const rival of rivals) {
        if (round > roundsOf(rival) || program.notFor.includes(rival.name.split(' ')[0] ?? '')) continue;
        if (times.dropped(rival.name, program.name) !== undefined) continue;
        const timing = await time(rival, files.get(program.name) ?? '');
        if (timing.ok) times.add(rival.name, program, timing.result, timing.ms);
        else if (rival.name === OURS.name) throw new Error(`${program.name} does not run: ${timing.why}`);
        else {
          times.drop(rival.name, program.name, timing.why);
          tell(`${program.name} on ${rival.name}: ${timing.why}`);
        }
      }
    }
    tell(`round ${round} of ${most} done after ${Math.round((performance.now() - started) / 1000)} s`);
  }
  return times;
}

/** Drops who disagrees with lua5.4; throws where that is us. */
function judgeResults(times: Times, programs: readonly BenchProgram[], rivals: readonly Rival[]): void {
  for (const { name } of programs) {
    const expected = times.result(REFERENCE, name) ?? times.result('lua5.3', name);
    if (expected === undefined) continue;
    for (const rival of rivals) {
      const result = times.result(rival.name, name);
      if (result === undefined || result === expected) continue;
      const what = `${name} gives '${result}' on ${rival.name} and '${expected}' on ${REFERENCE}`;
      if (rival.name === OURS.name)
        throw new Error(`results are not equal, so times are not compared: ${what}`);
      times.drop(rival.name, name, 'another result');
      tell(`not compared: ${what}`);
    }
  }
}

interface Report {
  readonly figures: Record<string, number>;
  readonly targets: Record<string, string>;
  readonly missed: string[];
  readonly notMeasured: string[];
}

function require(
  report: Report,
  key: string,
  value: number | undefined,
  sign: '>=' | '<',
  bound: number,
  unit = '',
): void {
  report.targets[key] = `${sign} ${bound}${unit}`;
  if (value === undefined || Number.isNaN(value)) {
    report.targets[key] = `${sign} ${bound}${unit}, not measured`;
    report.figures[key] = NaN;
    report.notMeasured.push(key);
    return;
  }
  report.figures[key] = rounded(value);
  if (sign === '>=' ? value < bound : value >= bound) report.missed.push(key);
}

function reportPrograms(
  report: Report,
  times: Times,
  programs: readonly BenchProgram[],
  rivals: readonly string[],
): void {
  const costs = programs.flatMap(({ name }) => {
    const speed = times.ratio(UNCOUNTED.name, name);
    return speed === undefined ? [] : [1 / speed];
  });
  require(report, 'geometric mean: ours / ours without budgets', costs.length === 0
    ? undefined
    : geometricMean(costs), '<', 1.15);
  for (const rival of rivals) {
    if (rival === UNCOUNTED.name) continue;
    const ratios = programs.flatMap(({ name }) => times.ratio(rival, name) ?? []);
    const key = `geometric mean: ${rival} / ours`;
    const value = ratios.length === 0 ? undefined : geometricMean(ratios);
    const bound = GEOMEANS[rival];
    if (bound !== undefined) require(report, key, value, '>=', bound);
    else if (value !== undefined) report.figures[key] = rounded(value);
  }
  for (const { name, least } of programs) {
    require(report, `${name}: ${REFERENCE} / ours`, times.ratio(REFERENCE, name), '>=', least.cold);
    if (least.warm !== undefined)
      require(report, `${name}, warm: ${REFERENCE} / ours`, times.ratio(
        REFERENCE,
        name,
        'warm',
      ), '>=', least.warm);
  }
  for (const { name } of programs)
    for (const rival of [OURS.name, ...rivals]) {
      const ms = times.cold(rival, name);
      if (ms !== undefined) report.figures[`${name}, ms: ${rival}`] = rounded(ms);
    }
}

interface Spread {
  readonly least: number;
  readonly median: number;
}

interface StartUp {
  readonly cold: Spread;
  readonly warm: Spread;
  readonly artifact: Spread;
  readonly small: { readonly us: Spread; readonly bytes: number };
  readonly large: { readonly us: Spread; readonly bytes: number };
}

/** What start-up.ts tells of one process. */
type Warm = Omit<StartUp, 'cold'>;

function measureStartUp(quick: boolean): StartUp {
  const script = fileURLToPath(new URL('lua/start-up.js', import.meta.url));
  const run = (what: string): unknown =>
    JSON.parse(execFileSync(process.execPath, ['--expose-gc', script, what], { encoding: 'utf8' }));
  const colds = Array.from({ length: quick ? 7 : 21 }, () => (run('cold') as { cold: number }).cold);
  const warm = Array.from({ length: quick ? 1 : 3 }, () => run('warm') as Warm);
  const times = (of: (one: Warm) => Spread): Spread => ({
    least: least(warm.map((one) => of(one).least)),
    median: median(warm.map((one) => of(one).median)),
  });
  const bytes = (of: (one: Warm) => number): number => median(warm.map(of));
  return {
    cold: { least: least(colds), median: median(colds) },
    warm: times((one) => one.warm),
    artifact: times((one) => one.artifact),
    small: { us: times(({ small }) => small.us), bytes: bytes(({ small }) => small.bytes) },
    large: { us: times(({ large }) => large.us), bytes: bytes(({ large }) => large.bytes) },
  };
}

function reportStartUp(report: Report, { cold, warm, artifact, small, large }: StartUp): void {
  const timed = (key: string, times: Spread, bound: number): void => {
    require(report, key, times.least, '<', bound);
    report.figures[`${key} (median)`] = rounded(times.median);
  };
  timed('350 lines to a callable function, warm, ms', warm, 10);
  timed('350 lines to a callable function, cold, ms', cold, 25);
  timed('350 lines from the artifact cache, ms', artifact, 1);
  timed('instance of 20 lines, us', small.us, 10);
  require(report, 'instance of 20 lines, KB', small.bytes / 1024, '<', 3);
  timed('instance of 350 lines, us', large.us, 100);
  require(report, 'instance of 350 lines, KB', large.bytes / 1024, '<', 8);
}

export async function bench({ args }: { json: boolean; args: readonly string[] }): Promise<BenchResult> {
  const quick = args.includes('--quick');
  const wanted = args.filter((word) => !word.startsWith('--'));
  const programs = benchPrograms().filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const rivals: Rival[] = [];
  for (const rival of findRivals(tell))
    if ('why' in rival) tell(`${rival.name} is not measured: ${rival.why}`);
    else rivals.push(rival);
  const report: Report = { figures: {}, targets: {}, missed: [], notMeasured: [] };
  if (wanted.length === 0) reportStartUp(report, measureStartUp(quick));
  const folder = mkdtempSync(join(tmpdir(), 'moontide-bench-'));
  try {
    const times = await runRounds(programs, rivals, quick, folder);
    judgeResults(times, programs, rivals);
    const others = [...Object.keys(GEOMEANS), ...rivals.map(({ name }) => name)].filter(
      (name) => name !== OURS.name,
    );
    reportPrograms(report, times, programs, [...new Set(others)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const key of report.missed)
    tell(`missed: ${key} is ${report.figures[key]}, target ${report.targets[key]}`);
  for (const key of report.notMeasured) tell(`not measured: ${key}`);
  const [cpu] = cpus();
  return {
    bench: 'lua',
    machine: `${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`,
    figures: report.figures,
    targets: report.targets,
    met: report.missed.length === 0,
  };
}
