// What a body must be: a JSON Schema, and whether bytes follow it.
import { encodeWire, decodeWire, WireSyntaxError } from '../../core/wire.js';
import type { Data } from '../../core/data.js';
import { textDataToBytes, tryText } from '../../core/text.js';
import { MAX_SCHEMA, SchemaError, TooManySteps, validate } from '../../modules/json/schema.js';

export interface BodySchema {
  readonly schema: Data;
  /** Names the schema in the validator's cache. */
  readonly text: string;
}

/** A schema as an entry has it: a map, a flag, or its JSON. Strings become byte strings. `problem` is told what is no schema. */
export function schemaOf(given: Data | undefined, problem: (message: string) => void): Data | undefined {
  if (given === undefined || given === null) return undefined;
  let schema: Data = given;
  if (typeof given === 'string')
    try {
      schema = decodeWire(given, { strings: 'text' });
    } catch (error) {
      problem(`the schema is no JSON: ${(error as Error).message}`);
      return undefined;
    }
  const bytes = textDataToBytes(schema);
  try {
    violations(bodySchema(bytes), null, 4);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    problem(`the schema is none: ${error.message}`);
    return undefined;
  }
  return bytes;
}

export const bodySchema = (schema: Data): BodySchema => ({ schema, text: encodeWire(schema) });

/** What is wrong with a value, one line each. */
export function violations({ schema, text }: BodySchema, value: Data, size: number): readonly string[] {
  if (text.length > MAX_SCHEMA) throw new SchemaError(`it is longer than ${MAX_SCHEMA} characters`);
  const checked = { schema, schemaText: text, value, size, emptyIsBoth: false };
  try {
    return validate(checked, () => undefined).map(({ path, message }) => `${path} ${message}`);
  } catch (error) {
    if (error instanceof TooManySteps) return ['$ is too much to be checked'];
    throw error;
  }
}

/** The value of a JSON text of bytes; undefined: it is none. */
export function jsonOf(bytes: string): { readonly value: Data } | { readonly problem: string } {
  const text = tryText(bytes);
  if (text === undefined) return { problem: 'it is not UTF-8' };
  try {
    return { value: decodeWire(text) };
  } catch (error) {
    if (error instanceof WireSyntaxError) return { problem: error.message };
    throw error;
  }
}
