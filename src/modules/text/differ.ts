// Differences of texts and patches, by Google's diff-match-patch. Sealed.
// D1: work is counted, not timed: the same texts give the same differences on every machine and at every replay.
// D2: a character is a Unicode code point; one beyond 16 bits is handed to the library as a private character of 16 bits.
import type { Diff, diff_match_patch } from 'diff-match-patch';
import { diffMatchPatch } from '../../core/heavy-libraries.cjs';
import { toBytes, tryText } from '../../core/text.js';
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineType, methodsOf } from '../../lua/module.js';
import { bytes, optional, table } from '../../lua/parameters.js';
import { LuaTable } from '../../lua/values.js';
import type { HostResult } from '../../lua/values.js';

type Engine = InstanceType<typeof diff_match_patch>;
/** A patch of the library, whose published types say its class where they mean one of its objects. */
interface PatchObject {
  diffs: Diff[];
  start1: number | null;
  start2: number | null;
  length1: number;
  length2: number;
}
type Patches = Parameters<Engine['patch_apply']>[0];

/** What a program passed is no text, no diff or no patch. */
class DiffError extends Error {
  override readonly name = 'DiffError';
}

interface DifferOptions {
  /** Of 10 million instructions each; 0: as much as it takes. */
  readonly diff_timeout: number;
  readonly diff_edit_cost: number;
  readonly match_threshold: number;
  readonly match_distance: number;
  readonly patch_delete_threshold: number;
  readonly patch_margin: number;
}

const DEFAULTS: DifferOptions = {
  diff_timeout: 1,
  diff_edit_cost: 4,
  match_threshold: 0.5,
  match_distance: 1000,
  patch_delete_threshold: 0.5,
  patch_margin: 4,
};

class Differ {
  readonly options: DifferOptions;
  constructor(options: DifferOptions) {
    this.options = options;
  }

  engine(): Engine {
    const engine = new (diffMatchPatch().diff_match_patch)();
    const { options } = this;
    engine.Diff_Timeout = 1; // above 0: a faster way for long texts that it may not find the smallest difference of
    engine.Diff_EditCost = options.diff_edit_cost;
    engine.Match_Threshold = options.match_threshold;
    engine.Match_Distance = options.match_distance;
    engine.Patch_DeleteThreshold = options.patch_delete_threshold;
    engine.Patch_Margin = options.patch_margin;
    return engine;
  }
}

/** Instructions of a second of `diff_timeout`: several diffs fit into the usual budget of a step. */
const WORK_A_SECOND = 10_000_000;

/**
 * Makes the engine charge for its work, and gives what stands for its deadline: the library compares the clock with it once in
 * each round of a search, the n-th of which costs n. It says that time is over when `seconds` of work are done.
 */
function workLimit(call: HostCall, engine: Engine, seconds: number): number {
  const most = seconds === 0 ? Infinity : WORK_A_SECOND * seconds;
  let work = 0;
  let rounds = 0;
  const spend = (units: number): void => {
    work += units;
    call.charge(units);
  };
  const search = engine.diff_bisect_.bind(engine);
  engine.diff_bisect_ = (before, after, deadline) => {
    rounds = 0;
    spend(before.length + after.length);
    return search(before, after, deadline);
  };
  const limit = {
    valueOf: (): number => {
      if (work >= most) return -Infinity;
      rounds += 1;
      spend(rounds * 4);
      return Infinity;
    },
  };
  return limit as unknown as number;
}

/** Characters beyond 16 bits as private ones of 16 bits that the texts do not use, and back. */
class Alphabet {
  readonly #private = new Map<string, string>();
  readonly #original = new Map<string, string>();
  readonly #used: string;
  #next = 0xe000;

  constructor(...texts: readonly string[]) {
    this.#used = texts.join('');
  }

  encode(text: string): string {
    return text.replace(/[\u{10000}-\u{10ffff}]/gu, (character) => {
      const known = this.#private.get(character);
      if (known !== undefined) return known;
      while (this.#next < 0xf900 && this.#used.includes(String.fromCharCode(this.#next))) this.#next += 1;
      if (this.#next >= 0xf900)
        throw new DiffError('the texts have too many different characters beyond U+FFFF');
      const stand = String.fromCharCode(this.#next++);
      this.#private.set(character, stand);
      this.#original.set(stand, character);
      return stand;
    });
  }

  decode(text: string): string {
    return this.#original.size === 0
      ? text
      : text.replace(/[\ue000-\uf8ff]/g, (stand) => this.#original.get(stand) ?? stand);
  }
}

function textOf(value: string): string {
  const text = tryText(value);
  if (text === undefined) throw new DiffError('the text is not UTF-8');
  return text;
}

const attempt = (work: () => HostResult): HostResult => {
  try {
    return work();
  } catch (error) {
    if (error instanceof DiffError) return failure('Invalid', toBytes(error.message));
    throw error;
  }
};

/** Instructions for each place that a patch is looked for at. */
const FUZZY_COST = 250;
/** Instructions of a comparison, however short. */
const COMPARE_COST = 1000;

/** What two texts differ in, in the letters of `alphabet`, and what goes on from there. */
function compare(call: HostCall, self: Differ, before: string, after: string) {
  const [a, b] = [textOf(before), textOf(after)];
  const alphabet = new Alphabet(a, b);
  const [from, to] = [alphabet.encode(a), alphabet.encode(b)];
  const engine = self.engine();
  call.charge((from.length + to.length) * 8 + COMPARE_COST);
  const diffs = engine.diff_main(from, to, true, workLimit(call, engine, self.options.diff_timeout));
  engine.diff_cleanupSemantic(diffs);
  return { engine, alphabet, from, diffs };
}

const OPERATIONS: Readonly<Record<string, number>> = { equal: 0, delete: -1, insert: 1 };
const nameOf = (operation: number): string =>
  operation === 0 ? 'equal' : operation < 0 ? 'delete' : 'insert';

function diffTable(call: HostCall, diffs: readonly Diff[], alphabet: Alphabet): LuaTable {
  const list = call.instance.newTable();
  for (const [index, diff] of diffs.entries()) {
    const one = call.instance.newTable();
    one.set('operation', nameOf(diff[0]));
    one.set('text', toBytes(alphabet.decode(diff[1])));
    list.set(index + 1, one);
  }
  return list;
}

function field(value: unknown, name: string, at: string): string {
  const found = value instanceof LuaTable ? value.get(name) : undefined;
  if (typeof found !== 'string') throw new DiffError(`${at} has no ${name}`);
  return textOf(found);
}

/** Instructions of reading a diff. */
const READ_COST = 100;

function readDiffs(call: HostCall, list: LuaTable): Diff[] {
  call.charge((list.length() + 1) * READ_COST);
  const diffs: Diff[] = [];
  for (let index = 1; index <= list.length(); index++) {
    const one = list.get(index);
    const operation = OPERATIONS[field(one, 'operation', `diff ${index}`)];
    if (operation === undefined)
      throw new DiffError(`the operation of diff ${index} is none of equal, delete, insert`);
    diffs.push([operation, field(one, 'text', `diff ${index}`)]);
  }
  return diffs;
}

const PATCH_NUMBERS = ['start1', 'start2', 'length1', 'length2'] as const;

function patchTable(call: HostCall, patches: readonly PatchObject[], alphabet: Alphabet): LuaTable {
  const list = call.instance.newTable();
  for (const [index, patch] of patches.entries()) {
    const one = call.instance.newTable();
    for (const name of PATCH_NUMBERS) one.set(name, patch[name] ?? 0);
    one.set('diffs', diffTable(call, patch.diffs, alphabet));
    list.set(index + 1, one);
  }
  return list;
}

function readPatches(call: HostCall, list: LuaTable): PatchObject[] {
  const { patch_obj: Patch } = diffMatchPatch();
  const patches: PatchObject[] = [];
  for (let index = 1; index <= list.length(); index++) {
    const one = list.get(index);
    const diffs = one instanceof LuaTable ? one.get('diffs') : undefined;
    if (!(one instanceof LuaTable) || !(diffs instanceof LuaTable))
      throw new DiffError(`patch ${index} has no diffs`);
    const patch = new Patch();
    for (const name of PATCH_NUMBERS) {
      const value = asNumber(one.get(name));
      if (value === undefined || !Number.isSafeInteger(value) || value < 0)
        throw new DiffError(`${name} of patch ${index} is no position`);
      patch[name] = value;
    }
    patch.diffs = readDiffs(call, diffs);
    patches.push(patch);
  }
  return patches;
}

const characters = (text: string): number => [...text].length;
const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const method = methodsOf<Differ>();
const diffsParameter = table('diffs', 'What `compare` gave.');
const text1 = bytes('text1', 'The text before.');
const text2 = bytes('text2', 'The text after.');
const fails = { Invalid: 'a text is not UTF-8, or the diffs are none' } as const;

/** A method that makes text of diffs. */
const shown = (name: string, summary: string, write: (operation: number, text: string) => string) =>
  method(name, {
    summary,
    params: [diffsParameter],
    returns: ['string?', 'Error?'],
    fails,
    run: (call, _self, diffs) =>
      attempt(() =>
        toBytes(
          readDiffs(call, diffs)
            .map(([operation, text]) => write(operation, text))
            .join(''),
        ),
      ),
  });

export const DifferType = defineType<Differ>('Differ', 'Compares texts by its options.', [
  method('compare', {
    summary:
      'How the first text becomes the second: a list of `{operation, text}`, each `equal`, `delete` or `insert`.',
    params: [text1, text2],
    returns: ['table?', 'Error?'],
    fails,
    run: (call, self, before, after) =>
      attempt(() => {
        const { diffs, alphabet } = compare(call, self, before, after);
        return diffTable(call, diffs, alphabet);
      }),
  }),
  method('summarize', {
    summary: 'How many characters are equal, deleted and inserted: `{equals, deletions, insertions}`.',
    params: [diffsParameter],
    returns: ['table?', 'Error?'],
    fails,
    run: (call, _self, diffs) =>
      attempt(() => {
        const counts = { equals: 0, deletions: 0, insertions: 0 };
        for (const [operation, text] of readDiffs(call, diffs))
          counts[operation === 0 ? 'equals' : operation < 0 ? 'deletions' : 'insertions'] += characters(text);
        const summary = call.instance.newTable();
        for (const [name, count] of Object.entries(counts)) summary.set(name, count);
        return summary;
      }),
  }),
  shown(
    'pretty_text',
    'The diffs as text for terminals: what is deleted in red, what is inserted in green.',
    (operation, text) => (operation === 0 ? text : `\x1b[${operation < 0 ? 31 : 32}m${text}\x1b[0m`),
  ),
  shown(
    'pretty_html',
    'The diffs as HTML with `<del>` and `<ins>`; the texts are escaped.',
    (operation, text) => {
      const escaped = escapeHtml(text).replaceAll('\n', '&para;<br>');
      return operation === 0 ? escaped : operation < 0 ? `<del>${escaped}</del>` : `<ins>${escaped}</ins>`;
    },
  ),
  method('patch_make', {
    summary: 'Patches that turn the first text into the second: plain tables, which may be kept and sent.',
    params: [text1, text2],
    returns: ['table?', 'Error?'],
    fails,
    run: (call, self, before, after) =>
      attempt(() => {
        const { engine, alphabet, from, diffs } = compare(call, self, before, after);
        // Each patch is looked for in the whole text, to see how much around it makes it the only one.
        call.charge(diffs.length * (from.length * 4 + 3000));
        return patchTable(call, engine.patch_make(from, diffs) as unknown as PatchObject[], alphabet);
      }),
  }),
  method('patch_apply', {
    summary:
      'The text with the patches applied, and whether all of them fitted. A patch that does not fit is left out.',
    params: [table('patches', 'What `patch_make` gave.'), bytes('text')],
    returns: ['string?', 'boolean|Error'],
    fails: { Invalid: 'the text is not UTF-8, or the patches are none' },
    run: (call, self, list, given) =>
      attempt(() => {
        const text = textOf(given);
        const patches = readPatches(call, list);
        const alphabet = new Alphabet(text, ...patches.flatMap(({ diffs }) => diffs.map(([, one]) => one)));
        for (const patch of patches)
          patch.diffs = patch.diffs.map(([operation, one]): Diff => [operation, alphabet.encode(one)]);
        call.charge((text.length * 10 + FUZZY_COST * self.options.match_distance) * (1 + patches.length));
        const [result, applied] = self
          .engine()
          .patch_apply(patches as unknown as Patches, alphabet.encode(text));
        return [toBytes(alphabet.decode(result)), applied.every(Boolean)];
      }),
  }),
]);

const BOUNDS: Readonly<Record<keyof DifferOptions, readonly [least: number, most: number, whole: boolean]>> =
  {
    diff_timeout: [0, 60, false],
    diff_edit_cost: [0, 1000, true],
    match_threshold: [0, 1, false],
    match_distance: [0, 1_000_000, true],
    patch_delete_threshold: [0, 1, false],
    patch_margin: [0, 16, true],
  };

export const newDiffer = define('new', {
  summary:
    'A differ. Options: `diff_timeout` (1; how long small differences are looked for, in seconds of 10 million instructions of the budget: what is not told apart by then is deleted and inserted whole; 0 for no limit), `diff_edit_cost` (4), `match_threshold` (0.5), `match_distance` (1000), `patch_delete_threshold` (0.5), `patch_margin` (4).',
  params: [optional(table('options'))],
  returns: ['Differ?', 'Error?'],
  fails: { Invalid: 'an option is of a wrong type or out of range' },
  returnsWrongArguments: true,
  run: (_call, given) => {
    const options: Record<string, number> = { ...DEFAULTS };
    for (const [name, [least, most, whole]] of Object.entries(BOUNDS)) {
      const value = given?.get(name);
      if (value === undefined) continue;
      const number = asNumber(value);
      if (
        number === undefined ||
        !(number >= least && number <= most) ||
        (whole && !Number.isInteger(number))
      )
        return failure(
          'Invalid',
          `${name} is ${whole ? 'an integer' : 'a number'} from ${least} to ${most}, got ${number ?? typeName(value)}`,
        );
      options[name] = number;
    }
    return DifferType.wrap(new Differ(options as unknown as DifferOptions));
  },
});
