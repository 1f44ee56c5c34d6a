// Every function and method of the pure modules with every edge value at every place of an argument: it answers, gives an error
// object of a kind that its page names, or raises a text of Lua; nothing of the host shows, whatever comes. What is expected of
// each edge in particular is in the file of the module.
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { descriptionOf } from '../../src/lua/module.js';
import type { Signature } from '../../src/lua/module.js';
import { compressHandlers } from '../../src/modules/compress/host.js';
import { cryptoHandlers } from '../../src/modules/crypto/host.js';
import { errorsSpec } from '../../src/modules/errors/spec.js';
import { declaredModules } from '../../src/modules/index.js';
import { ioHandlers, Terminal } from '../../src/modules/io/host.js';
import { osSpec } from '../../src/modules/os/spec.js';
import { payloadSpec } from '../../src/modules/payload/spec.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import { recordedAnswers } from '../support/examples.js';
import { nodeAnswers, runLua } from '../support/instance.js';
import { functionsOf, PURE } from './pure.js';

const EDGES = `
local deep, around = {}, {}
for _ = 1, 300 do deep = { deep } end
around.me = around
local edges = {
  {}, { n = 1, [1] = 2 }, { 1, nil, 3 }, { [2^53] = 1 }, deep, around, { f = print }, setmetatable({}, { __index = function() error("no") end }),
  "", "a\\0b", "\\xff\\xfe", ("x"):rep(100000), ("["):rep(5000), "{{ constructor }}", "(a+)+$", "../../etc/passwd", "-1",
  0, -1, 0.5, 2^53 + 1, 9007199254740993, math.mininteger, math.maxinteger, 1e300, 0/0, 1/0, -1/0,
  true, false, print, coroutine.create(print), errors.new("an error"), time.utc, channel.new(),
}
local count = 35`;

/** An argument that fits, by the type that the page says. */
function fitting(parameter: string): string {
  const [, type = ''] = parameter.split(': ');
  if (/string/.test(type)) return '"a"';
  if (/integer|number/.test(type)) return '1';
  if (/table|\[\]/.test(type)) return '{}';
  if (/boolean/.test(type)) return 'true';
  return 'nil';
}

const ARCHIVE = '(function() local w = archive.create() w:add("a", "1") return (w:close()) end)()';
/** How to come to a value of each type. */
const RECEIVERS: Readonly<Record<string, string>> = {
  AttrBuilder: 'html.sanitize.new_policy():allow_attrs("class")',
  Differ: 'text.diff.new()',
  Duration: 'time.parse_duration("1h")',
  EntryScanner: `archive.open(${ARCHIVE}):stream("a"):scanner()`,
  EntryStream: `archive.open(${ARCHIVE}):stream("a")`,
  Location: 'time.utc',
  Logger: 'logger.named("a")',
  Policy: 'html.sanitize.ugc_policy()',
  Program: 'expr.compile("a")',
  Reader: `archive.open(${ARCHIVE})`,
  Regexp: 'text.regexp.compile("a")',
  Set: 'templates.get("app.views:mails")',
  Splitter: 'text.splitter.recursive()',
  Ticker: 'time.ticker("1h")',
  Time: 'time.unix(0, 0)',
  Timer: 'time.timer("1h")',
  Walker: `archive.scan(${ARCHIVE})`,
  Writer: 'archive.create()',
  error: 'errors.new("an error")',
  payload: 'payload.new("a")',
};

const modules = [...declaredModules, errorsSpec, osSpec, payloadSpec].filter(({ name }) => PURE.has(name));
type Case = readonly [title: string, call: string, signature: Signature];
const cases: readonly Case[] = modules.flatMap((spec): Case[] => [
  ...[...functionsOf(spec.name, spec.members)].map(([name, signature]): Case => [
    name,
    `${name}(`,
    signature,
  ]),
  ...(spec.types ?? []).flatMap((type) =>
    Object.entries(descriptionOf(type)?.methods ?? {}).map(([name, signature]): Case => {
      const receiver = RECEIVERS[type.name];
      if (receiver === undefined) throw new Error(`the test has no way to a ${type.name}`);
      return [`${type.name}:${name}`, `${receiver}:${name}(`, signature];
    }),
  ),
]);

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

describe('whatever comes', () => {
  it.each(cases.filter(([, , { params }]) => params.length > 0))(
    '%s keeps to Lua',
    async (_title, call, { params, errors: named }) => {
      const calls = params.map((_, place) => {
        const args = params.map((parameter, at) => (at === place ? 'edge' : fitting(parameter)));
        return `function(edge) return ${call}${args.join(', ')}) end`;
      });
      const [output, errors] = [nowhere(), nowhere()];
      using terminal = new Terminal({
        input: Readable.from([]),
        output,
        errors,
        args: [],
        redact: (text) => text,
      });
      const run = await runLua(
        `${EDGES}
      local told, kinds = {}, {}
      for place, call in ipairs({ ${calls.join(', ')} }) do
        for at = 0, count do
          local ok, value, err = pcall(call, edges[at])
          if not ok then told[#told + 1] = tostring(value)
          elseif type(err) == "userdata" then
            told[#told + 1], kinds[#kinds + 1] = err:message(), err:kind()
          end
        end
      end
      return { told, kinds }`,
        {
          modules: declaredModules,
          answers: {
            ...recordedAnswers,
            ...nodeAnswers(compressHandlers),
            ...nodeAnswers(cryptoHandlers(nativeSupport)),
            ...nodeAnswers(ioHandlers(terminal)),
            'time.sleep': () => null,
          },
        },
      );
      const [told = [], kinds = []] =
        run.error === undefined ? (run.values[0] as readonly (readonly string[])[]) : [[run.error.message]];
      for (const kind of kinds) expect(named).toContain(kind);
      for (const message of told)
        expect(message).not.toMatch(
          /undefined|\[object|TypeError|RangeError|SyntaxError|ReferenceError|call stack|node:|\.[cm]?[jt]s\b|Cannot read|is not a function|is not iterable/,
        );
      if (run.error !== undefined) expect(run.error.message).toMatch(/^budget exceeded/);
    },
  );
});
