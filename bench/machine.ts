// What every benchmark says about itself.
import { cpus, totalmem } from 'node:os';

export interface BenchOptions {
  readonly json: boolean;
  readonly args: readonly string[];
}

/** `targets` name figures: `>= 0.9`, `<= 1.2`. `met` is whether all of them hold. */
export interface BenchResult {
  readonly bench: string;
  readonly machine: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly targets: Readonly<Record<string, string>>;
  readonly met: boolean;
}

export const machine = (): string =>
  `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const round = (value: number, digits = 3): number => Number(value.toPrecision(digits));

export function holds(value: number | undefined, target: string): boolean {
  const [operator, limit] = target.split(' ');
  if (value === undefined || Number.isNaN(value)) return false;
  return operator === '>=' ? value >= Number(limit) : value <= Number(limit);
}

export function result(
  bench: string,
  figures: Readonly<Record<string, number>>,
  targets: Readonly<Record<string, string>>,
): BenchResult {
  const met = Object.entries(targets).every(([name, target]) => holds(figures[name], target));
  return { bench, machine: machine(), figures, targets, met };
}
