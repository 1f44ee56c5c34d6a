// The `compress` module. Sealed; the work is commands, so that nothing large is computed in a workflow.
import type { Command } from '../../core/command.js';
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import { define, defineModuleSpec, members, table as memberTable } from '../../lua/module.js';
import { bytes, optional, table } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaTable } from '../../lua/values.js';
import { inspect, train } from './dictionary.js';

interface Algorithm {
  readonly name: string;
  readonly title: string;
  readonly levels: readonly [least: number, most: number, usual: number];
}

const ALGORITHMS: readonly Algorithm[] = [
  { name: 'gzip', title: 'gzip (RFC 1952)', levels: [1, 9, 6] },
  { name: 'deflate', title: 'raw DEFLATE (RFC 1951)', levels: [1, 9, 6] },
  { name: 'zlib', title: 'zlib (RFC 1950)', levels: [1, 9, 6] },
  { name: 'brotli', title: 'brotli (RFC 7932)', levels: [0, 11, 6] },
  { name: 'zstd', title: 'Zstandard (RFC 8878)', levels: [1, 22, 3] },
];

const MEGABYTE = 1024 * 1024;
const USUAL_SIZE = 128 * MEGABYTE;
const MOST_SIZE = 1024 * MEGABYTE;

/** A wrong option. */
class OptionError extends Error {
  override readonly name = 'OptionError';
}

function integerOption(
  options: LuaTable | undefined,
  name: string,
  [least, most, usual]: readonly [number, number, number],
): number {
  const value = options?.get(name);
  if (value === undefined) return usual;
  const number = asNumber(value);
  if (number === undefined || !Number.isInteger(number) || number < least || number > most)
    throw new OptionError(`${name} is an integer from ${least} to ${most}, got ${number ?? typeName(value)}`);
  return number;
}

function dictOption(options: LuaTable | undefined): { readonly dict?: string } {
  const dict = options?.get('dict');
  if (dict === undefined) return {};
  if (typeof dict !== 'string' || dict === '') throw new OptionError('dict is the bytes of a dictionary');
  return { dict };
}

function attempt(work: () => HostResult): HostResult {
  try {
    return work();
  } catch (error) {
    if (error instanceof OptionError) return failure('Invalid', error.message);
    throw error;
  }
}

/** `hint` follows the message where more came out than may. */
const ask = (asked: Command, hint = ''): HostResult =>
  command(asked, (answer) => {
    if (answer.ok) return answer.value as string;
    const { kind, message } = answer.error;
    return [
      undefined,
      errorFromData({ ...answer.error, message: kind === 'Internal' ? message + hint : message }),
    ];
  });

const EMPTY = 'the data is empty';
const dictText = (name: string): string => (name === 'zstd' ? ', `dict` (bytes of a dictionary)' : '');

const encode = ({ name, title, levels }: Algorithm) =>
  define('encode', {
    summary: `Compresses data as ${title}. Options: \`level\` (${levels[0]} to ${levels[1]}, default ${levels[2]})${dictText(name)}.`,
    params: [bytes('data'), optional(table('options'))],
    returns: ['string?', 'Error?'],
    fails: { Invalid: 'the data is empty or no string, or an option is out of range' },
    returnsWrongArguments: true,
    run: (_call, data, options) =>
      attempt(() => {
        if (data === '') throw new OptionError(EMPTY);
        const level = integerOption(options, 'level', levels);
        return ask({
          type: 'compress.encode',
          algorithm: name,
          data,
          level,
          ...(name === 'zstd' ? dictOption(options) : {}),
        });
      }),
  });

const decode = ({ name, title }: Algorithm) =>
  define('decode', {
    summary: `The data of ${title}. Options: \`max_size\` (bytes; default ${USUAL_SIZE / MEGABYTE} MB, at most ${MOST_SIZE / MEGABYTE} MB)${dictText(name)}.`,
    params: [bytes('data'), optional(table('options'))],
    returns: ['string?', 'Error?'],
    fails: {
      Invalid: `the data is empty, no string or no ${name}, or an option is out of range`,
      Internal: 'more than max_size comes out',
    },
    returnsWrongArguments: true,
    run: (_call, data, options) =>
      attempt(() => {
        if (data === '') throw new OptionError(EMPTY);
        const most = integerOption(options, 'max_size', [1, MOST_SIZE, USUAL_SIZE]);
        return ask(
          {
            type: 'compress.decode',
            algorithm: name,
            data,
            max_size: most,
            ...(name === 'zstd' ? dictOption(options) : {}),
          },
          '; give a larger max_size if that is meant',
        );
      }),
  });

/** More would take long, and what a dictionary can learn from is in the first of them. */
const MOST_SAMPLES = 8 * MEGABYTE;

function samplesOf(list: LuaTable): readonly string[] {
  const samples = Array.from({ length: list.length() }, (_, index) => list.get(index + 1));
  if (!samples.every((sample): sample is string => typeof sample === 'string'))
    throw new OptionError('samples is a list of strings');
  if (!samples.some(({ length }) => length >= 8))
    throw new OptionError('at least one sample must have 8 bytes or more');
  if (samples.reduce((size, { length }) => size + length, 0) > MOST_SAMPLES)
    throw new OptionError(`the samples have more than ${MOST_SAMPLES} bytes`);
  return samples;
}

const trainDict = define('train_dict', {
  summary:
    'A dictionary of what samples share. Options: `size` (bytes, 256 to 1048576, default 114688); `id` must be 0, and `level` changes nothing, for the dictionary is content only.',
  params: [table('samples', 'A list of strings, one of 8 bytes or more.'), optional(table('options'))],
  returns: ['string?', 'Error?'],
  fails: { Invalid: 'the samples are none or too short, or an option is out of range' },
  returnsWrongArguments: true,
  workflow: 'sealed',
  run: (call, list, options) =>
    attempt(() => {
      const size = integerOption(options, 'size', [256, 1_048_576, 114_688]);
      integerOption(options, 'id', [0, 0, 0]);
      integerOption(options, 'level', [1, 22, 3]);
      const samples = samplesOf(list);
      call.charge(samples.reduce((sum, { length }) => sum + length, 0) * 40);
      return train(samples, size);
    }),
});

const inspectDict = define('inspect_dict', {
  summary: "A dictionary's `id` and `content_size` (bytes; of one made by `zstd --train` with its tables).",
  params: [bytes('dict')],
  returns: ['table?', 'Error?'],
  fails: { Invalid: 'the dictionary is empty or no string' },
  returnsWrongArguments: true,
  workflow: 'sealed',
  run: (call, dict) => {
    if (dict === '') return failure('Invalid', 'the dictionary is empty');
    const { id, contentSize } = inspect(dict);
    const facts = call.instance.newTable();
    facts.set('id', id);
    facts.set('content_size', contentSize);
    return facts;
  },
});

export const compressSpec = defineModuleSpec({
  name: 'compress',
  summary: 'gzip, deflate, zlib, brotli and Zstandard',
  workflow: 'recorded',
  members: Object.fromEntries(
    ALGORITHMS.map((algorithm) => [
      algorithm.name,
      memberTable(
        members(
          encode(algorithm),
          decode(algorithm),
          ...(algorithm.name === 'zstd' ? [trainDict, inspectDict] : []),
        ),
      ),
    ]),
  ),
});
