// The two that run a program: lua5.3, which is right by definition, and our engine.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Program } from '../../src/core/program.js';
import type { LuaEngine } from '../../src/lua/engine.js';
import { createInstance } from '../../src/lua/instance/instance.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import { standardGlobals, testHost } from '../support/instance.js';

/** Far more than any generated program takes. */
const MAX_INSTRUCTIONS = 200_000_000;
const MAX_MEMORY = 256 * 1024 * 1024;
const ORACLE_MS = 120_000;

/** What a program printed, and at the end `error: ...` or `syntax: ...` where it came to that. */
export type Output = string;

export const hasOracle = (): boolean => spawnSync('lua5.3', ['-v']).status === 0;

/** A process was not made, not fed or not awaited: the machine has too much to do. */
const BUSY: ReadonlySet<string> = new Set(['ETIMEDOUT', 'EPIPE', 'EAGAIN', 'ENOMEM']);

/** What oracle.lua ends with when it had to give up on a program; the ones after it have not run. */
const GAVE_UP = 3;

/** What runOracle says of a program that takes lua5.3 longer than the limit: on a busy machine, or inside of one C function. */
export const UNDECIDED = 'undecided';

export interface OracleOptions {
  /** Milliseconds for one process; the next try has four times as many. Default 120 000. */
  readonly limitMs?: number;
}

/** Runs programs in one lua5.3, or several where it gives up. */
export function runOracle(
  programs: readonly string[],
  { limitMs = ORACLE_MS }: OracleOptions = {},
): Output[] {
  const driver = fileURLToPath(new URL('oracle.lua', import.meta.url));
  const outputs: Output[] = [];
  let limit = limitMs;
  while (outputs.length < programs.length) {
    const rest = programs.slice(outputs.length);
    const input = rest.map((program) => `${program.length}\n${program}`).join('');
    const run = spawnSync('lua5.3', [driver], {
      input: Buffer.from(input, 'latin1'),
      timeout: limit,
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 30,
    });
    const isLate = BUSY.has((run.error as NodeJS.ErrnoException | undefined)?.code ?? '');
    const answers = answersIn((run.stdout as Buffer | null)?.toString('latin1') ?? '');
    if (run.status !== 0 && !isLate && (run.status !== GAVE_UP || answers.length === 0))
      throw new Error(`lua5.3 failed: ${run.error?.message ?? run.stderr.toString()}`);
    if (run.status === 0 && answers.length !== rest.length)
      throw new Error(`lua5.3 answered ${answers.length} of ${rest.length} programs`);
    // The first one has been tried before: it takes longer than the limit alone, where our budget may end it.
    if (limit > limitMs && (answers.length > 0 || isLate)) answers[0] = UNDECIDED;
    limit = isLate && answers.length === 0 ? limitMs * 4 : limitMs;
    outputs.push(...answers);
  }
  return outputs;
}

/** Whole answers: the last one may be cut. */
function answersIn(text: string): Output[] {
  const answers: Output[] = [];
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline + 1 + Number(text.slice(at, newline));
    if (newline < 0 || end > text.length) break;
    answers.push(text.slice(newline + 1, end));
    at = end;
  }
  return answers;
}

const lookup = moduleLookup([], standardGlobals);

const programOf = (source: string): Program => ({
  entry: 'fuzz:main',
  kind: 'function.lua',
  units: { 'fuzz:main': { id: 'fuzz:main', chunk: 'fuzz.lua', source, imports: {} } },
  budget: { instructions: MAX_INSTRUCTIONS, memory: MAX_MEMORY },
});

/** `turnInstructions`: the program pauses after so many. */
export function runEngine(engine: LuaEngine, source: string, turnInstructions = Infinity): Output {
  const printed: string[] = [];
  try {
    const compiled = engine.compile(programOf(source));
    if (!compiled.ok) {
      const { place, message } = compiled.diagnostics[0]!;
      return `syntax: ${place.file}:${place.line}: ${message}`;
    }
    const instance = createInstance(
      engine.load(compiled.artifact),
      testHost(printed, [], { turnInstructions }),
      lookup,
    );
    let step = instance.start([]);
    while (step.paused !== undefined) step = instance.goOn();
    const { outcome } = step;
    if (outcome === undefined) printed.push('main waits');
    else if (!outcome.ok) printed.push(`error: ${outcome.error.message}`);
  } catch (error) {
    printed.push(`host: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  return printed.join('\n');
}

/** Without what PUC leaves open: addresses, and the sign of NaN, which is the one that the processor gave it. */
const comparable = (output: Output): Output =>
  output
    .replaceAll('-nan', 'nan')
    .replace(/\b(table|function|thread|MyType): (?:builtin: )?\w+/g, '$1: address');

export const sameOutput = (oracle: Output, ours: Output): boolean =>
  oracle === 'late' || oracle === UNDECIDED || oracle === ours || comparable(oracle) === comparable(ours);
