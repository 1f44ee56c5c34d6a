// Runs a function of about 90 KB of bytecode again and again: `long-function.ts allow|leave`. Says `optimized` as soon as V8 has
// optimized it, or `not optimized` after far more time than that takes.
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { allowLongFunctions } from '../../src/lua/compiled/long-functions-host.js';

setFlagsFromString('--allow-natives-syntax');
const statusOf = runInThisContext('(function(f){return %GetOptimizationStatus(f)})') as (
  f: unknown,
) => number;
/** The bit of the status that says: by Turbofan. (Maglev, which Node 24 has too, takes longer functions and makes slower code.) */
const OPTIMIZED = 1 << 6;

const statements = Array.from({ length: 6000 }, (_, at) => `a=(a+${at})&65535;`).join('\n');
const text = `short=()=>1;\nfunction long(a){${statements}\nreturn a}return long`;
if (process.argv[2] === 'allow')
  allowLongFunctions({
    text,
    map: {
      lines: [],
      operands: [],
      functions: [
        [1, 'short'],
        [2, 'long'],
      ],
    },
  });
const long = runInThisContext(`(function(){let short;${text}})()`) as (a: number) => number;
const until = performance.now() + (process.argv[2] === 'allow' ? 60_000 : 5000);
const isOptimized = (): boolean => (statusOf(long) & OPTIMIZED) !== 0;
while (!isOptimized() && performance.now() < until) {
  for (let count = 0; count < 100; count++) long(count);
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(isOptimized() ? 'optimized\n' : 'not optimized\n');
process.exit(0);
