// Checks against a JSON schema without making code of it, for processes that may not (`--disallow-code-generation-from-strings`).
// I1: what is wrong is told as Ajv tells it, as far as schema-check.ts reads it, so that messages are the same.
import { createRequire } from 'node:module';
import type { OutputUnit } from '@cfworker/json-schema';
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Data } from '../../core/data.js';
import type { JsonSchema } from '../model/kind.js';
import { parentOf, valueAt } from './pointer.js';

export interface InterpretedSchema {
  (value: unknown): boolean;
  errors?: ErrorObject[] | null;
}

/** They only say that something below them is wrong, which is told by itself. */
const AROUND: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'items',
  'prefixItems',
  'allOf',
  'anyOf',
  'if',
  'then',
  'else',
  'dependentSchemas',
  '$ref',
  'false',
]);

export function interpretSchema(schema: JsonSchema): InterpretedSchema {
  const { Validator } = createRequire(import.meta.url)(
    '@cfworker/json-schema',
  ) as typeof import('@cfworker/json-schema'); // late: few processes need it
  const validator = new Validator(schema, '2020-12', false);
  const check: InterpretedSchema = (value) => {
    const { valid, errors } = validator.validate(value);
    // Of several unknown properties each is told, and each time all of them are found.
    const units = new Map(errors.map((unit) => [`${unit.keywordLocation}\n${unit.instanceLocation}`, unit]));
    check.errors = valid ? null : [...units.values()].flatMap((unit) => toErrors(unit, schema, value));
    return valid;
  };
  return check;
}

/** `#/a/b` as `/a/b` */
const pointerOf = (location: string): string => decodeURI(location.replace(/^#/, ''));

type SchemaObject = Readonly<Record<string, unknown>>;
const asObject = (value: unknown): SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as SchemaObject) : {};

function toErrors(
  { keyword, keywordLocation, instanceLocation, error }: OutputUnit,
  schema: JsonSchema,
  root: unknown,
): ErrorObject[] {
  if (AROUND.has(keyword)) return [];
  const schemaPath = pointerOf(keywordLocation);
  const instancePath = pointerOf(instanceLocation);
  const parentSchema = asObject(valueAt(schema as unknown as Data, parentOf(schemaPath)));
  const data = valueAt(root as Data, instancePath);
  const told = (params: Record<string, unknown>): ErrorObject => ({
    keyword,
    instancePath,
    schemaPath,
    params,
    message: error,
    parentSchema,
    data,
  });
  return paramsOf(keyword, parentSchema, data).map(told);
}

/** One for each complaint. */
function paramsOf(keyword: string, schema: SchemaObject, data: unknown): Record<string, unknown>[] {
  const given = Object.keys(asObject(data));
  switch (keyword) {
    case 'required':
      return (schema['required'] as string[])
        .filter((name) => !given.includes(name))
        .map((missingProperty) => ({ missingProperty }));
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownOf(schema, given).map((additionalProperty) => ({ additionalProperty }));
    case 'enum':
      return [{ allowedValues: schema['enum'] }];
    case 'const':
      return [{ allowedValue: schema['const'] }];
    case 'uniqueItems':
      return [{ i: firstRepeated(data as readonly unknown[]) }];
    default:
      return [{ type: schema['type'], limit: schema[keyword] }];
  }
}

function unknownOf(schema: SchemaObject, given: readonly string[]): string[] {
  const patterns = Object.keys(asObject(schema['patternProperties'])).map((text) => new RegExp(text, 'u'));
  const known = asObject(schema['properties']);
  return given.filter(
    (name) => !Object.hasOwn(known, name) && !patterns.some((pattern) => pattern.test(name)),
  );
}

function firstRepeated(items: readonly unknown[]): number {
  const texts = items.map((item) => JSON.stringify(item));
  return texts.findIndex((text, at) => texts.indexOf(text) < at);
}
