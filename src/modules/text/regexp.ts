// Regular expressions of RE2 over byte strings, with the rules of Go's `regexp` package. Sealed.
// R1: positions are those of bytes, from 1; a text that is not UTF-8 is searched byte by byte where it is not.
// R2: an empty match right after another match does not count, as in Go.
// R3: a search may read far beyond its match, and the next one again; what is read more often than once is charged as it happens.
import { bytesToArray } from '../../core/bytes.js';
import { compilePattern, MAX_PATTERN, PatternError } from '../../core/regular-expressions.js';
import type { Pattern } from '../../core/regular-expressions.js';
import { isAscii, toBytes, tryText } from '../../core/text.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { BoundedCache } from '../../lua/library/bounded-cache.js';
import { define, defineType, methodsOf } from '../../lua/module.js';
import { bytes, integer, optional } from '../../lua/parameters.js';
import type { HostResult, LuaTable, LuaValue } from '../../lua/values.js';

/** Offsets of the whole match and of the groups: start, end, start, end ...; -1 for a group that took no part. */
type Match = readonly number[];

class Regexp {
  readonly source: string;
  readonly pattern: Pattern;
  /** Names of the groups by number from 0, '' for those without one. */
  readonly names: readonly string[];
  /** Instructions that a byte of input costs. */
  readonly cost: number;

  constructor(source: string, pattern: Pattern) {
    this.source = source;
    this.pattern = pattern;
    const names = Array.from({ length: pattern.groupCount() + 1 }, () => '');
    for (const [name, index] of Object.entries(pattern.namedGroups())) names[index] = toBytes(name);
    this.names = names;
    watch(pattern);
    this.cost = 2 + (pattern.programSize() >> 3);
  }
}

const compiled = new BoundedCache<Regexp>(200);

/** Instructions of compiling a pattern, and of each instruction of its machine. */
const COMPILE_COST = 800;
const MACHINE_COST = 80;

/** How many bytes the character at `index` has. */
function widthAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  const width = code < 0xc0 ? 1 : code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4;
  for (let next = 1; next < width; next++) if ((text.charCodeAt(index + next) & 0xc0) !== 0x80) return 1;
  return width;
}

/** What the library's machines read a text by; its types leave that open. */
interface MachineInput {
  step(at: number): number;
}

/** How far the searches have read since it was set. R3 */
const reading = { furthest: 0 };

type Step = (this: MachineInput, at: number) => number;

/** The step of an input, which lets `reading` know where it reads; one function for all inputs of a class. */
const watched = new WeakMap<Step, Step>();

function watchedStep(step: Step): Step {
  let known = watched.get(step);
  if (known !== undefined) return known;
  known = function (at) {
    if (at > reading.furthest) reading.furthest = at;
    return step.call(this, at);
  };
  watched.set(step, known);
  return known;
}

/** Lets `reading` know what the machines of a pattern read. */
function watch(pattern: Pattern): void {
  const machine = pattern.re2();
  const search = machine.executeEngine.bind(machine);
  machine.executeEngine = (input: { step: Step }, ...rest: [unknown, unknown, unknown, unknown]): unknown => {
    input.step = watchedStep(input.step);
    return search(input, ...rest);
  };
}

/** Instructions of a match, and of each of its groups. */
const MATCH_COST = 80;

/** The matches from the left, at most `most`. Charges for what is read. R3 */
function* matches(call: HostCall, regexp: Regexp, text: string, most = Infinity): Generator<Match> {
  const { pattern, cost } = regexp;
  const matcher = pattern.matcher(isAscii(text) ? text : bytesToArray(text));
  const groups = pattern.groupCount();
  call.charge(text.length * cost + 20);
  let paid = text.length;
  let read = 0;
  let found = 0;
  let from = 0;
  let before = -1;
  const find = (): boolean => {
    reading.furthest = from;
    const matched = matcher.find(from);
    read += reading.furthest - from;
    if (read > paid) {
      call.charge((read - paid) * cost);
      paid = read;
    }
    return matched;
  };
  while (from <= text.length && found < most && find()) {
    const match: number[] = [];
    for (let group = 0; group <= groups; group++) match.push(matcher.start(group), matcher.end(group));
    const [start = 0, end = 0] = match;
    const repeated = end === from && start === before;
    from = end === from ? from + (from < text.length ? widthAt(text, from) : 1) : end;
    before = end;
    call.charge(MATCH_COST * (groups + 1));
    if (repeated) continue;
    found += 1;
    yield match;
  }
}

function first(call: HostCall, regexp: Regexp, text: string): Match | undefined {
  for (const match of matches(call, regexp, text, 1)) return match;
  return undefined;
}

const part = (text: string, match: Match, group: number): string => {
  const start = match[group * 2] ?? -1;
  return start < 0 ? '' : text.slice(start, match[group * 2 + 1]);
};

function list<T>(call: HostCall, items: Iterable<T>, write: (item: T) => LuaValue): LuaTable {
  const table = call.instance.newTable();
  let index = 0;
  for (const item of items) table.set(++index, write(item));
  return table;
}

const groupsOf = (call: HostCall, { names }: Regexp, text: string, match: Match): LuaTable =>
  list(call, names.keys(), (group) => part(text, match, group));

const place = (call: HostCall, [start = 0, end = 0]: Match): LuaTable =>
  list(call, [start + 1, end], (at) => at);

/** `$1`, `$name`, `${name}` and `$$` in a replacement, as in Go: the longest name, nothing for an unknown one. */
function expand({ names }: Regexp, replacement: string, text: string, match: Match): string {
  return replacement.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (_whole, plain?: string, braced?: string) => {
    const name = plain ?? braced;
    if (name === undefined) return '$';
    const group = /^\d+$/.test(name) ? Number(name) : names.indexOf(name);
    return group < 0 ? '' : part(text, match, group);
  });
}

const method = methodsOf<Regexp>();
const subject = bytes('s', 'The string to search.');

const finders = [
  method('match_string', {
    summary: 'Whether the pattern is somewhere in a string.',
    params: [subject],
    returns: ['boolean'],
    run: (call, self, text) => {
      return first(call, self, text) !== undefined;
    },
  }),
  method('find_string', {
    summary: 'The first match, or nil.',
    params: [subject],
    returns: ['string?'],
    run: (call, self, text) => {
      const match = first(call, self, text);
      return match === undefined ? undefined : part(text, match, 0);
    },
  }),
  method('find_all_string', {
    summary: 'All matches from the left that do not overlap.',
    params: [subject],
    returns: ['string[]'],
    run: (call, self, text) => {
      return list(call, matches(call, self, text), (match) => part(text, match, 0));
    },
  }),
  method('find_string_submatch', {
    summary: "The first match and its groups, '' for a group that took no part; or nil.",
    params: [subject],
    returns: ['string[]?'],
    run: (call, self, text) => {
      const match = first(call, self, text);
      return match === undefined ? undefined : groupsOf(call, self, text, match);
    },
  }),
  method('find_all_string_submatch', {
    summary: 'All matches, each with its groups.',
    params: [subject],
    returns: ['string[][]'],
    run: (call, self, text) => {
      return list(call, matches(call, self, text), (match) => groupsOf(call, self, text, match));
    },
  }),
  method('find_string_index', {
    summary: 'Where the first match begins and ends, as `string.sub` takes it; or nil.',
    params: [subject],
    returns: ['integer[]?'],
    run: (call, self, text) => {
      const match = first(call, self, text);
      return match === undefined ? undefined : place(call, match);
    },
  }),
  method('find_all_string_index', {
    summary: 'Where all matches begin and end; nil when there is none.',
    params: [subject],
    returns: ['integer[][]?'],
    run: (call, self, text) => {
      const found = [...matches(call, self, text)];
      return found.length === 0 ? undefined : list(call, found, (match) => place(call, match));
    },
  }),
];

/** Longest result of a replacement. Bytes. */
const MAX_RESULT = 64 * 1024 * 1024;

const changers = [
  method('replace_all_string', {
    summary:
      'The string with every match replaced. `$1`, `$name` and `${name}` are groups, `$$` is a dollar.',
    params: [subject, bytes('repl', 'The replacement.')],
    returns: ['string?', 'Error?'],
    fails: { Invalid: 'the result is longer than 64 MiB' },
    run: (call, self, text, replacement) => {
      const plain = !replacement.includes('$');
      const parts: string[] = [];
      let end = 0;
      let size = 0;
      for (const match of matches(call, self, text)) {
        const [start = 0, next = 0] = match;
        const inserted = plain ? replacement : expand(self, replacement, text, match);
        call.charge((inserted.length >> 2) + 5);
        size += inserted.length;
        if (size > MAX_RESULT) return failure('Invalid', `the result is longer than ${MAX_RESULT} bytes`);
        parts.push(text.slice(end, start), inserted);
        end = next;
      }
      return parts.length === 0 ? text : parts.join('') + text.slice(end);
    },
  }),
  method('split', {
    summary: 'The parts between the matches.',
    params: [
      subject,
      optional(integer('n', 'At most so many parts, the last one with the rest; -1, the default: all.')),
    ],
    returns: ['string[]'],
    run: (call, self, text, most = -1) => {
      return list(call, splitAt(call, self, text, most), (one) => one);
    },
  }),
];

function splitAt(call: HostCall, regexp: Regexp, text: string, most: number): readonly string[] {
  if (most === 0) return [];
  if (regexp.source !== '' && text === '') return [''];
  const parts: string[] = [];
  let from = 0;
  let end = 0;
  for (const [start = 0, next = 0] of matches(call, regexp, text)) {
    if (most > 0 && parts.length === most - 1) break;
    end = start;
    if (next !== 0) parts.push(text.slice(from, end));
    from = next;
  }
  if (end !== text.length) parts.push(text.slice(from));
  return parts;
}

const facts = [
  method('num_subexp', {
    summary: 'How many groups the pattern has.',
    params: [],
    returns: ['integer'],
    run: (_call, self) => self.names.length - 1,
  }),
  method('subexp_names', {
    summary: "The names of the groups, '' for those without one; the first is the whole match, ''.",
    params: [],
    returns: ['string[]'],
    run: (call, self) => list(call, self.names, (name) => name),
  }),
  method('string', {
    summary: 'The pattern.',
    params: [],
    returns: ['string'],
    run: (_call, self) => self.source,
  }),
];

export const RegexpType = defineType<Regexp>(
  'Regexp',
  'A compiled pattern. A search takes time in proportion to the string, whatever the pattern; where many matches each read on to the end, the budget counts that too.',
  [...finders, ...changers, ...facts],
  { tostring: (self) => self.source },
);

/** Charges for its machine, whoever had it made. */
function found(call: HostCall, regexp: Regexp): HostResult {
  call.charge(regexp.pattern.programSize() * MACHINE_COST);
  return RegexpType.wrap(regexp);
}

export const compile = define('compile', {
  summary: 'Compiles a pattern of RE2. Patterns that were compiled before are kept.',
  params: [bytes('pattern', `RE2's syntax, at most ${MAX_PATTERN} characters.`)],
  returns: ['Regexp?', 'Error?'],
  fails: { Invalid: 'the pattern is none of RE2, not UTF-8 or too long' },
  returnsWrongArguments: true,
  run: (call, source) => {
    call.charge(source.length * 50 + COMPILE_COST);
    const known = compiled.get(source);
    if (known !== undefined) return found(call, known);
    const text = tryText(source);
    if (text === undefined) return failure('Invalid', 'the pattern is not UTF-8');
    try {
      return found(call, compiled.add(source, new Regexp(source, compilePattern(text))));
    } catch (error) {
      if (error instanceof PatternError)
        return failure('Invalid', toBytes(`invalid pattern: ${error.message}`));
      throw error;
    }
  },
});
