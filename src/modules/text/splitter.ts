// Splitters as Lua sees them: options, and chunks of one text or of many. Sealed.
import { toBytes, tryText } from '../../core/text.js';
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineType, methodsOf } from '../../lua/module.js';
import { bytes, optional, table } from '../../lua/parameters.js';
import { LuaTable } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { splitRecursively } from './chunks.js';
import { splitMarkdown } from './markdown.js';

class SplitError extends Error {
  override readonly name = 'SplitError';
}

/** `spend` hears of the characters of chunks as they are made: what overlaps may be much more than the text. */
type Split = (text: string, spend: (characters: number) => void) => readonly string[];

class Splitter {
  readonly split: Split;
  constructor(split: Split) {
    this.split = split;
  }
}

const attempt = (work: () => HostResult): HostResult => {
  try {
    return work();
  } catch (error) {
    if (error instanceof SplitError) return failure('Invalid', error.message);
    throw error;
  }
};

/** Instructions of a chunk, besides its characters. */
const CHUNK_COST = 50;
/** Instructions of a text, however short. */
const TEXT_COST = 250;

function chunksOf(call: HostCall, { split }: Splitter, given: string): readonly string[] {
  call.charge(given.length * 12 + TEXT_COST);
  const text = tryText(given);
  if (text === undefined) throw new SplitError('the text is not UTF-8');
  return split(text, (characters) => call.charge(characters + CHUNK_COST)).map(toBytes);
}

const method = methodsOf<Splitter>();

export const SplitterType = defineType<Splitter>('Splitter', 'Splits texts by its options.', [
  method('split_text', {
    summary: 'The chunks of a text.',
    params: [bytes('text')],
    returns: ['string[]?', 'Error?'],
    fails: { Invalid: 'the text is not UTF-8' },
    run: (call, self, text) =>
      attempt(() => {
        const list = call.instance.newTable();
        for (const [index, chunk] of chunksOf(call, self, text).entries()) list.set(index + 1, chunk);
        return list;
      }),
  }),
  method('split_batch', {
    summary: 'The chunks of many texts, each with the metadata of its text: a list of `{content, metadata}`.',
    params: [table('pages', 'A list of `{content, metadata}`.')],
    returns: ['table?', 'Error?'],
    fails: { Invalid: 'a page has no content, or it is not UTF-8' },
    run: (call, self, pages) =>
      attempt(() => {
        const list = call.instance.newTable();
        let count = 0;
        for (let index = 1; index <= pages.length(); index++) {
          const page = pages.get(index);
          const content = page instanceof LuaTable ? page.get('content') : undefined;
          if (!(page instanceof LuaTable) || typeof content !== 'string')
            throw new SplitError(`page ${index} has no content`);
          for (const chunk of chunksOf(call, self, content)) {
            const one = call.instance.newTable();
            one.set('content', chunk);
            one.set('metadata', page.get('metadata'));
            list.set(++count, one);
          }
        }
        return list;
      }),
  }),
]);

/** The options of a table, each checked. */
class Options {
  readonly #given: LuaTable | undefined;
  constructor(given: LuaTable | undefined) {
    this.#given = given;
  }

  integer(name: string, otherwise: number, least: number): number {
    const value = this.#given?.get(name);
    if (value === undefined) return otherwise;
    const number = asNumber(value);
    if (number === undefined || !Number.isSafeInteger(number) || number < least)
      throw new SplitError(`${name} is an integer of at least ${least}, got ${number ?? typeName(value)}`);
    return number;
  }

  flag(name: string): boolean {
    const value = this.#given?.get(name);
    if (value !== undefined && typeof value !== 'boolean')
      throw new SplitError(`${name} is true or false, got ${typeName(value)}`);
    return value === true;
  }

  texts(name: string, otherwise: readonly string[]): readonly string[] {
    const value = this.#given?.get(name);
    if (value === undefined) return otherwise;
    const list =
      value instanceof LuaTable ? Array.from({ length: value.length() }, (_, at) => value.get(at + 1)) : [];
    const texts = list.map((one: LuaValue) => (typeof one === 'string' ? tryText(one) : undefined));
    if (texts.length === 0 || texts.includes(undefined))
      throw new SplitError(`${name} is a list of texts that is not empty`);
    return texts as string[];
  }

  size(): { readonly size: number; readonly overlap: number } {
    const size = this.integer('chunk_size', 512, 1);
    const overlap = this.integer('chunk_overlap', Math.min(100, size - 1), 0);
    if (overlap >= size)
      throw new SplitError(`chunk_overlap (${overlap}) must be below chunk_size (${size})`);
    return { size, overlap };
  }
}

/** A function that makes a splitter by its options. */
const splitter = (name: string, summary: string, make: (read: Options) => Split) =>
  define(name, {
    summary,
    params: [optional(table('options'))],
    returns: ['Splitter?', 'Error?'],
    fails: { Invalid: 'an option is of a wrong type or out of range' },
    returnsWrongArguments: true,
    run: (_call, given) => attempt(() => SplitterType.wrap(new Splitter(make(new Options(given))))),
  });

export const recursive = splitter(
  'recursive',
  'A splitter that cuts at paragraphs, else at lines, words, characters. Options: `chunk_size` (characters, default 512), `chunk_overlap` (100), `keep_separator` (false), `separators` (a list from coarse to fine).',
  (read) => {
    const settings = {
      ...read.size(),
      keepSeparator: read.flag('keep_separator'),
      separators: read.texts('separators', ['\n\n', '\n', ' ', '']),
    };
    return (text, spend) => splitRecursively(text, { ...settings, spend });
  },
);

export const markdown = splitter(
  'markdown',
  'A splitter for Markdown: each chunk begins with its heading. Options: `chunk_size` (characters, default 512), `chunk_overlap` (100); `code_blocks` keeps fenced code whole, `reference_links` writes links out, `heading_hierarchy` gives all headings above, `join_table_rows` keeps rows together and repeats the head. All false by default.',
  (read) => {
    const settings = {
      ...read.size(),
      codeBlocks: read.flag('code_blocks'),
      referenceLinks: read.flag('reference_links'),
      headingHierarchy: read.flag('heading_hierarchy'),
      joinTableRows: read.flag('join_table_rows'),
    };
    return (text, spend) => splitMarkdown(text, { ...settings, spend });
  },
);
