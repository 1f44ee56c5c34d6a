// `npm run bench -- modules`: module functions called from Lua, against the same library called from plain TypeScript.
// B1: both sides do the same number of calls on the same input in one process; rounds are interleaved, a figure is the quotient
//     of medians (1 is as fast as TypeScript). `json native` has no target: JSON.parse makes no Lua tables.
// Arguments: `--rounds N` (default 15), `--only TEXT` (cases whose name has it).
import { createHash } from 'node:crypto';
import { RE2JS } from 're2js';
import type { Command } from '../src/core/command.js';
import { dataObject } from '../src/core/data.js';
import type { Data, DataObject } from '../src/core/data.js';
import { toBytes, toText } from '../src/core/text.js';
import { decodeWire, encodeWire } from '../src/core/wire.js';
import { compiledEngine } from '../src/lua/compiled/engine.js';
import { createInstance } from '../src/lua/instance/instance.js';
import { moduleLookup } from '../src/lua/instance/modules.js';
import type { InstanceHost } from '../src/lua/instance-context.js';
import { declaredModules, globalModules } from '../src/modules/index.js';
import { USUAL_DELIMITERS } from '../src/modules/templates/lexer.js';
import { TemplateSet, USUAL_EXTENSIONS } from '../src/modules/templates/template-set.js';
import { UTC } from '../src/modules/time/calendar.js';
import { formatTime, parseTime } from '../src/modules/time/layout.js';
import { nativeSupport } from '../src/runtime/native-support.js';
import { median, result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';

interface Case {
  readonly name: string;
  /** Lua that makes `run`, a function of a count; `input` is the case's input. */
  readonly lua: string;
  readonly input: string;
  /** The same in TypeScript. */
  readonly peer: (input: string) => (count: number) => void;
  /** Answers commands, where the Lua asks. */
  readonly answer?: (command: Command) => Data;
  /** Calls a round. */
  readonly count: number;
  readonly target?: string;
}

const TARGET = '>= 0.7';
const row = {
  id: 'o-1',
  name: 'A mug with a moon',
  price: 12.5,
  quantity: 2,
  tags: ['new', 'blue'],
  open: true,
};
const jsonOf = (rows: number): string =>
  JSON.stringify(Array.from({ length: rows }, (_, index) => ({ ...row, index })));
const small = jsonOf(9);
const large = jsonOf(9000);
const megabyte = 'x'.repeat(1024 * 1024);
const logLines = Array.from(
  { length: 200 },
  (_, index) => `2024-05-0${(index % 9) + 1} user${index}@example.com did ${index} things`,
).join('\n');
const LAYOUT = '2006-01-02T15:04:05Z07:00';
const MOMENT = '2024-12-29T15:04:05+01:00';

const times =
  (work: () => unknown) =>
  (count: number): void => {
    for (let index = 0; index < count; index++) work();
  };
const loop = (call: string, before = ''): string =>
  `${before} run = function(n) for i = 1, n do ${call} end end`;

const encodes = (name: string, input: string, count: number): Case => ({
  name: `json encode ${name}`,
  lua: loop('json.encode(value)', 'local value = json.decode(input)'),
  input,
  peer: (text) => {
    const value = decodeWire(toText(text));
    return times(() => toBytes(encodeWire(value)));
  },
  count,
  target: TARGET,
});

const decodes = (name: string, input: string, count: number): Case => ({
  name: `json decode ${name}`,
  lua: loop('json.decode(input)'),
  input,
  peer: (text) => times(() => decodeWire(toText(text))),
  count,
  target: TARGET,
});

const CASES = (): readonly Case[] => [
  encodes('1 KB', small, 2000),
  encodes('1 MB', large, 3),
  decodes('1 KB', small, 2000),
  decodes('1 MB', large, 3),
  {
    ...decodes('native 1 MB', large, 3),
    peer: (text) => times(() => JSON.parse(text) as unknown),
    target: '',
  },
  {
    name: 'regexp find all',
    lua: loop('re:find_all_string(input)', 'local re = text.regexp.compile("[a-z0-9]+@[a-z.]+")'),
    input: logLines,
    peer: (text) => {
      const pattern = RE2JS.compile('[a-z0-9]+@[a-z.]+');
      return times(() => {
        const found: (string | null)[] = [];
        const matcher = pattern.matcher(text);
        while (matcher.find()) found.push(matcher.group());
        return found;
      });
    },
    count: 40,
    target: TARGET,
  },
  {
    name: 'time parse',
    lua: loop('time.parse(time.RFC3339, input)'),
    input: MOMENT,
    peer: (text) => times(() => parseTime(LAYOUT, text, UTC)),
    count: 10_000,
    target: TARGET,
  },
  {
    name: 'time format',
    lua: loop('t:format(time.RFC3339)', 'local t = time.parse(time.RFC3339, input)'),
    input: MOMENT,
    peer: (text) => {
      const { instant, zone } = parseTime(LAYOUT, text, UTC);
      return times(() => formatTime(instant, zone, LAYOUT));
    },
    count: 10_000,
    target: TARGET,
  },
  {
    name: 'sha256 1 MB',
    lua: loop('hash.sha256(input)'),
    input: megabyte,
    peer: (text) => times(() => createHash('sha256').update(text, 'latin1').digest('hex')),
    count: 20,
    target: TARGET,
  },
  {
    name: 'template render',
    lua: loop(
      'set:render("orders", data)',
      'local set = templates.get("app:views") local data = { title = "Orders", orders = json.decode(input) }',
    ),
    input: jsonOf(50),
    answer: ({ type, name, data }) =>
      type === 'templates.render' ? views.render(name as string, data as DataObject) : null,
    peer: (text) => {
      const data = orders(text);
      return times(() => views.render('orders', data));
    },
    count: 100,
    target: TARGET,
  },
];

const views = new TemplateSet(
  [
    {
      name: 'layout',
      source: '<html><head><title>{{ title }}</title></head><body>{{ yield body() }}</body></html>',
    },
    {
      name: 'orders',
      source: `{{ extends "layout" }}{{ block body() }}<ul>{{ range i, order := orders }}
  <li class="{{ order.open ? "open" : "done" }}">{{ i + 1 }}. {{ order.name }}: {{ order.quantity * order.price }}
  {{- range order.tags }}<b>{{ . }}</b>{{ end }}</li>{{ end }}</ul>{{ end }}`,
    },
  ],
  {
    delimiters: USUAL_DELIMITERS,
    extensions: USUAL_EXTENSIONS,
    globals: dataObject(),
    forgets: false,
  },
);
const orders = (text: string): DataObject => dataObject({ title: 'Orders', orders: decodeWire(text) });

const host: InstanceHost = {
  now: () => BigInt(Date.now()) * 1_000_000n,
  random: () => 0.5,
  randomBytes: (n) => '\0'.repeat(n),
  uuid: () => '00000000-0000-4000-8000-000000000000',
  print: () => undefined,
  emit: () => undefined,
  pid: '{bench|1}',
  context: Object.create(null) as DataObject,
  place: 'node',
  native: nativeSupport,
};
const lookup = moduleLookup(declaredModules, globalModules);

/** A function that runs the Lua side that many times, in milliseconds without its set-up. */
function luaSide({ name, lua, input, answer }: Case): (count: number) => number {
  const imports = Object.fromEntries(declaredModules.map((spec) => [spec.name, { module: spec.name }]));
  const source = `return function(input, n) local run ${lua} run(n) end`;
  const compiled = compiledEngine.compile({
    entry: 'bench:main',
    kind: 'function.lua',
    units: {
      'bench:main': {
        id: 'bench:main',
        chunk: 'main.lua',
        source,
        imports,
      },
    },
  });
  if (!compiled.ok) throw new SyntaxError(JSON.stringify(compiled.diagnostics));
  const loaded = compiledEngine.load(compiled.artifact);
  const run = (count: number): void => {
    const instance = createInstance(loaded, host, lookup);
    let step = instance.start([input, count]);
    for (let [asked] = step.commands; asked !== undefined && answer !== undefined; [asked] = step.commands)
      step = instance.answer(asked.id, { ok: true, value: answer(asked.command) });
    const { outcome } = step;
    if (outcome?.ok !== true) throw new Error(`${name} failed: ${JSON.stringify(outcome)}`);
  };
  return (count) => {
    // The set-up alone, which the second run does too.
    const once = timed(() => {
      run(0);
    });
    const all = timed(() => {
      run(count);
    });
    return Math.max(all - once, 0.001);
  };
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

export function bench({ args }: BenchOptions): BenchResult {
  const at = args.indexOf('--rounds');
  const rounds = at < 0 ? 15 : Number(args[at + 1]);
  const only = args.indexOf('--only') < 0 ? '' : (args[args.indexOf('--only') + 1] ?? '');
  const figures: Record<string, number> = {};
  const targets: Record<string, string> = {};
  for (const one of CASES().filter(({ name }) => name.includes(only))) {
    const lua = luaSide(one);
    const peer = one.peer(one.input);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let index = 0; index < rounds + 3; index++) {
      const [a, b] = [lua(one.count), timed(() => peer(one.count))];
      if (index < 3) continue; // warm-up
      ours.push(a);
      theirs.push(b);
    }
    figures[one.name] = round(median(theirs) / median(ours));
    if (one.target !== undefined && one.target !== '') targets[one.name] = one.target;
    process.stderr.write(
      `${one.name}: ${round(median(ours) / one.count)} ms a call from Lua, ${round(median(theirs) / one.count)} from TypeScript\n`,
    );
  }
  return result('modules', figures, targets);
}
