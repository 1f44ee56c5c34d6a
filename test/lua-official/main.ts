// `npm run test:lua-official [file...] [--oracle | --standalone]`: the official suite as a table.
import { fetchSuite } from './suite-source.js';
import { leftOut } from './left-out.js';
import type { LeftOut } from './left-out.js';
import { runWithOracle } from './oracle.js';
import { FILES, runFile } from './run-file.js';
import type { ChunkRunner, FileResult } from './run-file.js';

const write = (line: string): void => void process.stdout.write(`${line}\n`);

function row(result: FileResult): string {
  const { file, run, leftOut: cut, seconds, ok } = result;
  const cells = [
    file.padEnd(16),
    String(run).padStart(9),
    String(cut).padStart(9),
    seconds.toFixed(1).padStart(8),
  ];
  return `${cells.join('  ')}  ${ok ? 'passed' : 'FAILED'}`;
}

function tellLeftOut(entries: readonly LeftOut[]): void {
  write('\nleft out:');
  for (const { file, lines, reason } of entries) {
    const place = lines === undefined ? file : `${file}:${lines[0]}-${lines[1]}`;
    write(`  ${place.padEnd(24)}  ${reason}`);
  }
}

/** The exit code. */
export function main(args: readonly string[], ownEngine: ChunkRunner, standalone: ChunkRunner): number {
  const wanted = args
    .filter((word) => !word.startsWith('--'))
    .map((word) => word.replace(/([.]lua)?$/, '.lua'));
  const isWhole = args.includes('--standalone');
  const run = args.includes('--oracle') ? runWithOracle : isWhole ? standalone : ownEngine;
  const without = isWhole ? leftOut.filter(({ always }) => always === true) : leftOut;
  const files: readonly string[] = wanted.length > 0 ? wanted : FILES;
  const folder = fetchSuite((line) => void process.stderr.write(`${line}\n`));
  write(`${'file'.padEnd(16)}  assertions  left out  seconds  result`);
  const results = files.map((file) => {
    const result = runFile(folder, file, run, without);
    write(row(result));
    if (!result.ok) write(result.message.replace(/^/gm, '    '));
    return result;
  });
  if (wanted.length === 0) tellLeftOut(without);
  const failed = results.filter((result) => !result.ok);
  const assertions = results.reduce((sum, result) => sum + result.run, 0);
  write(`\n${results.length - failed.length} of ${results.length} files passed, ${assertions} assertions`);
  return failed.length === 0 ? 0 : 1;
}
