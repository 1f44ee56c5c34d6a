// Files of any shape: whatever they say, the answer is diagnostics or an app, never a thrown error.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { prepareFiles } from './support.js';

const names = [
  'name',
  'kind',
  'meta',
  'source',
  'method',
  'modules',
  'imports',
  'pool',
  'temporal',
  'activity',
  'worker',
  '__proto__',
];
const texts = [
  'a',
  'app:a',
  ':a',
  'function.lua',
  'library.lua',
  'temporal.worker',
  'file://a.lua',
  'file://',
  '${env:X}',
  '',
  'json',
  '5s',
];
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(...texts, null, true, 0, -1, 1.5, 2 ** 60),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie('any'), { maxKeys: 5 }),
  ),
})).any;
const record = fc.record(
  {
    name: fc.oneof(fc.constantFrom('a', 'b'), value),
    kind: fc.oneof(fc.constantFrom(...texts), value),
    meta: value,
    source: value,
    imports: value,
    modules: value,
  },
  { requiredKeys: [] },
);
const file = fc.oneof(
  fc.record(
    {
      namespace: fc.oneof(fc.constant('app'), value),
      entries: fc.oneof(fc.array(record, { maxLength: 4 }), value),
    },
    { requiredKeys: [] },
  ),
  value,
);
const settings = fc.dictionary(
  fc.constantFrom('name', 'source', 'temporal', 'override', 'disable', 'env', 'extensions', 'registry'),
  fc.oneof(
    value,
    fc.dictionary(fc.constantFrom('app:a:kind', 'app:a:meta.x', 'x', 'entries', 'namespaces'), value),
  ),
);

it('gives diagnostics or an app for files of any shape', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(file, settings, async (index, config) => {
      const result = await prepareFiles({
        '_index.yaml': JSON.stringify(index),
        'moontide.yaml': JSON.stringify(config),
        'a.lua': 'return 1\n',
        'wippy.lock': JSON.stringify({ directories: index, modules: index }),
        '.wippy.yaml': JSON.stringify(config),
      });
      if (result.ok) return;
      expect(result.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
      for (const { place, message } of result.diagnostics) {
        expect(place.file).not.toBe('');
        expect(message).toMatch(/^[^\n]+$/);
      }
    }),
    { numRuns: 300 },
  );
});
