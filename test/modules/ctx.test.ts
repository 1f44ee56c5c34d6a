import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { ctxSpec } from '../../src/modules/ctx/spec.js';
import { evaluate } from './evaluate.js';

const context = dataObject({ user: 'ada', n: 3, flags: dataObject({ dark: true }) });
const lua = (text: string) => evaluate(text, { modules: [ctxSpec], host: { context } });

describe('ctx', () => {
  it('gives values by key, and all of them', async () => {
    expect(
      await lua('return ctx.get("user"), ctx.get("n"), ctx.get("flags").dark, ctx.all().user, ctx.all().n'),
    ).toEqual(['ada', 3, true, 'ada', 3]);
  });

  it('gives a copy that nobody else sees', async () => {
    expect(
      await lua(
        'ctx.all().user = "eve" ctx.get("flags").dark = 1 return ctx.get("user"), ctx.get("flags").dark',
      ),
    ).toEqual(['ada', true]);
  });

  it.each([
    ['""', 'Invalid'],
    ['"nobody"', 'NotFound'],
    ['"__proto__"', 'NotFound'],
    ['"toString"', 'NotFound'],
  ])('refuses %s with %s', async (key, kind) => {
    expect(await lua(`local v, err = ctx.get(${key}) return v, err:kind()`)).toEqual(['<nil>', kind]);
  });
});
