// JSON Schema: whether data follows a schema, with the places where it does not. Sealed.
// S1: patterns are RE2's, so that no pattern of a schema can hang a program; `$ref` to other documents is refused.
// S2: numbers are compared as 64-bit floats: integers beyond 2^53 as the nearest of those.
// S3: all problems are looked for within a bound of steps; a longer check ends at the first, so that problems do not fill the memory.
// S4: the draft is the one that `$schema` names, 2020-12 where it names none; of earlier drafts than 2019-09, draft 7 stands for all.
import type { ErrorObject, ValidateFunction } from 'ajv';
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { canGenerateCode } from '../../core/code-generation.js';
import { formatPath } from '../../core/wire-errors.js';
import { BoundedCache } from '../../lua/library/bounded-cache.js';
import { Meter, newValidator, TooManySteps, withMachines } from './validator.js';
import type { Draft, Validator } from './validator.js';

export { TooManySteps } from './validator.js';

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

/** Judges of schemas: what is dear about a validator is to compile the schema of schemas. */
const judges = new Map<Draft, Validator>();

function judge(draft: Draft): Validator {
  let known = judges.get(draft);
  if (known === undefined) judges.set(draft, (known = newValidator(draft)));
  return known;
}

/** A schema as code: for all problems, and up to the first. */
interface Compiled {
  /** Instructions of the machines of its patterns. */
  readonly machines: number;
  readonly all: ValidateFunction;
  /** Compiled for the first data that is much. */
  first(): ValidateFunction;
}

const compiled = new BoundedCache<Compiled>(100, 64 * 1024);

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

function compile(text: string, data: Data): Compiled {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (text.length > MAX_SCHEMA)
    throw new SchemaError(`the schema has ${text.length} characters; at most ${MAX_SCHEMA} are taken`);
  if (!canGenerateCode())
    throw new SchemaError('schemas are compiled, and this process may not generate code from strings');
  const schema = plainOf(data);
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema)))
    throw new SchemaError('a schema is an object, true or false');
  refuseHidden(schema);
  const draft = draftOf(schema);
  const judged = withoutDraft(schema) as boolean | object;
  // Each an instance of its own, so that the ids of one schema are unknown to all others.
  const one = (allErrors: boolean): ValidateFunction =>
    newValidator(draft, { meta: false, validateSchema: false, allErrors }).compile(judged);
  try {
    // Not charged by its steps: what is compiled already does not take them.
    const meter = new Meter(MOST_STEPS + STEPS_A_CHARACTER * text.length, () => undefined);
    const problems = problemsOf(draft, judged, meter);
    if (problems !== '') throw new SchemaError(`${problems}${oldDraftNote(schema)}`);
    const { made: all, size: machines } = withMachines(() => one(true));
    let first: ValidateFunction | undefined;
    return compiled.add(text, { all, machines, first: () => (first ??= compileFirst(one) ?? all) });
  } catch (error) {
    if (error instanceof SchemaError) throw error;
    if (error instanceof TooManySteps || !(error instanceof Error)) throw error;
    throw new SchemaError(reason(error), { cause: error });
  }
}

/** Undefined for a schema of some thousand keywords, each of which is a level of this code. */
function compileFirst(one: (allErrors: boolean) => ValidateFunction): ValidateFunction | undefined {
  try {
    return one(false);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Names of the schemas of schemas. */
const META: Readonly<Record<Draft, string>> = {
  'draft-07': 'http://json-schema.org/draft-07/schema',
  '2020-12': 'https://json-schema.org/draft/2020-12/schema',
};

/** What makes a schema none, by the schema of schemas; '' where nothing does. */
function problemsOf(draft: Draft, schema: unknown, meter: Meter): string {
  const of = judge(draft);
  const check = of.getSchema(META[draft]) as ValidateFunction;
  if (meter.run(check, schema)) return '';
  const told = (check.errors ?? []).map(
    (error) => `$${error.instancePath} ${error.message ?? ''}${tupleNote(draft, error)}`,
  );
  return [...new Set(told)].join(', ');
}

const tupleNote = (draft: Draft, { instancePath, keyword }: ErrorObject): string =>
  draft === '2020-12' && keyword === 'type' && instancePath.endsWith('/items')
    ? "; a list of schemas is 'prefixItems' since draft 2020-12: write that, or name draft 7 in '$schema'"
    : '';

/** Keywords with the names of properties, of which the validator leaves `__proto__` out. */
const NAMING = ['properties', 'dependentSchemas', 'dependentRequired', 'dependencies'];

function refuseHidden(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [keyword, value] of Object.entries(schema as Record<string, unknown>)) {
    if (
      NAMING.includes(keyword) &&
      typeof value === 'object' &&
      value !== null &&
      Object.hasOwn(value, '__proto__')
    )
      throw new SchemaError(
        `'${keyword}' cannot check '__proto__'; write it in 'patternProperties', as '^__proto__$'`,
      );
    refuseHidden(value);
  }
}

const reason = (error: Error): string =>
  error instanceof RangeError ? 'it is nested too deeply' : error.message;

/** Steps that a check may take besides those for each character of its data. */
const MOST_STEPS = 1_000_000;
const STEPS_A_CHARACTER = 20;
/** Steps of a check within which all places are told; else the first. */
const STEPS_OF_ALL = 10_000;
/** Steps of a check that ends where the stack does: many more than there are levels. */
const STEPS_WITHOUT_END = 1_000_000;
/** Steps of each instruction of a pattern's machine: the schema may have been new. */
const STEPS_A_MACHINE = 16;
/** How often data is looked at anew because an empty table was to be an object. */
const MOST_READINGS = 20;

interface Checked {
  readonly schema: Data;
  /** Names the schema in the cache. */
  readonly schemaText: string;
  readonly value: Data;
  /** Characters of the value as JSON. */
  readonly size: number;
  /** An empty list may be an empty object: Lua has one empty table for both. */
  readonly emptyIsBoth: boolean;
}

/** What is wrong with a value; empty where nothing is. `charge` hears of the steps that it takes. */
export function validate(checked: Checked, charge: (steps: number) => void): readonly Violation[] {
  const { schema, schemaText, value, size, emptyIsBoth } = checked;
  const meter = new Meter(MOST_STEPS + STEPS_A_CHARACTER * size, charge);
  const check = compile(schemaText, schema);
  charge(check.machines * STEPS_A_MACHINE);
  const held: Held = { root: plainOf(value) };
  for (let reading = 1; ; reading++) {
    const errors = errorsOf(check, held.root, meter, charge);
    if (
      !emptyIsBoth ||
      reading === MOST_READINGS ||
      !errors.map((error) => becomesObject(held, error)).some(Boolean)
    )
      return errors.slice(0, MOST_TOLD).map(violation);
  }
}

/** S3 */
function errorsOf(
  check: Compiled,
  data: unknown,
  meter: Meter,
  charge: (steps: number) => void,
): readonly ErrorObject[] {
  let steps = 0;
  const counted = (more: number): void => {
    steps += more;
    charge(more);
  };
  const run = (code: ValidateFunction, by: Meter): readonly ErrorObject[] =>
    by.run(code, data) ? [] : (code.errors ?? []);
  try {
    try {
      return run(check.all, new Meter(STEPS_OF_ALL, counted));
    } catch (error) {
      if (error instanceof TooManySteps) return run(check.first(), meter.telling(counted));
      throw error;
    }
  } catch (error) {
    if (error instanceof RangeError) {
      // How deep that went is V8's business, so it always counts the same.
      charge(Math.max(STEPS_WITHOUT_END - steps, 0));
      throw new SchemaError('it refers to itself without end');
    }
    // Keys that shadow an object's own methods.
    if (error instanceof TypeError) throw new SchemaError('the data has keys that cannot be compared');
    throw error;
  }
}

interface Held {
  root: unknown;
}

/** Makes the empty list at the place of an error an object, where that is what the schema wants there. */
function becomesObject(held: Held, { keyword, params, instancePath }: ErrorObject): boolean {
  const { type } = params as { readonly type?: unknown };
  if (keyword !== 'type' || !(type === 'object' || (Array.isArray(type) && type.includes('object'))))
    return false;
  const steps = ['root', ...stepsOf(instancePath)];
  const last = steps.pop() ?? 'root';
  let at = held as unknown as Record<string, unknown>;
  for (const step of steps) at = at[step] as Record<string, unknown>;
  const found = at[last];
  if (!Array.isArray(found) || found.length > 0) return false;
  at[last] = {};
  return true;
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

/** The keys that a JSON pointer goes through. */
const stepsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** A JSON pointer as a path. */
function pathOf(pointer: string): string {
  return formatPath(stepsOf(pointer).map((name) => (/^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : name)));
}

/** Data as a validator takes it: numbers of one kind, objects with the usual methods, `__proto__` a key like any other. */
function plainOf(data: Data): unknown {
  if (typeof data === 'bigint') return Number(data);
  if (typeof data !== 'object' || data === null) return data;
  if (data instanceof LuaFloat) return data.n;
  if (Array.isArray(data)) return data.map(plainOf);
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plainOf(value)]));
}
