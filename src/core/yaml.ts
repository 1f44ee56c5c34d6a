// YAML (1.2, core schema, through the `yaml` package) as plain data and back. Sealed.
// Y1: `<<` gives a map what it does not have yet, as in YAML 1.1 and in the files of an app; written in quotes it is a key.
// Y2: bytes that are no text are `!!binary` in both directions. The package's own tag needs Buffer, which a workflow does not have.
// Y3: `.nan` and `.inf` are floats here; plain data that cannot hold them refuses them where it is written.
import { type Data, type DataObject, LuaFloat, MAX_DEPTH, dataObject } from './data.js';
import { asInteger } from './durations.js';
import { yaml } from './heavy-libraries.cjs';
import { TranscodeError } from './transcode-error.js';
import { decodeBase64, encodeBase64, toBytes, tryText } from './text.js';
import { tokenDeeperThan } from './yaml-depth.js';

/** Aliases may multiply a document's size at most this often. */
const MAX_ALIASES = 100;
const MAX_INT64 = 2n ** 63n - 1n;
const BINARY = 'tag:yaml.org,2002:binary';

/** The key `<<` where it stands without quotes. */
const MERGE = Symbol('<<');

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

/** Plain data (byte strings) of one YAML document. */
export function parseYaml(text: string): Data {
  let value: unknown;
  try {
    if (tokenDeeperThan(MAX_DEPTH, [...new (yaml().Parser)().parse(text)]) !== undefined)
      throw new TranscodeError(`nested deeper than ${MAX_DEPTH} levels`);
    const document = yaml().parseDocument(text, {
      intAsBigInt: true,
      logLevel: 'error',
      customTags: [binaryTag],
    });
    // A tag that nobody knows is a warning to the library; its value would silently be another than was meant.
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    yaml().visit(document, {
      Pair: (_key, { key }) => {
        if (yaml().isScalar(key) && key.value === '<<' && key.type === 'PLAIN') key.value = MERGE;
      },
      Scalar: (_key, { value: scalar, source = '' }) => {
        if ((scalar === Infinity || scalar === -Infinity) && !/inf/i.test(source))
          throw new TranscodeError(`the number ${source.slice(0, 40)} is too large`);
      },
    });
    value = document.toJS({ maxAliasCount: MAX_ALIASES, mapAsMap: true });
  } catch (cause) {
    throw new TranscodeError(`invalid YAML: ${reasonOf(cause)}`, { cause });
  }
  return fromYaml(value, '$', 0);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (!(cause instanceof yaml().YAMLParseError) || cause.code !== 'MULTIPLE_DOCS')
    return cause.message.trim();
  const [at] = cause.linePos ?? [];
  return `there is more than one document; cut the text at '---' and read each by itself${at === undefined ? '' : ` at line ${at.line}, column ${at.col}`}`;
}

function fromYaml(value: unknown, path: string, depth: number): Data {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return toBytes(value);
  // With intAsBigInt every integer is a bigint, so a number is a float.
  if (typeof value === 'bigint')
    return value > MAX_INT64 || value < -MAX_INT64 - 1n ? new LuaFloat(Number(value)) : asInteger(value);
  if (typeof value === 'number') return Number.isInteger(value) ? new LuaFloat(value) : value;
  if (value instanceof Binary) return value.bytes;
  if (depth >= MAX_DEPTH) throw new TranscodeError(`${path} is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item, index) => fromYaml(item, `${path}[${index}]`, depth + 1));
  if (value instanceof Map) {
    const target = dataObject();
    for (const [key, item] of value as Map<unknown, unknown>) {
      if (key === MERGE) continue;
      if (typeof key === 'object' && key !== null)
        throw new TranscodeError(`${path} has a key that is not a scalar`);
      const name = String(key);
      target[toBytes(name)] = fromYaml(item, `${path}.${name}`, depth + 1);
    }
    if (value.has(MERGE)) merge(target, value.get(MERGE), path, depth);
    return target;
  }
  throw new TranscodeError(`${path} is of a YAML type that plain data cannot hold; write it as a string`);
}

/** Y1. Of several maps the first that has a key gives it. */
function merge(target: DataObject, from: unknown, path: string, depth: number): void {
  const maps: readonly unknown[] = Array.isArray(from) ? from : [from];
  for (const map of maps) {
    if (!(map instanceof Map)) throw new TranscodeError(`${path} merges what is no map with '<<'`);
    const merged = fromYaml(map, path, depth) as DataObject;
    for (const [key, item] of Object.entries(merged)) if (!Object.hasOwn(target, key)) target[key] = item;
  }
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
