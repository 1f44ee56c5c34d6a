// Checks plain data against a JSON schema and says what is wrong in the file's own words and places.
// J1: a schema is compiled once. J2: a value that is a placeholder (`${env:NAME}`) is checked by whoever resolves it, not here.
// J4: that our kinds' schemas are schemas is for a test to see, not for every process; extensions' kinds are looked at when they load.
// J3: besides JSON Schema, a schema may say `x-expected` (what the value should be, for people) and `x-refused` (why a value is not taken).
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { canGenerateCode } from '../../core/code-generation.js';
import { LuaFloat, type Data } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { PlatformError } from '../../core/errors.js';
import type { JsonSchema, KindSpec } from '../model/kind.js';
import { interpretSchema, type InterpretedSchema } from './interpreted-schema.js';
import { quotedList, suggest } from './nearest.js';
import { readablePath, valueAt } from './pointer.js';

export class BadSchemaError extends PlatformError {
  override readonly name = 'BadSchemaError';
  readonly code = 'REGISTRY_BAD_SCHEMA';
  override readonly exitCode = 2;
}

/** Where the parts of the checked value stand, and how its own pointer begins in messages (`/meta`). */
export interface Located {
  placeOf(pointer: string): Place;
  keyPlaceOf(pointer: string): Place;
}

const ajv = new Ajv2020({
  allErrors: true,
  verbose: true,
  strict: false,
  logger: false,
  validateFormats: false,
  validateSchema: false, // J4
  code: { optimize: false }, // a schema checks a few entries: the passes over its code cost more than they save
});
const compiled = new WeakMap<JsonSchema, ValidateFunction | InterpretedSchema>();

function compileSchema(schema: JsonSchema): ValidateFunction | InterpretedSchema {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  try {
    const validate = canGenerateCode() ? ajv.compile(schema) : interpretSchema(schema);
    compiled.set(schema, validate);
    return validate;
  } catch (cause) {
    throw new BadSchemaError(`a kind has a schema that is not JSON Schema 2020-12; correct it`, { cause });
  }
}

/** `${env:NAME}`, `${env:NAME|default}`, `${NAME|default}` */
const PLACEHOLDER = /(?<!\$)\$\{(?:env:[^}]+|[A-Z0-9_]+\|[^}]*)\}/;
export const hasPlaceholder = (value: unknown): boolean =>
  typeof value === 'string' && PLACEHOLDER.test(value);

/** Of a kind, what in its schemas is no JSON Schema 2020-12; undefined: nothing. */
export function schemaProblem({
  schema,
  metaSchema,
}: Pick<KindSpec, 'schema' | 'metaSchema'>): string | undefined {
  for (const each of [schema, metaSchema])
    if (each !== undefined && ajv.validateSchema(each) !== true)
      return ajv.errorsText(ajv.errors, { dataVar: each === schema ? 'schema' : 'metaSchema' });
  return undefined;
}

export function checkSchema(schema: JsonSchema, value: Data, prefix: string, where: Located): Diagnostic[] {
  const validate = compileSchema(schema);
  if (validate(toJson(value))) return [];
  const diagnostics: Diagnostic[] = [];
  const told = new Set<string>();
  for (const error of validate.errors ?? []) {
    if (hasPlaceholder(error.data)) continue;
    const diagnostic = describe(error, value, prefix, where);
    if (diagnostic === undefined) continue;
    // One value, one complaint; missing and unknown fields are each their own.
    const topic = error.keyword === 'required' || UNKNOWN.has(error.keyword) ? diagnostic.message : '';
    const key = `${error.instancePath}\n${topic}`;
    if (told.has(key)) continue;
    told.add(key);
    diagnostics.push(diagnostic);
  }
  return diagnostics;
}

const UNKNOWN = new Set(['additionalProperties', 'unevaluatedProperties']);

/** The JSON that ajv looks at: floats and big integers as numbers. */
function toJson(value: Data): unknown {
  if (value instanceof LuaFloat) return value.n;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) object[key] = toJson(item);
  return object;
}

type SchemaObject = Readonly<Record<string, unknown>>;
const asObject = (value: unknown): SchemaObject =>
  typeof value === 'object' && value !== null ? (value as SchemaObject) : {};

function describe(error: ErrorObject, root: Data, prefix: string, where: Located): Diagnostic | undefined {
  const pointer = prefix + error.instancePath;
  const subject = readablePath(pointer);
  const parent = asObject(error.parentSchema);
  const params = error.params as Readonly<Record<string, unknown>>;
  const problem = (place: Place, message: string, fix?: string): Diagnostic => ({
    severity: 'error',
    place,
    message,
    ...(fix === undefined ? {} : { fix }),
  });

  if (UNKNOWN.has(error.keyword)) {
    const name = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
    const known = Object.keys(asObject(parent['properties']));
    const place = where.keyPlaceOf(`${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    const message = `unknown field '${name}'${subject === '' ? '' : ` in '${subject}'`}`;
    const all = known.length === 0 ? 'remove it' : `known fields are ${quotedList(known.sort(), 'and')}`;
    return problem(place, message, suggest(name, known, all).fix);
  }
  if (error.keyword === 'required') {
    const name = String(params['missingProperty']);
    const [example] =
      (asObject(asObject(parent['properties'])[name])['examples'] as unknown[] | undefined) ?? [];
    const fix =
      example === undefined
        ? 'add it'
        : `add '${name}: ${typeof example === 'string' ? example : JSON.stringify(example)}'`;
    return problem(
      where.placeOf(pointer),
      `missing field '${name}'${subject === '' ? '' : ` in '${subject}'`}`,
      fix,
    );
  }
  // `if` only says that one of its branches failed, which is told by itself.
  if (error.keyword === 'if') return undefined;

  const place = where.placeOf(pointer);
  const got = `got ${readableValue(valueAt(root, error.instancePath))}`;
  const it = subject === '' ? 'the value' : `'${subject}'`;
  if (typeof parent['x-refused'] === 'string' && error.keyword !== 'type')
    return problem(place, `${it} ${parent['x-refused']}`);
  if (typeof parent['x-expected'] === 'string')
    return problem(place, `${it} must be ${parent['x-expected']}, ${got}`);
  switch (error.keyword) {
    case 'type':
      return problem(place, `${it} must be ${typeNames(params['type'])}, ${got}`);
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).map(String);
      const { fix } = suggest(String(error.data), allowed);
      return problem(place, `${it} must be ${quotedList(allowed)}, ${got}`, fix);
    }
    case 'const':
      return problem(place, `${it} must be ${readableValue(params['allowedValue'])}, ${got}`);
    case 'minimum':
    case 'exclusiveMinimum':
      return problem(place, `${it} must be ${BOUNDS[error.keyword]} ${String(params['limit'])}, ${got}`);
    case 'maximum':
    case 'exclusiveMaximum':
      return problem(place, `${it} must be ${BOUNDS[error.keyword]} ${String(params['limit'])}, ${got}`);
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return problem(place, `${it} must not be empty`);
    case 'uniqueItems':
      return problem(
        where.placeOf(`${pointer}/${String(params['i'])}`),
        `${it} has ${readableValue(valueAt(root, `${error.instancePath}/${String(params['i'])}`))} twice`,
        'remove one',
      );
    default:
      return problem(place, `${it} ${error.message ?? 'is not right'}, ${got}`);
  }
}

const BOUNDS = {
  minimum: 'at least',
  exclusiveMinimum: 'more than',
  maximum: 'at most',
  exclusiveMaximum: 'less than',
} as const;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
  null: 'empty',
};

function typeNames(type: unknown): string {
  const names = (Array.isArray(type) ? type : String(type).split(',')).map(
    (name) => TYPE_NAMES[String(name)] ?? String(name),
  );
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** A value as a message quotes it: short, on one line. */
export function readableValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (value instanceof LuaFloat) return `'${value.n}'`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const plain =
    typeof value === 'string' ? value : typeof value === 'bigint' ? `${value}` : JSON.stringify(value);
  const text = plain.replaceAll(/\s+/g, ' ');
  return `'${text.length > 60 ? `${text.slice(0, 57)}...` : text}'`;
}
