// The `json` module. Sealed.
// The kinds of its errors are those of the application format: Internal for what cannot be encoded or decoded, Invalid for a
// schema that is none and for data that does not follow one.
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { toBytes, tryText } from '../../core/text.js';
import { decodeWire, WireSyntaxError } from '../../core/wire.js';
import { newError, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { any, custom, expected, text } from '../../lua/parameters.js';
import { LuaTable } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { decodeJson } from '../../lua/json/decode.js';
import { encodeJson, JsonEncodeError } from '../../lua/json/encode.js';
import { SchemaError, TooManySteps, validate } from './schema.js';
import type { Violation } from './schema.js';

/** What a step of a check costs, in instructions. */
const STEP_COST = 5;
/** What a schema costs to compile, in instructions a character of its text. */
const COMPILE_COST = 100;
/** Its first hundred characters cost so many more: a small schema is mostly what all of them take. */
const FIRST_COST = 300;
/** What a check costs whatever the schema is, in instructions: one that is not known yet is compiled. */
const CHECK_COST = 8000;

const schemaParameter = custom<string | LuaTable>(
  'schema',
  'table|string',
  'A JSON Schema, as a table or as JSON text. Draft 2020-12, or the one that `$schema` names.',
  (value) =>
    typeof value === 'string' || value instanceof LuaTable ? value : expected('table or string', value),
);

const refused = (kind: 'Invalid' | 'Internal', message: string, details?: Data): HostResult => [
  false,
  newError({ kind, message, detailsData: details, retryable: false }),
];

/** JSON text and the data of it; or the problem. */
type Read =
  | { readonly ok: true; readonly text: string; readonly data: Data }
  | { readonly ok: false; readonly problem: string };

function read(bytes: string): Read {
  const plain = tryText(bytes);
  if (plain === undefined) return { ok: false, problem: 'invalid JSON: the text is not UTF-8' };
  try {
    return { ok: true, text: plain, data: decodeWire(plain, { strings: 'text' }) };
  } catch (error) {
    if (error instanceof WireSyntaxError) return { ok: false, problem: toBytes(error.message) };
    throw error;
  }
}

/** Instructions of so many characters that are written, or read quickly. */
const written = (characters: number): number => characters >> 1;

/** Instructions a character of what is read one by one, be it only to say what is wrong. */
const SLOWLY = 8;

function readValue(call: HostCall, value: LuaValue): Read {
  try {
    return read(encodeJson(value, (characters) => call.charge(written(characters))));
  } catch (error) {
    if (error instanceof JsonEncodeError) return { ok: false, problem: error.message };
    throw error;
  }
}

/** Keywords whose value is a list; an empty table anywhere else in a schema means an object. */
const LISTS = new Set([
  'required',
  'enum',
  'const',
  'default',
  'examples',
  'allOf',
  'anyOf',
  'oneOf',
  'prefixItems',
  'type',
]);

function withObjects(data: Data, keyword = ''): Data {
  if (typeof data !== 'object' || data === null || data instanceof LuaFloat) return data;
  if (!Array.isArray(data))
    return dataObject(
      Object.fromEntries(Object.entries(data).map(([key, value]) => [key, withObjects(value, key)])),
    );
  if (data.length === 0) return LISTS.has(keyword) ? data : dataObject();
  return data.map((item) => withObjects(item));
}

function readSchema(call: HostCall, schema: string | LuaTable): Read {
  if (typeof schema === 'string') return read(schema);
  const known = readValue(call, schema);
  return known.ok ? { ...known, data: withObjects(known.data) } : known;
}

function check(call: HostCall, schema: string | LuaTable, value: Read, emptyIsBoth: boolean): HostResult {
  call.charge(CHECK_COST);
  const known = readSchema(call, schema);
  if (!known.ok) return refused('Invalid', `the schema is no JSON Schema: ${known.problem}`);
  if (!value.ok) return refused('Internal', value.problem);
  const { length } = known.text;
  call.charge(length * COMPILE_COST + Math.min(length, 100) * FIRST_COST + value.text.length);
  let violations: readonly Violation[];
  try {
    // Of a table and of a text that read alike, empty tables may mean other things.
    const schemaText = `${typeof schema} ${known.text}`;
    const size = value.text.length;
    violations = validate({ schema: known.data, schemaText, value: value.data, size, emptyIsBoth }, (steps) =>
      call.charge(steps * STEP_COST),
    );
  } catch (error) {
    if (error instanceof TooManySteps) return refused('Invalid', error.message);
    if (!(error instanceof SchemaError)) throw error;
    return refused('Invalid', toBytes(`the schema is no JSON Schema: ${error.message}`));
  }
  if (violations.length === 0) return true;
  const told = violations.map(({ path, message }) => `${path} ${message}`).join('; ');
  const details = violations.map(({ path, keyword, message }) =>
    dataObject({ path: toBytes(path), keyword, message: toBytes(message) }),
  );
  return refused('Invalid', toBytes(told), details);
}

export const jsonSpec = defineModuleSpec({
  name: 'json',
  summary: 'JSON text to Lua values and back, and JSON Schema',
  workflow: 'sealed',
  members: members(
    define('encode', {
      summary:
        'A value as JSON text. Integers stay exact, NaN and infinities become null; at most 128 levels and 64 MB.',
      params: [any('value', 'Text must be UTF-8; an empty table is `[]`, or `{}` if it had string keys.')],
      returns: ['string?', 'Error?'],
      fails: {
        Internal: 'a table is recursive, sparse, of mixed keys or too deep, or a value has no form in JSON',
      },
      run: (call, value) => {
        try {
          return encodeJson(value, (characters) => call.charge(written(characters)));
        } catch (error) {
          if (error instanceof JsonEncodeError) return failure('Internal', error.message);
          throw error;
        }
      },
    }),
    define('decode', {
      summary: 'The value of a JSON text. null is nil; numbers with a point or an exponent are floats.',
      params: [text('text')],
      returns: ['any', 'Error?'],
      fails: { Internal: 'the text is no JSON, with line and column' },
      run: (call, json) => {
        call.charge(written(json.length));
        const decoded = decodeJson(
          json,
          () => call.instance.newTable(),
          () => call.charge(json.length * SLOWLY),
        );
        return decoded.ok ? decoded.value : failure('Internal', decoded.problem);
      },
    }),
    define('validate', {
      summary:
        'Whether a value follows a JSON Schema; an empty table is a list or an object, as the schema wants. The error tells up to 20 places that do not, of a long check the first; its details are a list of path, keyword and message.',
      params: [schemaParameter, any('data', 'The value to check.')],
      returns: ['boolean', 'Error?'],
      fails: {
        Invalid: 'the schema is none, the data does not follow it, or the check takes too many steps',
        Internal: 'the data has no form in JSON',
      },
      run: (call, schema, data) => check(call, schema, readValue(call, data), true),
    }),
    define('validate_string', {
      summary: 'Whether a JSON text follows a JSON Schema, without making tables of it.',
      params: [schemaParameter, text('json', 'The JSON text to check.')],
      returns: ['boolean', 'Error?'],
      fails: {
        Invalid: 'the schema is none, the data does not follow it, or the check takes too many steps',
        Internal: 'the text is no JSON',
      },
      run: (call, schema, json) => {
        call.charge(json.length * SLOWLY);
        return check(call, schema, read(json), false);
      },
    }),
  ),
});
