// One YAML file as plain data that knows where each of its parts stands.
// Y1: what is wrong with a file comes out as diagnostics with a place; nothing is thrown for bad input.
// Y2: aliases may add at most MAX_ALIASED values, nesting is at most MAX_DEPTH: a small file cannot become a big tree.
// Y3: integers stay exact, integral floats stay floats, keys are own keys whatever their name (`__proto__` too).
import { Composer, isAlias, isMap, isScalar, LineCounter, Parser } from 'yaml';
import type { Alias, Document, ParsedNode, Scalar, YAMLMap, CST } from 'yaml';
import { LuaFloat, MAX_DEPTH, type Data, type DataObject } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { tokenDeeperThan } from '../../core/yaml-depth.js';
import { child, parentOf } from './pointer.js';

/** How many values aliases may add to a file. */
const MAX_ALIASED = 10_000;

/** Where the first character of a text stands whose lines stand in the file as they are, each as far to the right as the first. */
export interface TextStart {
  readonly line: number;
  readonly column: number;
}

interface Spot {
  readonly value: number;
  readonly key?: number;
  readonly text?: TextStart;
}

export class YamlTree {
  readonly file: string;
  readonly value: Data;
  readonly #spots: ReadonlyMap<string, Spot>;
  readonly #lines: LineCounter;

  constructor(file: string, value: Data, spots: ReadonlyMap<string, Spot>, lines: LineCounter) {
    this.file = file;
    this.value = value;
    this.#spots = spots;
    this.#lines = lines;
  }

  /** Where the value at a pointer stands; of its nearest parent when there is no such value. */
  placeOf(pointer: string): Place {
    return this.#place(this.#spotOf(pointer).value);
  }

  /** Where the key stands under which the value is; of the value in a list. */
  keyPlaceOf(pointer: string): Place {
    const spot = this.#spotOf(pointer);
    return this.#place(spot.key ?? spot.value);
  }

  /** Undefined for a value that is no text, and for a text that the file has in another form (folded, with escapes). */
  textStartOf(pointer: string): TextStart | undefined {
    return this.#spots.get(pointer)?.text;
  }

  #spotOf(pointer: string): Spot {
    for (let at = pointer; ; at = parentOf(at)) {
      const spot = this.#spots.get(at);
      if (spot !== undefined) return spot;
      if (at === '') return { value: 0 };
    }
  }

  #place(offset: number): Place {
    return placeAt(this.file, this.#lines, offset);
  }
}

function placeAt(file: string, lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return line === 0 ? { file, line: 1, column: 1 } : { file, line, column: col };
}

export interface YamlResult {
  /** Absent when the file is empty or cannot be read at all. */
  readonly tree?: YamlTree;
  readonly diagnostics: readonly Diagnostic[];
}

/** Stops the reading of a file at its first problem that makes the rest meaningless. */
class Stop extends Error {
  readonly offset: number;
  readonly fix: string | undefined;
  constructor(offset: number, message: string, fix?: string) {
    super(message);
    this.offset = offset;
    this.fix = fix;
  }
}

export function parseYaml(text: string, file: string): YamlResult {
  const lines = new LineCounter();
  const diagnostics: Diagnostic[] = [];
  const report = (offset: number, message: string, fix?: string): void => {
    const place = placeAt(file, lines, offset);
    diagnostics.push({ severity: 'error', place, message, ...(fix === undefined ? {} : { fix }) });
  };
  try {
    const zero = text.indexOf('\0');
    const tokens = [...new Parser(lines.addNewLine).parse(text)];
    if (zero >= 0) throw new Stop(zero, 'the file has a NUL character', 'remove it');
    const deep = tokenDeeperThan(MAX_DEPTH, tokens);
    if (deep !== undefined)
      throw new Stop(deep.offset, `values are nested more than ${MAX_DEPTH} deep`, 'make the file flatter');
    const document = compose(tokens, text.length);
    if (document === undefined) return { diagnostics };
    const builder = new TreeBuilder(document, report, text, lines);
    const value = builder.build();
    if (value === undefined) return { diagnostics };
    return { tree: new YamlTree(file, value, builder.spots, lines), diagnostics };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    report(error.offset, error.message, error.fix);
    return { diagnostics };
  }
}

function compose(tokens: readonly CST.Token[], end: number): Document.Parsed | undefined {
  const composer = new Composer({ intAsBigInt: true, uniqueKeys: false, logLevel: 'silent' });
  const documents = [...composer.compose(tokens, false, end)];
  const [document, second] = documents;
  const [problem] = documents.flatMap(({ errors }) => errors).sort((a, b) => a.pos[0] - b.pos[0]);
  if (problem !== undefined) throw syntaxError(problem.pos[0], problem.code, problem.message);
  if (second !== undefined)
    throw new Stop(second.range[0], 'more than one document in a file', 'write one file for each');
  const [warning] = document?.warnings ?? [];
  if (warning !== undefined)
    throw new Stop(warning.pos[0], lowerFirst(firstLine(warning.message)), 'remove the tag');
  return document;
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

const SYNTAX_FIXES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'use spaces',
  BLOCK_AS_IMPLICIT_KEY: "quote a value that has ': ' in it",
  UNEXPECTED_TOKEN: 'check the indentation and the quotes',
  BAD_SCALAR_START: 'quote the value',
  MISSING_CHAR: 'check the indentation and the quotes',
  MULTIPLE_DOCS: 'write one file for each',
};

function syntaxError(offset: number, code: string, message: string): Stop {
  return new Stop(offset, `yaml: ${lowerFirst(firstLine(message))}`, SYNTAX_FIXES[code]);
}

class TreeBuilder {
  readonly spots = new Map<string, Spot>();
  readonly #document: Document.Parsed;
  readonly #report: (offset: number, message: string, fix?: string) => void;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, ParsedNode>();
  /** Nodes that are being built: an alias to one of them has no end. */
  readonly #open = new Set<ParsedNode>();
  #aliased = 0;
  #aliasDepth = 0;

  constructor(
    document: Document.Parsed,
    report: (offset: number, message: string, fix?: string) => void,
    text: string,
    lines: LineCounter,
  ) {
    this.#document = document;
    this.#report = report;
    this.#text = text;
    this.#lines = lines;
  }

  build(): Data | undefined {
    const root = this.#document.contents;
    return root === null ? undefined : this.#node(root, '', 0);
  }

  #node(node: ParsedNode, pointer: string, depth: number, key?: number): Data {
    const offset = node.range[0];
    if (depth > MAX_DEPTH)
      throw new Stop(offset, `values are nested more than ${MAX_DEPTH} deep`, 'make the file flatter');
    if (this.#aliasDepth > 0 && ++this.#aliased > MAX_ALIASED)
      throw new Stop(offset, `aliases stand for more than ${MAX_ALIASED} values`, 'write the values out');
    // `key:` with nothing behind it: the key shows better where that is.
    const value = isScalar(node) && node.source === '' && key !== undefined ? key : offset;
    if (!this.spots.has(pointer)) {
      const text = isScalar(node) ? this.#textStart(node) : undefined;
      this.spots.set(pointer, {
        value,
        ...(key === undefined ? {} : { key }),
        ...(text === undefined ? {} : { text }),
      });
    }
    if (isAlias(node)) return this.#alias(node, pointer, depth);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node);
    this.#open.add(node);
    const built = isMap(node)
      ? this.#map(node, pointer, depth)
      : node.items.map((item, index) => this.#node(item, child(pointer, index), depth + 1));
    this.#open.delete(node);
    return built;
  }

  #textStart({ range, type, value }: Scalar.Parsed): TextStart | undefined {
    if (typeof value !== 'string') return undefined;
    const { line, col } = this.#lines.linePos(range[0]);
    if (type === 'BLOCK_LITERAL') {
      const first = value.split('\n').findIndex((each) => each !== '');
      const inFile = this.#text.slice(range[0], range[1]).split(/\r?\n/)[first + 1];
      const inValue = value.split('\n')[first];
      if (inFile === undefined || inValue === undefined) return undefined;
      return { line: line + 1, column: inFile.length - inValue.length + 1 };
    }
    const written = this.#text.slice(range[0], range[1]);
    if (written === value) return { line, column: col };
    return written.slice(1, -1) === value ? { line, column: col + 1 } : undefined;
  }

  #target(node: Alias.Parsed): ParsedNode {
    const target = this.#anchors.get(node.source);
    if (target === undefined)
      throw new Stop(node.range[0], `alias '*${node.source}' has no anchor`, `write '&${node.source}' first`);
    if (this.#open.has(target))
      throw new Stop(node.range[0], `alias '*${node.source}' stands inside its own anchor`, 'remove it');
    return target;
  }

  #alias(node: Alias.Parsed, pointer: string, depth: number): Data {
    const target = this.#target(node);
    this.#aliasDepth++;
    const value = this.#node(target, pointer, depth);
    this.#aliasDepth--;
    return value;
  }

  #map(node: YAMLMap.Parsed, pointer: string, depth: number): DataObject {
    const object = Object.create(null) as DataObject;
    const seen = new Map<string, number>();
    const merges: ParsedNode[] = [];
    for (const pair of node.items) {
      const keyNode = pair.key as ParsedNode | null;
      const offset = keyNode?.range[0] ?? node.range[0];
      const key = keyNode === null ? undefined : keyText(keyNode);
      if (key === undefined) {
        this.#report(offset, 'a key must be a text', 'write it as one');
        continue;
      }
      const value = pair.value;
      if (key === '<<' && isScalar(keyNode) && keyNode.type === 'PLAIN' && value !== null) {
        merges.push(value);
        continue;
      }
      const first = seen.get(key);
      if (first !== undefined) {
        this.#report(
          offset,
          `key '${key}' is given twice, first at line ${this.#lines.linePos(first).line}`,
          'remove one',
        );
        continue;
      }
      seen.set(key, offset);
      const at = child(pointer, key);
      if (value === null) {
        this.spots.set(at, { value: offset, key: offset });
        object[key] = null;
      } else object[key] = this.#node(value, at, depth + 1, offset);
    }
    for (const merge of merges) this.#merge(object, merge, pointer, depth);
    return object;
  }

  /** `<<: *defaults` gives what is not there yet; earlier ones of a list win. */
  #merge(object: DataObject, from: ParsedNode, pointer: string, depth: number): void {
    if (isAlias(from)) {
      const target = this.#target(from);
      this.#aliasDepth++;
      this.#merge(object, target, pointer, depth);
      this.#aliasDepth--;
    } else if (isMap(from)) {
      const merged = this.#map(from, pointer, depth);
      for (const [key, value] of Object.entries(merged)) if (!Object.hasOwn(object, key)) object[key] = value;
    } else if (!isScalar(from)) {
      for (const item of from.items) this.#merge(object, item, pointer, depth);
    } else this.#report(from.range[0], "'<<' takes a mapping, or a list of mappings", 'write an alias');
  }

  #scalar(node: Scalar.Parsed): Data {
    const { value } = node as { value: unknown };
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'bigint') return integer(value, node.source);
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) {
        this.#report(node.range[0], `'${node.source}' cannot be stored`, 'write a finite number');
        return null;
      }
      return Number.isInteger(value) ? new LuaFloat(value) : value;
    }
    const text = typeof value === 'string' ? value : node.source;
    if (/\p{Surrogate}/u.test(text))
      this.#report(node.range[0], 'the text has half of a surrogate pair', 'write the whole character');
    return text;
  }
}

function keyText(node: ParsedNode): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : node.source;
}

/** Exact up to 64 bits, a float beyond; a leading zero means octal (`0600`), as the format's files have it. */
function integer(value: bigint, source: string): Data {
  if (/^[-+]?0[0-7]+$/.test(source)) {
    const octal = Number.parseInt(source, 8);
    if (Number.isSafeInteger(octal)) return octal;
  }
  if (BigInt.asIntN(64, value) !== value) return new LuaFloat(Number(value));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
