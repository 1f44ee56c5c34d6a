// Where code generation is off, schemas are interpreted: what is wrong with an app is told in the same words.
import { describe, expect, it } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { interpretSchema } from '../../../src/registry/load/interpreted-schema.js';
import { kinds } from '../../../src/services/kinds.js';

const told = (errors: readonly { keyword: string; instancePath: string; params: object }[]): string[] =>
  errors
    .filter(({ keyword }) => keyword !== 'if')
    .map(({ keyword, instancePath, params }) => {
      const { missingProperty, additionalProperty, limit, allowedValues } = params as Record<string, unknown>;
      return JSON.stringify([
        keyword,
        instancePath,
        missingProperty ??
          additionalProperty ??
          allowedValues ??
          (/^(?:min|max|excl)/.test(keyword) ? limit : null),
      ]);
    })
    .sort();

const values: readonly unknown[] = [
  {},
  { source: 1 },
  { source: 'file://x.lua', budget: { instructions: 0, on_exceed: 'stop' }, unknown: true },
  { source: 'file://x.lua', modules: ['a', 'a'], imports: [] },
  { source: 'file://x.lua', pool: { type: 'big', workers: -1 } },
  { source: 'file://x.lua', method: 'main', meta: { comment: 'fine' } },
  [],
  null,
];

describe('an interpreted schema', () => {
  for (const { name, schema } of kinds) {
    if (schema === undefined) continue;
    it(`of ${name} says what Ajv says`, () => {
      const validate = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(
        schema,
      );
      const interpret = interpretSchema(schema);
      for (const value of values) {
        expect(interpret(value)).toBe(validate(value));
        expect(told(interpret.errors ?? [])).toEqual(told(validate.errors ?? []));
      }
    });
  }
});
