// YAML (1.2, core schema, through the `yaml` package) as plain data and back. Sealed.
import { type Data, LuaFloat, MAX_DEPTH, dataObject } from './data.js';
import { asInteger } from './durations.js';
import { yaml } from './heavy-libraries.cjs';
import { TranscodeError } from './transcode-error.js';
import { toBytes, tryText } from './text.js';
import { tokenDeeperThan } from './yaml-depth.js';

/** Aliases may multiply a document's size at most this often. */
const MAX_ALIASES = 100;
const MAX_INT64 = 2n ** 63n - 1n;

/** Plain data (byte strings) of one YAML document. */
export function parseYaml(text: string): Data {
  let value: unknown;
  try {
    if (tokenDeeperThan(MAX_DEPTH, [...new (yaml().Parser)().parse(text)]) !== undefined)
      throw new TranscodeError(`nested deeper than ${MAX_DEPTH} levels`);
    const document = yaml().parseDocument(text, { intAsBigInt: true, logLevel: 'error' });
    // A tag that nobody knows is a warning to the library; its value would silently be another than was meant.
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    value = document.toJS({ maxAliasCount: MAX_ALIASES, mapAsMap: true });
  } catch (cause) {
    throw new TranscodeError(
      `invalid YAML: ${(cause instanceof Error ? cause.message : String(cause)).trim()}`,
      { cause },
    );
  }
  return fromYaml(value, '$', 0);
}

function fromYaml(value: unknown, path: string, depth: number): Data {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return toBytes(value);
  // With intAsBigInt every integer is a bigint, so a number is a float.
  if (typeof value === 'bigint')
    return value > MAX_INT64 || value < -MAX_INT64 - 1n ? new LuaFloat(Number(value)) : asInteger(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new TranscodeError(`${path} is ${value}, which plain data cannot hold`);
    return Number.isInteger(value) ? new LuaFloat(value) : value;
  }
  if (depth >= MAX_DEPTH) throw new TranscodeError(`${path} is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item, index) => fromYaml(item, `${path}[${index}]`, depth + 1));
  if (value instanceof Map) {
    const target = dataObject();
    for (const [key, item] of value as Map<unknown, unknown>) {
      if (typeof key === 'object' && key !== null)
        throw new TranscodeError(`${path} has a key that is not a scalar`);
      const name = String(key);
      target[toBytes(name)] = fromYaml(item, `${path}.${name}`, depth + 1);
    }
    return target;
  }
  throw new TranscodeError(`${path} is of a YAML type that plain data cannot hold; write it as a string`);
}

/** The keys of each table in the order in which they are written. */
export type KeyOrder = (keys: readonly string[]) => readonly string[];
const asTheyAre: KeyOrder = (keys) => keys;

/** YAML text of plain data, block style. */
export function formatYaml(data: Data, order: KeyOrder = asTheyAre): string {
  return yaml().stringify(toYaml(data, order, '$', 0), { aliasDuplicateObjects: false, lineWidth: 0 });
}

function toYaml(data: Data, order: KeyOrder, path: string, depth: number): unknown {
  if (data instanceof LuaFloat) return floatScalar(data.n, path);
  if (data === null || typeof data === 'bigint' || typeof data === 'boolean') return data;
  if (typeof data === 'string') return yamlText(data, path);
  if (typeof data === 'number') return Number.isInteger(data) ? data : floatScalar(data, path);
  if (depth >= MAX_DEPTH) throw new TranscodeError(`${path} is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(data))
    return data.map((item, index) => toYaml(item, order, `${path}[${index}]`, depth + 1));
  const target = new Map<string, unknown>();
  for (const key of order(Object.keys(data))) {
    const name = yamlText(key, path);
    target.set(name, toYaml(data[key] ?? null, order, `${path}.${name}`, depth + 1));
  }
  return target;
}

function floatScalar(value: number, path: string): unknown {
  if (!Number.isFinite(value))
    throw new TranscodeError(`${path} is ${value}, which has no form in plain data`);
  if (!Number.isInteger(value)) return value;
  const scalar = new (yaml().Scalar)(value);
  scalar.minFractionDigits = 1;
  return scalar;
}

function yamlText(bytes: string, path: string): string {
  const text = tryText(bytes);
  if (text === undefined)
    throw new TranscodeError(
      `${path} holds bytes that are not UTF-8 text; encode them first, e.g. as base64`,
    );
  return text;
}
