// V8 never optimizes a function of more than 60 KB of bytecode, which is a Lua function of some 150 dense lines; its code is
// then 5 to 10 times slower for ever. This raises that limit for a process in which such a function turns up.
// O1: not before: a flag that has changed makes V8 refuse the code that Node keeps of its own modules (10 ms for the usual ones).
// O2: not without end: optimizing takes time and memory by the square of the length (Node 20: 107 KB of bytecode 3 s and
//     100 MB beside the program, 430 KB 100 s and 2.6 GB). What is longer than the new limit stays as it was.
// O3: flags are of the process, so worker threads, whose sealed code cannot set them, get this one too.
import { setFlagsFromString } from 'node:v8';
import type { CompiledUnit } from './unit.js';

/** Bytes of bytecode. */
const MAX_OPTIMIZED = 131_072;
/** Characters of JavaScript; they become about three quarters as many bytes of bytecode. */
const LONG = 60_000;

let isRaised = false;

/** Raises the limit if the unit has a function that needs it. Cheap for all others. */
export function allowLongFunctions({ text, map }: Pick<CompiledUnit, 'text' | 'map'>): void {
  if (isRaised || text.length <= LONG || longestFunction(text, map.functions) <= LONG) return;
  isRaised = true;
  setFlagsFromString(`--max-optimized-bytecode-size=${MAX_OPTIMIZED}`);
}

/** Characters; `functions` are [first line, title], lines count from 1. */
function longestFunction(text: string, functions: readonly (readonly [number, string])[]): number {
  let longest = 0;
  let line = 1;
  let at = 0;
  let begin = 0;
  for (const [firstLine] of functions) {
    for (; line < firstLine; line++) at = text.indexOf('\n', at) + 1;
    longest = Math.max(longest, at - begin);
    begin = at;
  }
  return Math.max(longest, text.length - begin);
}
