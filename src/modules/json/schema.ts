// JSON Schema: whether data follows a schema, with the places where it does not. Sealed.
// S1: patterns are RE2's, so that no pattern of a schema can hang a program; `$ref` to other documents is refused.
// S2: numbers are compared as 64-bit floats: integers beyond 2^53 as the nearest of those.
// S3: the draft is the one that `$schema` names, 2020-12 where it names none; of earlier drafts than 2019-09, draft 7 stands for all.
import type { ErrorObject, Options, ValidateFunction } from 'ajv';
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { ajv, ajv2020, ajvFormats } from '../../core/heavy-libraries.cjs';
import { canGenerateCode } from '../../core/code-generation.js';
import { compilePattern } from '../../core/regular-expressions.js';
import { formatPath } from '../../core/wire-errors.js';
import { BoundedCache } from '../../lua/library/bounded-cache.js';

/** A schema that is none. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

export interface Violation {
  /** `$.items[3].price` */
  readonly path: string;
  readonly keyword: string;
  readonly message: string;
}

/** Longest schema. Characters of JSON. */
export const MAX_SCHEMA = 256 * 1024;
/** Violations that are told. */
const MOST_TOLD = 20;

type Validator = InstanceType<ReturnType<typeof ajv>>;
type Draft = 'draft-07' | '2020-12';

/** RE2 in the place of JavaScript's own expressions; `code` is what standalone code would say, which is never made. */
const regExp = Object.assign(
  (pattern: string) => {
    const expression = compilePattern(pattern);
    // The validator tells expressions apart by their text.
    return { test: (text: string) => expression.test(text), toString: () => pattern };
  },
  { code: 'new RegExp' },
);

const OPTIONS: Options = {
  allErrors: true,
  strict: false,
  ownProperties: true,
  logger: false,
  code: { regExp },
};

function newValidator(draft: Draft, options: Options): Validator {
  const Class = draft === 'draft-07' ? ajv() : ajv2020();
  const validator = new Class({ ...OPTIONS, ...options });
  ajvFormats()(validator);
  return validator;
}

/** Judges of schemas: what is dear about a validator is to compile the schema of schemas. */
const judges = new Map<Draft, Validator>();

function judge(draft: Draft): Validator {
  let known = judges.get(draft);
  if (known === undefined) judges.set(draft, (known = newValidator(draft, {})));
  return known;
}

const compiled = new BoundedCache<ValidateFunction>(100, 64 * 1024);

function draftOf(schema: unknown): Draft {
  const named = typeof schema === 'object' && schema !== null && '$schema' in schema ? schema.$schema : '';
  return typeof named === 'string' && /draft-0\d/.test(named) ? 'draft-07' : '2020-12';
}

/** Where a schema of an old draft fails, it is mostly by what later drafts write otherwise. */
function oldDraftNote(schema: unknown): string {
  const named = typeof schema === 'object' && schema !== null && '$schema' in schema ? schema.$schema : '';
  const [, draft] = (typeof named === 'string' && /draft-0([1-6])/.exec(named)) || [];
  return draft === undefined ? '' : `; it names draft ${draft}, but is read as draft 7`;
}

/** `$schema` of an older draft is not known to the validator by its own name. */
function withoutDraft(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));
}

function compile(text: string, data: Data): ValidateFunction {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (text.length > MAX_SCHEMA)
    throw new SchemaError(`the schema has ${text.length} characters; at most ${MAX_SCHEMA} are taken`);
  if (!canGenerateCode())
    throw new SchemaError('schemas are compiled, and this process may not generate code from strings');
  const schema = plainOf(data);
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema)))
    throw new SchemaError('a schema is an object, true or false');
  const draft = draftOf(schema);
  const judged = withoutDraft(schema) as boolean | object;
  try {
    if (judge(draft).validateSchema(judged) !== true)
      throw new SchemaError(
        `${judge(draft).errorsText(judge(draft).errors, { dataVar: '$' })}${oldDraftNote(schema)}`,
      );
    // An instance of its own, so that the ids of one schema are unknown to all others.
    const validator = newValidator(draft, { meta: false, validateSchema: false });
    return compiled.add(text, validator.compile(judged));
  } catch (error) {
    if (error instanceof SchemaError) throw error;
    if (error instanceof Error) throw new SchemaError(reason(error), { cause: error });
    throw error;
  }
}

const reason = (error: Error): string =>
  error instanceof RangeError ? 'it is nested too deeply' : error.message;

/** What is wrong with `value`; empty where nothing is. `schemaText` names the schema in the cache. */
export function validate(schemaText: string, schema: Data, value: Data): readonly Violation[] {
  const check = compile(schemaText, schema);
  let valid: unknown;
  try {
    valid = check(plainOf(value));
  } catch (error) {
    // A schema that refers to itself without going down, or keys that shadow an object's own methods.
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new SchemaError(
      error instanceof RangeError
        ? 'it refers to itself without end'
        : 'the data has keys that cannot be compared',
    );
  }
  if (valid === true) return [];
  return (check.errors ?? []).slice(0, MOST_TOLD).map(violation);
}

function violation(error: ErrorObject): Violation {
  const { instancePath, keyword, message = 'is not valid', params } = error;
  return { path: pathOf(instancePath), keyword, message: `${message}${addition(keyword, params)}` };
}

function addition(keyword: string, params: Readonly<Record<string, unknown>>): string {
  if (keyword === 'enum' && Array.isArray(params['allowedValues']))
    return `: ${params['allowedValues']
      .slice(0, 10)
      .map((value) => JSON.stringify(value))
      .join(', ')}`;
  if (keyword === 'additionalProperties') return ` (${JSON.stringify(params['additionalProperty'])})`;
  if (keyword === 'const') return `: ${JSON.stringify(params['allowedValue'])}`;
  return '';
}

/** A JSON pointer as a path. */
function pathOf(pointer: string): string {
  const steps = pointer.split('/').slice(1);
  const names = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return formatPath(names.map((name) => (/^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : name)));
}

/** Data as a validator takes it: numbers of one kind, objects with the usual methods, `__proto__` a key like any other. */
function plainOf(data: Data): unknown {
  if (typeof data === 'bigint') return Number(data);
  if (typeof data !== 'object' || data === null) return data;
  if (data instanceof LuaFloat) return data.n;
  if (Array.isArray(data)) return data.map(plainOf);
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plainOf(value)]));
}
