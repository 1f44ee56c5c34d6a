// The programs of `npm run bench -- lua`: files under programs/, and dense functions made here.
// P1: a program is a chunk that returns a function; that does the work once and gives a text of what came out.
// P2: it is Lua 5.1 and 5.3 at once and gives the same text on both, unless it says `-- not for: ...`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface BenchProgram {
  readonly name: string;
  readonly text: string;
  /** Rivals that cannot run it. */
  readonly notFor: readonly string[];
  /** Runs in one process: the first is the cold one, the last the warm one. */
  readonly runs: number;
  /** Our speed against lua5.4 that is promised, cold and warm. */
  readonly least: { readonly cold: number; readonly warm?: number };
}

const USUAL = 0.7;
const LEAST: Readonly<Record<string, BenchProgram['least']>> = {
  hash64: { cold: 0.4 },
  dense100: { cold: 0.3, warm: 0.8 },
  dense200: { cold: 0.3, warm: 0.8 },
};

/** From dist/bench/lua or bench/lua. */
function programsFolder(): string {
  const here = import.meta.dirname;
  return join(here.replace(/([/\\])dist[/\\]bench([/\\]lua)$/, '$1bench$2'), 'programs');
}

const DENSE_LINES = [
  'a = (a * 3 + b - i) % 65521 b = b + a - c % 7',
  'x = x * 0.5 + y * 0.25 - z y = y * 0.75 + x * 0.125 + 1.5',
  't.p = t.p + a - b % 13 t.q = t.q * 0.5 + x * 0.25',
  'c = c + (a - b) * 2 % 1021 a = a + c % 5 - 1',
  'z = z * 0.25 + (x - y) * 0.5 x = x + z * 0.0625 - 0.5',
  'b = (b + a * 7 - c) % 32749 c = (c * 5 + i) % 4093',
] as const;
/** Lines that each dense program runs. */
const DENSE_WORK = 4_000_000;

function dense(lines: number): string {
  const body = Array.from({ length: lines }, (_, at) => DENSE_LINES[at % DENSE_LINES.length]).join('\n    ');
  return `local function work(passes)
  local a, b, c, x, y, z = 1, 2, 3, 1.5, 2.5, 3.5
  local t = { p = 1, q = 0.5 }
  for i = 1, passes do
    ${body}
  end
  return string.format('%d %d %d %.6f %.6f %.6f %d %.6f', a, b, c, x, y, z, t.p, t.q)
end
return function() return work(${Math.round(DENSE_WORK / lines)}) end
`;
}

function program(name: string, text: string): BenchProgram {
  const notFor = /^-- not for: (.*)$/m.exec(text)?.[1]?.split(', ') ?? [];
  const least = LEAST[name] ?? { cold: USUAL };
  return { name, text, notFor, least, runs: least.warm === undefined ? 1 : 3 };
}

export function benchPrograms(): BenchProgram[] {
  const folder = programsFolder();
  const files = readdirSync(folder).filter((file) => file.endsWith('.lua'));
  return [
    ...files.sort().map((file) => program(file.slice(0, -4), readFileSync(join(folder, file), 'latin1'))),
    ...[25, 50, 100, 200].map((lines) => program(`dense${lines}`, dense(lines))),
  ];
}

/** The whole text that every rival runs: it writes `begin` before a run and `end` with the result after it. */
export const timedText = ({ text, runs }: BenchProgram): string => `local function chunk(...)
${text}
end
if io then io.stdout:setvbuf('no') end
local run = chunk()
for _ = 1, ${runs} do
  print('begin')
  local result = run()
  print('end ' .. result)
end
`;
