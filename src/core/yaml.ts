// YAML (1.2, core schema, through the `yaml` package) as plain data and back. Sealed.
// Y1: `<<` gives a map what it does not have yet, as in YAML 1.1 and in the files of an app; written in quotes it is a key.
// Y2: bytes that are no text are `!!binary` in both directions. The package's own tag needs Buffer, which a workflow does not have.
// Y3: `.nan` and `.inf` are floats here; plain data that cannot hold them refuses them where it is written.
// Y4: reading takes time in proportion to the text and to what aliases stand for, which is bounded: the package's own search for
// equal keys and for anchors, and its errors with a piece of the text each, are quadratic.
import type { Alias, Composer, CST, Document, LineCounter, ParsedNode, Scalar, YAMLMap } from 'yaml';
import { type Data, type DataObject, LuaFloat, MAX_DEPTH, dataObject } from './data.js';
import { asInteger } from './durations.js';
import { yaml } from './heavy-libraries.cjs';
import { TranscodeError } from './transcode-error.js';
import { decodeBase64, encodeBase64, toBytes, tryText } from './text.js';
import { tokenDeeperThan } from './yaml-depth.js';

/** How many values aliases may add to a document. */
const MAX_ALIASED = 100_000;
const MAX_INT64 = 2n ** 63n - 1n;
const BINARY = 'tag:yaml.org,2002:binary';

/** What `!!binary` holds, until it is a byte string. */
class Binary {
  readonly bytes: string;
  constructor(bytes: string) {
    this.bytes = bytes;
  }
}

const binaryTag = {
  tag: BINARY,
  identify: () => false,
  resolve: (text: string, onError: (message: string) => void): Binary | string => {
    const bytes = decodeBase64(text.replace(/\s+/g, ''));
    if (bytes !== undefined) return new Binary(bytes);
    onError('!!binary is base64 with padding');
    return text;
  },
};

/** Plain data (byte strings) of one YAML document. `aliased` hears of the values that aliases and merges add, as they do. */
export function parseYaml(text: string, aliased: (values: number) => void = () => undefined): Data {
  const lines = new (yaml().LineCounter)();
  try {
    return new Reader(aliased).read(compose(text, lines), '$', 0);
  } catch (error) {
    if (!(error instanceof Misplaced)) throw error;
    const { line, col } = lines.linePos(error.offset);
    throw new TranscodeError(
      `invalid YAML: ${error.message} at line ${Math.max(line, 1)}, column ${Math.max(col, 1)}`,
      { cause: error },
    );
  }
}

/** A problem and where it stands in the text. */
class Misplaced extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** The nodes of the one document. Y4 */
function compose(text: string, lines: LineCounter): ParsedNode | null {
  const tokens: CST.Token[] = [];
  for (const token of new (yaml().Parser)(lines.addNewLine).parse(text)) {
    tokens.push(token);
    if (token.type === 'error') break; // what comes after it is not looked at
  }
  const deep = tokenDeeperThan(MAX_DEPTH, tokens);
  if (deep !== undefined) throw new Misplaced(deep.offset, `nested deeper than ${MAX_DEPTH} levels`);
  const composer = new (yaml().Composer)({
    intAsBigInt: true,
    logLevel: 'error',
    uniqueKeys: false,
    prettyErrors: false,
    customTags: [binaryTag],
  });
  endWithFirstError(composer);
  let first: Document.Parsed | undefined;
  for (const document of composer.compose(tokens, true, text.length)) {
    if (first !== undefined)
      throw new Misplaced(
        document.range[0],
        "there is more than one document; cut the text at '---' and read each by itself",
      );
    first = document;
    // A tag that nobody knows is a warning to the library; its value would silently be another than was meant.
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new Misplaced(problem.pos[0], problem.message);
  }
  return first?.contents ?? null;
}

/** Each error takes its time, and a text may be nothing but errors: who reads it is told of the first only. Y4 */
function endWithFirstError(composer: Composer): void {
  const given = composer as unknown as Reporting;
  const report = given.onError;
  given.onError = (...problem) => {
    report(...problem);
    const [error] = given.errors;
    if (error !== undefined) throw new Misplaced(error.pos[0], error.message);
  };
}

/** What the library's types hide of its composer. */
interface Reporting {
  readonly errors: readonly { readonly pos: readonly [number, number]; readonly message: string }[];
  onError: (...problem: readonly unknown[]) => void;
}

/** What these tags hold is neither a map nor a list of plain data. */
const UNHELD: ReadonlySet<string> = new Set(['tag:yaml.org,2002:set', 'tag:yaml.org,2002:pairs']);
const ORDERED_MAP = 'tag:yaml.org,2002:omap';

type Pairs = YAMLMap.Parsed<ParsedNode, ParsedNode | null>['items'];

/** Nodes as plain data. Y4 */
class Reader {
  /** By name, as of now: an alias means the last anchor before it. */
  readonly #anchors = new Map<string, ParsedNode>();
  /** Nodes that are being read: an alias to one of them has no end. */
  readonly #open = new Set<ParsedNode>();
  readonly #tell: (values: number) => void;
  #aliased = 0;
  #aliasDepth = 0;

  constructor(tell: (values: number) => void) {
    this.#tell = tell;
  }

  read(node: ParsedNode | null, path: string, depth: number): Data {
    if (node === null) return null;
    if (this.#aliasDepth > 0) {
      if (++this.#aliased > MAX_ALIASED)
        throw new Misplaced(node.range[0], `aliases stand for more than ${MAX_ALIASED} values`);
      if (this.#aliased % 1000 === 0) this.#tell(1000);
    }
    if (yaml().isAlias(node)) return this.#follow(node, (target) => this.read(target, path, depth));
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (yaml().isScalar(node)) return scalarData(node, path);
    if (UNHELD.has(node.tag ?? '')) throw unheld(node, path);
    if (depth >= MAX_DEPTH)
      throw new Misplaced(node.range[0], `${path} is nested deeper than ${MAX_DEPTH} levels`);
    this.#open.add(node);
    const data =
      yaml().isMap(node) || node.tag === ORDERED_MAP
        ? this.#fields(node.items as Pairs, path, depth)
        : node.items.map((item, index) => this.read(item, `${path}[${index}]`, depth + 1));
    this.#open.delete(node);
    return data;
  }

  /** Goes on with what an alias stands for. */
  #follow<T>({ source, range }: Alias.Parsed, work: (target: ParsedNode) => T): T {
    const target = this.#anchors.get(source);
    if (target === undefined)
      throw new Misplaced(range[0], `unresolved alias '*${source}'; write '&${source}' before it`);
    if (this.#open.has(target))
      throw new Misplaced(range[0], `the alias '*${source}' stands within its own anchor`);
    this.#aliasDepth += 1;
    const result = work(target);
    this.#aliasDepth -= 1;
    return result;
  }

  #fields(pairs: Pairs, path: string, depth: number): DataObject {
    const target = dataObject();
    let merge: Pairs[number] | undefined;
    for (const pair of pairs) {
      const { key, value } = pair;
      const isMerge = yaml().isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
      const name = this.#name(key, path);
      if (isMerge ? merge !== undefined : Object.hasOwn(target, toBytes(name)))
        throw new Misplaced(key.range[0], 'Map keys must be unique');
      if (isMerge) merge = pair;
      else target[toBytes(name)] = this.read(value, `${path}.${name}`, depth + 1);
    }
    if (merge !== undefined) this.#merge(target, merge.value ?? merge.key, path, depth);
    return target;
  }

  #name(key: ParsedNode, path: string): string {
    if (yaml().isAlias(key)) return this.#follow(key, (target) => this.#name(target, path));
    if (!yaml().isScalar(key) || (typeof key.value === 'object' && key.value !== null))
      throw new Misplaced(key.range[0], `${path} has a key that is not a scalar`);
    if (key.anchor !== undefined) this.#anchors.set(key.anchor, key);
    return String(key.value);
  }

  /** Y1. Of several maps the first that has a key gives it. */
  #merge(target: DataObject, from: ParsedNode, path: string, depth: number, within = false): void {
    if (yaml().isAlias(from))
      return this.#follow(from, (meant) => this.#merge(target, meant, path, depth, within));
    if (yaml().isSeq(from) && !within) {
      for (const map of from.items) this.#merge(target, map, path, depth, true);
      return;
    }
    if (!yaml().isMap(from)) throw new Misplaced(from.range[0], `${path} merges what is no map with '<<'`);
    const merged = this.read(from, path, depth) as DataObject;
    const entries = Object.entries(merged);
    this.#tell(entries.length);
    for (const [key, item] of entries) if (!Object.hasOwn(target, key)) target[key] = item;
  }
}

const unheld = ({ range }: ParsedNode, path: string): Misplaced =>
  new Misplaced(range[0], `${path} is of a YAML type that plain data cannot hold; write it as a string`);

function scalarData(node: Scalar.Parsed, path: string): Data {
  const { value, source } = node as { value: unknown; source: string };
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? null;
  if (typeof value === 'string') return toBytes(value);
  // With intAsBigInt every integer is a bigint, so a number is a float.
  if (typeof value === 'bigint')
    return value > MAX_INT64 || value < -MAX_INT64 - 1n ? new LuaFloat(Number(value)) : asInteger(value);
  if (typeof value === 'number') {
    if (Math.abs(value) === Infinity && !/inf/i.test(source))
      throw new Misplaced(node.range[0], `the number ${source.slice(0, 40)} is too large`);
    return Number.isInteger(value) ? new LuaFloat(value) : value;
  }
  if (value instanceof Binary) return value.bytes;
  throw unheld(node, path);
}

/** The keys of each table in the order in which they are written. */
export type KeyOrder = (keys: readonly string[]) => readonly string[];
const asTheyAre: KeyOrder = (keys) => keys;

/** YAML text of plain data, block style. */
export function formatYaml(data: Data, order: KeyOrder = asTheyAre): string {
  return yaml().stringify(toYaml(data, order, '$', 0), { aliasDuplicateObjects: false, lineWidth: 0 });
}

function toYaml(data: Data, order: KeyOrder, path: string, depth: number): unknown {
  if (data instanceof LuaFloat) return floatScalar(data.n);
  if (data === null || typeof data === 'bigint' || typeof data === 'boolean') return data;
  if (typeof data === 'string') return tryText(data) ?? binaryScalar(data);
  if (typeof data === 'number') return data;
  if (depth >= MAX_DEPTH) throw new TranscodeError(`${path} is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(data))
    return data.map((item, index) => toYaml(item, order, `${path}[${index}]`, depth + 1));
  const target = new Map<unknown, unknown>();
  for (const key of order(Object.keys(data))) {
    const name = tryText(key);
    if (name === undefined) throw new TranscodeError(`${path} has a key that is not UTF-8 text`);
    target.set(
      name === '<<' ? quotedScalar(name) : name,
      toYaml(data[key] ?? null, order, `${path}.${name}`, depth + 1),
    );
  }
  return target;
}

function floatScalar(value: number): unknown {
  if (!Number.isInteger(value)) return value;
  const scalar = new (yaml().Scalar)(value);
  scalar.minFractionDigits = 1;
  return scalar;
}

/** Y1 */
function quotedScalar(text: string): unknown {
  const scalar = new (yaml().Scalar)(text);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}

/** Y2 */
function binaryScalar(bytes: string): unknown {
  const scalar = new (yaml().Scalar)(encodeBase64(bytes));
  scalar.tag = BINARY;
  return scalar;
}
