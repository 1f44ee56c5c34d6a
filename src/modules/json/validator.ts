// Ajv as schemas and data of strangers need it: what a check does is counted while it goes on. Sealed.
// V1: each keyword that is looked at counts, with what it goes through: characters, items, keys, values to compare with.
// V2: nothing is dearer than its count: `uniqueItems` compares canonical texts, and no schema is written out where it is referred to.
// V3: `multipleOf` divides the decimals that were written: 4.35 is a multiple of 0.01.
import type { Code, CodeKeywordDefinition, KeywordCxt, Options, ValidateFunction } from 'ajv';
import { ajv, ajv2020, ajvCode, ajvFormats } from '../../core/heavy-libraries.cjs';
import { compilePattern } from '../../core/regular-expressions.js';
import type { Pattern } from '../../core/regular-expressions.js';
import { BoundedCache } from '../../lua/library/bounded-cache.js';

export type Validator = InstanceType<ReturnType<typeof ajv>>;
export type Draft = 'draft-07' | '2020-12';

const expressions = new BoundedCache<Pattern>(500);

let machines = 0;
/** What `make` makes, and how many instructions the machines of its patterns have. */
export function withMachines<T>(make: () => T): { readonly made: T; readonly size: number } {
  machines = 0;
  const made = make();
  return { made, size: machines };
}

function expressionOf(pattern: string): Pattern {
  const known = expressions.get(pattern) ?? expressions.add(pattern, compilePattern(pattern));
  machines += known.programSize();
  return known;
}

/** RE2 in the place of JavaScript's own expressions; `code` is what standalone code would say, which is never made. */
const regExp = Object.assign(
  (pattern: string) => {
    const expression = expressionOf(pattern);
    // The validator tells expressions apart by their text.
    return { test: (text: string) => expression.test(text), toString: () => pattern };
  },
  { code: 'new RegExp' },
);

const OPTIONS: Options = {
  strict: false,
  ownProperties: true,
  logger: false,
  passContext: true, // `this` in the code of a check is its Meter
  inlineRefs: false,
  code: { regExp, optimize: false }, // what it would save at each check costs more when compiling
};

export function newValidator(draft: Draft, options: Options = {}): Validator {
  const Class = draft === 'draft-07' ? ajv() : ajv2020();
  const validator = new Class({ ...OPTIONS, ...options });
  ajvFormats()(validator);
  const { rules, post } = validator.RULES;
  for (const { definition } of [...rules, post].flatMap((group) => group.rules))
    if ('code' in definition) countSteps(definition);
  return validator;
}

/** What a check calls as it goes on. */
export class Meter {
  readonly #most: number;
  #charge: (steps: number) => void;
  #steps = 0;
  #charged = 0;

  /** `charge` hears of the steps as they are taken; more than `most` are a TooManySteps. */
  constructor(most: number, charge: (steps: number) => void) {
    this.#most = most;
    this.#charge = charge;
  }

  /** From now on `charge` hears of the steps. */
  telling(charge: (steps: number) => void): this {
    this.#charge = charge;
    return this;
  }

  step(count: number): void {
    this.#steps += count;
    if (this.#steps > this.#most) throw new TooManySteps(this.#most);
    if (this.#steps - this.#charged < 1000) return;
    this.#charge(this.#steps - this.#charged);
    this.#charged = this.#steps;
  }

  /** How many keys an object has, and how long they are. */
  keysOf(data: object): number {
    return Object.keys(data).reduce((sum, key) => sum + 1 + (key.length >> 3), 0);
  }

  /** The first two items that are equal. */
  twins(items: readonly unknown[]): readonly [number, number] | undefined {
    const seen = new Map<string, number>();
    for (const [index, item] of items.entries()) {
      const text = canonical(item);
      this.step(text.length >> 3);
      const before = seen.get(text);
      if (before !== undefined) return [before, index];
      seen.set(text, index);
    }
    return undefined;
  }

  isMultiple(value: number, of: number): boolean {
    if (Number.isSafeInteger(value) && Number.isSafeInteger(of)) return value % of === 0;
    if (!Number.isFinite(value)) return false;
    const [a, b] = [decimalOf(value), decimalOf(of)];
    const scale = Math.min(a.exponent, b.exponent);
    this.step(20);
    return (
      (a.digits * 10n ** BigInt(a.exponent - scale)) % (b.digits * 10n ** BigInt(b.exponent - scale)) === 0n
    );
  }

  run(check: ValidateFunction, data: unknown): boolean {
    const valid: unknown = check.call(this, data);
    return valid === true;
  }
}

export class TooManySteps extends Error {
  override readonly name = 'TooManySteps';
  constructor(most: number) {
    super(`to check the data by this schema takes more than ${most} steps`);
  }
}

/** Keywords that go through all keys of an object. */
const OVER_KEYS = new Set([
  'additionalProperties',
  'maxProperties',
  'minProperties',
  'patternProperties',
  'propertyNames',
  'unevaluatedProperties',
]);

/** V1 */
function countSteps(definition: CodeKeywordDefinition): void {
  const keyword = String(definition.keyword);
  const code = OWN[keyword] ?? definition.code;
  definition.code = (context, type) => {
    context.gen.code(stepsOf(keyword, context, type));
    code(context, type);
    // What another schema found wrong was copied to what is known already.
    if (keyword.endsWith('Ref') || keyword === '$ref')
      context.gen.code(ajvCode()._`this.step(vErrors === null ? 0 : vErrors.length >> 4)`);
  };
}

function stepsOf(keyword: string, context: KeywordCxt, type: string | undefined): Code {
  const { _ } = ajvCode();
  const { data } = context;
  const schema = context.schema as unknown;
  const fixed = 1 + sizeOf(keyword, schema);
  if (type === 'string')
    return _`this.step(${fixed} + ${keyword === 'pattern' ? costOf(String(schema)) : 1} * (${data}.length >> 3))`;
  if (type === 'array') return _`this.step(${fixed} + ${data}.length)`;
  if (!OVER_KEYS.has(keyword)) return _`this.step(${fixed})`;
  return _`this.step(${fixed} + ${keyword === 'patternProperties' ? costOfPatterns(schema) : 1} * this.keysOf(${data}))`;
}

function sizeOf(keyword: string, schema: unknown): number {
  if (keyword === 'enum' || keyword === 'const') return JSON.stringify(schema).length >> 3;
  return typeof schema === 'object' && schema !== null ? Object.keys(schema).length : 0;
}

/** What an expression costs for eight characters, in steps. */
const costOf = (pattern: string): number => 3 + Math.trunc(expressionOf(pattern).programSize() / 5);

const costOfPatterns = (schema: unknown): number =>
  Object.keys(schema as object).reduce((sum, pattern) => sum + costOf(pattern), 0);

/** V2, V3: these take the place of the library's own; its messages stay. */
const OWN: Readonly<Record<string, CodeKeywordDefinition['code']>> = {
  uniqueItems(context) {
    const { gen, data } = context;
    if (context.schema !== true) return;
    const { _ } = ajvCode();
    const twins = gen.const('twins', _`this.twins(${data})`);
    context.setParams({ i: _`${twins}[1]`, j: _`${twins}[0]` });
    context.fail(_`${twins} !== undefined`);
  },
  multipleOf(context) {
    context.fail(ajvCode()._`!this.isMultiple(${context.data}, ${context.schema as number})`);
  },
};

/** The same text for equal data. */
function canonical(data: unknown): string {
  if (typeof data !== 'object' || data === null) return JSON.stringify(data);
  if (Array.isArray(data)) return `[${data.map(canonical).join()}]`;
  const fields = Object.entries(data).map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`);
  return `{${fields.sort().join()}}`;
}

/** `digits * 10 ^ exponent`, exactly as the number is written. */
function decimalOf(value: number): { readonly digits: bigint; readonly exponent: number } {
  const [mantissa = '', power = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(power) - fraction.length };
}
