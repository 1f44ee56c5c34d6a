// Random bytes and mutated programs into the front end and the compiler: a tree or diagnostics, soon, and never an exception.
import { compileUnit } from '../../src/lua/compiled/unit.js';
import { parseChunk } from '../../src/lua/front/parse.js';
import { chunkOf, generate } from './generator.js';
import { Random } from './random.js';

/** Nothing that is generated here is as long as to take more, on a slow machine either. */
const MAX_MS = 5000;
const MAX_BYTES = 4000;

/** What a mutation may put in. */
const PIECES = [
  'and',
  'break',
  'do',
  'else',
  'elseif',
  'end',
  'false',
  'for',
  'function',
  'goto',
  'if',
  'in',
  'local',
  'nil',
  'not',
  'or',
  'repeat',
  'return',
  'then',
  'true',
  'until',
  'while',
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '^',
  '#',
  '&',
  '~',
  '|',
  '<<',
  '>>',
  '==',
  '~=',
  '<=',
  '>=',
  '<',
  '>',
  '=',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  '::',
  ';',
  ':',
  ',',
  '.',
  '..',
  '...',
  '[[',
  ']]',
  '[==[',
  ']==]',
  '--',
  '--[[',
  "'",
  '"',
  '\\',
  '\\x',
  '\\u{',
  '\\z',
  '\n',
  '\r',
  '\0',
  '\xff',
  '0x',
  '1e',
  '0x1p',
  '9e99999',
  'x',
  '::x::',
  'goto x',
  '<const>',
  '<close>',
  'type',
  'export type',
  ': number',
  '?',
  '->',
  '& {',
  'as',
  'continue',
  '+=',
  '`',
  '$',
  '@',
  '!',
  '#!',
] as const;

function randomBytes(random: Random): string {
  const length = random.below(random.chance(80) ? 60 : 400);
  const plain = random.chance(60);
  return Array.from({ length }, () =>
    String.fromCharCode(plain ? random.between(9, 126) : random.below(256)),
  ).join('');
}

const randomPieces = (random: Random): string =>
  Array.from({ length: random.between(1, 40) }, () => random.pick(PIECES)).join(
    random.pick(['', ' ', ' ', '\n']),
  );

/** Deep nesting, which must end in an error and not in an overflow. */
function nested(random: Random): string {
  const depth = random.pick([10, 190, 250, 3000, 100_000]);
  const [open, middle, close] = random.pick([
    ['(', '1', ')'],
    ['{', '1', '}'],
    ['function() return ', '1', ' end'],
    ['-', '1', ''],
    ['not ', '1', ''],
    ['a.', 'b', ''],
    ['f(', '', ')'],
    ['1 .. ', '1', ''],
    ['2 ^ ', '2', ''],
    ['do ', '', ' end'],
    ['if x then ', '', ' end'],
    ['while x do ', '', ' end'],
    ['repeat ', '', ' until x'],
    ['a[', '1', ']'],
    ['(x).', 'y', ''],
    ['x:y', '()', ''],
    ['1 + ', '1', ''],
    ['else', '', ''],
  ] as const);
  const body = open.repeat(depth) + middle + close.repeat(depth);
  return /^(do|if|while|repeat)/.test(open) ? body : `return ${body}`;
}

function mutate(text: string, random: Random): string {
  let mutated = text.slice(text.indexOf('\n') + 1);
  const start = random.below(Math.max(1, mutated.length - MAX_BYTES / 2));
  if (random.chance(60)) mutated = mutated.slice(start, start + random.between(10, MAX_BYTES / 2));
  for (let count = random.between(1, 6); count > 0; count--) {
    const at = random.below(mutated.length + 1);
    const to = Math.min(mutated.length, at + random.below(random.chance(70) ? 6 : 80));
    mutated = random.weighted<() => string>([
      [3, () => mutated.slice(0, at) + mutated.slice(to)],
      [4, () => mutated.slice(0, at) + random.pick(PIECES) + mutated.slice(at)],
      [2, () => mutated.slice(0, at) + random.pick(PIECES) + mutated.slice(to)],
      [2, () => mutated.slice(0, at) + mutated.slice(at, to) + mutated.slice(at)],
      [1, () => mutated.slice(0, at) + String.fromCharCode(random.below(256)) + mutated.slice(at + 1)],
      [1, () => mutated.slice(0, at)],
    ])();
  }
  return mutated;
}

export function brokenSource(seed: number): string {
  const random = new Random(seed ^ 0x5bd1e995);
  return random.weighted<() => string>([
    [3, () => randomBytes(random)],
    [3, () => randomPieces(random)],
    [12, () => mutate(chunkOf(generate(seed).statements), random)],
    [1, () => (random.below(10) === 0 ? nested(random) : randomPieces(random))],
  ])();
}

/** What went wrong with these inputs; empty: nothing. */
export function fuzzParser({ seed, count }: { readonly seed: number; readonly count: number }): string[] {
  const complaints: string[] = [];
  for (let at = 0; at < count; at++) {
    const source = brokenSource(seed + at);
    const complain = (what: string): void =>
      void complaints.push(`seed ${seed + at}: ${what}: ${JSON.stringify(source.slice(0, 300))}`);
    const started = process.cpuUsage();
    try {
      const parsed = parseChunk(source, 'broken.lua');
      if (parsed.ok) compileUnit(parsed.chunk, source);
      else if (parsed.diagnostics.length === 0) complain('neither a tree nor a diagnostic');
    } catch (error) {
      complain(error instanceof Error ? (error.stack ?? error.message).slice(0, 600) : String(error));
    }
    const { user, system } = process.cpuUsage(started); // other processes' time is not ours
    const took = (user + system) / 1000;
    if (took > MAX_MS) complain(`took ${Math.round(took)} ms`);
  }
  return complaints;
}
