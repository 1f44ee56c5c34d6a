// Times a program in a fresh process, the same way for everybody: wall time, seen from outside, between the lines `begin`
// and `end` that the program writes around its work. Start of the process and parsing are not in it; warming up is.
import { spawn } from 'node:child_process';
import type { Rival } from './rivals.js';

export type Timing =
  | {
      readonly ok: true;
      readonly result: string;
      /** Each run of the process. */ readonly ms: readonly number[];
    }
  | { readonly ok: false; readonly why: string };

export function time(rival: Rival, file: string): Promise<Timing> {
  const [command = '', ...words] = rival.command(file);
  return new Promise((resolve) => {
    const process_ = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    let rest = '';
    let begun = 0;
    let result = '';
    const ms: number[] = [];
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      process_.kill('SIGKILL');
    }, rival.limitMs);
    process_.stderr.setEncoding('latin1').on('data', (text: string) => void (errors += text));
    process_.stdout.setEncoding('latin1').on('data', (text: string) => {
      const now = performance.now();
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines)
        if (line === 'begin') begun = now;
        else if (line.startsWith('end ')) {
          ms.push(now - begun);
          result = line.slice('end '.length);
        }
    });
    process_.on('error', (error) => {
      clearTimeout(limit);
      resolve({ ok: false, why: error.message });
    });
    process_.on('close', (code) => {
      clearTimeout(limit);
      if (code === 0 && ms.length > 0) resolve({ ok: true, result, ms });
      else
        resolve({
          ok: false,
          why: late ? `longer than ${rival.limitMs / 1000} s` : errors.trim().slice(0, 500),
        });
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

export const least = (values: readonly number[]): number => Math.min(...values);

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
