// The `io` module: the terminal of the program. Sealed; in a workflow there is none.
// `io.write` { to: 'out' | 'err', text } -> true; `io.read` { size } -> bytes or null at the end; `io.readline` {} -> line or null
// `io.raw` { on } -> true; `io.flush` {} -> true; `io.args` {} -> list of texts
import type { Command } from '../../core/command.js';
import { asText, typeName } from '../../lua/instance/arguments.js';
import { fromData } from '../../lua/instance/convert.js';
import { errorFromData } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { any, integer, optional, rest, truth } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaValue } from '../../lua/values.js';

const USUAL_SIZE = 1024;
const MOST_SIZE = 1024 * 1024;

const ask = (call: HostCall, asked: Command): HostResult =>
  command(asked, (answer) =>
    answer.ok
      ? fromData(answer.value, () => call.instance.newTable())
      : [undefined, errorFromData(answer.error)],
  );

/** As `tostring` has it, without metamethods. */
const written = (value: LuaValue): string =>
  value === undefined
    ? 'nil'
    : typeof value === 'boolean'
      ? String(value)
      : (asText(value) ?? `<${typeName(value)}>`);

const NO_TERMINAL =
  'the program has no terminal (only what `moontide call` and `moontide run COMMAND` run has), or a workflow asks';
const common = { workflow: 'function', returnsWrongArguments: true } as const;
const writes = {
  ...common,
  returns: ['boolean?', 'Error?'],
  fails: {
    Unavailable: 'the program has no terminal',
    Invalid: 'a workflow asks',
    Internal: 'it cannot be written',
  },
};

const printing = (name: string, summary: string, to: 'out' | 'err') =>
  define(name, {
    ...writes,
    summary,
    params: [rest(any('values'))],
    run: (call, values) => ask(call, { type: 'io.write', to, text: `${values.map(written).join('\t')}\n` }),
  });

export const ioSpec = defineModuleSpec({
  name: 'io',
  summary: 'The terminal of a program that `moontide call` or `moontide run COMMAND` runs',
  workflow: 'refused',
  members: members(
    define('write', {
      ...writes,
      summary: 'Writes values one after the other, without a line end.',
      params: [rest(any('values'))],
      run: (call, values) => ask(call, { type: 'io.write', to: 'out', text: values.map(written).join('') }),
    }),
    printing('print', 'Writes values with tabs between and a line end.', 'out'),
    printing('eprint', 'Writes values with tabs between and a line end to the error output.', 'err'),
    define('read', {
      ...common,
      summary: `Bytes of the input, as many as there are, at most \`n\`; nil at its end. Waits for at least one.`,
      params: [optional(integer('n', `Default ${USUAL_SIZE}, also for 0 and less; at most ${MOST_SIZE}.`))],
      returns: ['string?', 'Error?'],
      fails: {
        Unavailable: NO_TERMINAL,
        Invalid: 'n is no integer, or a workflow asks',
        Internal: 'the input cannot be read',
      },
      run: (call, n = USUAL_SIZE) =>
        ask(call, { type: 'io.read', size: n <= 0 ? USUAL_SIZE : Math.min(n, MOST_SIZE) }),
    }),
    define('readline', {
      ...common,
      summary: 'The next line of the input without its end; nil at the end of the input.',
      params: [],
      returns: ['string?', 'Error?'],
      fails: {
        Unavailable: NO_TERMINAL,
        Internal: 'the input cannot be read, or the line is longer than 16 MB',
      },
      run: (call) => ask(call, { type: 'io.readline' }),
    }),
    define('raw', {
      ...common,
      summary:
        'Turns raw mode on or off: keys come at once and are not shown. Each `true` needs its `false`; at the end of the program it is off.',
      params: [optional(truth('enable', 'Default true.'))],
      returns: ['boolean?', 'Error?'],
      fails: { Unavailable: 'the program has no terminal, or its input is no terminal' },
      run: (call, on = true) => ask(call, { type: 'io.raw', on }),
    }),
    define('flush', {
      ...common,
      summary: 'Waits until all that was written has left the process.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: { Unavailable: NO_TERMINAL, Internal: 'it cannot be written' },
      run: (call) => ask(call, { type: 'io.flush' }),
    }),
    define('args', {
      ...common,
      summary: 'The arguments of the command line, as texts.',
      params: [],
      returns: ['string[]?', 'Error?'],
      fails: { Unavailable: NO_TERMINAL },
      run: (call) => ask(call, { type: 'io.args' }),
    }),
  ),
});
