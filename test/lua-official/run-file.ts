// Runs one file of the official suite and says what came of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cut, leftOut } from './left-out.js';
import type { LeftOut } from './left-out.js';

/** The files that are run, in the order of the suite; the others are left out whole. */
export const FILES = [
  'strings.lua',
  'math.lua',
  'pm.lua',
  'sort.lua',
  'vararg.lua',
  'tpack.lua',
  'utf8.lua',
  'bitwise.lua',
  'literals.lua',
  'locals.lua',
  'constructs.lua',
  'calls.lua',
  'closure.lua',
  'goto.lua',
  'events.lua',
  'errors.lua',
  'nextvar.lua',
  'coroutine.lua',
] as const;

/** Files with nothing left out. */
export const WHOLE = FILES.filter((file) => !leftOut.some((entry) => entry.file === file));

export interface FileResult {
  readonly file: string;
  readonly ok: boolean;
  /** Assertions that were run. */
  readonly run: number;
  /** Checks that were cut. */
  readonly leftOut: number;
  readonly seconds: number;
  readonly message: string;
}

/** Runs a chunk of this name and text after the prelude; gives the lines it prints. */
export type ChunkRunner = (name: string, source: string, counting: boolean) => readonly string[];

interface Ending {
  readonly ok: boolean;
  readonly run: number;
  readonly message: string;
}

/** What the prelude's last line says. */
function ending(run: () => readonly string[]): Ending {
  let printed: readonly string[];
  try {
    printed = run();
  } catch (error) {
    return {
      ok: false,
      run: 0,
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  const at = printed.findLastIndex((line) => line.startsWith('##\t'));
  if (at < 0) return { ok: false, run: 0, message: ['ended early', ...printed.slice(-5)].join('\n') };
  const [, ok, count, ...message] = printed.slice(at).join('\n').split('\t');
  return { ok: ok === 'true', run: Number(count), message: message.join('\t') };
}

export function runFile(
  folder: string,
  file: string,
  run: ChunkRunner,
  without: readonly LeftOut[] = leftOut,
): FileResult {
  const { text, checks } = cut(file, readFileSync(join(folder, file), 'latin1'), without);
  const started = performance.now();
  const { ok, message } = ending(() => run(file, text, false));
  const seconds = (performance.now() - started) / 1000;
  const counted = ending(() => run(file, text, true));
  return {
    file,
    ok,
    run: counted.run,
    leftOut: checks,
    seconds,
    message: ok ? '' : `${message}\n(${counted.message})`,
  };
}
