import { describe, expect, it } from 'vitest';
import { uuidSpec } from '../../src/modules/uuid/spec.js';
import { evaluate } from './evaluate.js';

const modules = [uuidSpec];
const lua = (text: string) => evaluate(text, { modules });
const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

describe('uuid', () => {
  it('takes version 4 from the host', async () => {
    expect(await lua('return uuid.v4(), uuid.v4()')).toEqual([
      '00000000-0000-4000-8000-000000000001',
      '00000000-0000-4000-8000-000000000002',
    ]);
  });

  it('makes the known names of versions 3 and 5', async () => {
    expect(
      await lua(`return uuid.v3("${DNS}", "www.example.com"), uuid.v5("${DNS}", "www.example.com")`),
    ).toEqual(['5df41881-3aed-3515-88a7-2f4a814cf09e', '2ed6657d-e927-568b-95e1-2665a8aea6a2']);
  });

  it('makes version 7 ids that carry the time and never go backwards', async () => {
    expect(
      await lua(`local last, ok = "", true
        for i = 1, 5000 do local id = uuid.v7() if id <= last then ok = false end last = id end
        local info = uuid.parse(uuid.v7())
        return ok, info.version, info.variant, info.timestamp >= 1718461845 and info.timestamp <= 1718461847`),
    ).toEqual([true, 7, 'RFC4122', true]);
  });

  it('makes version 1 ids with time and node, each another one', async () => {
    expect(
      await lua(`local a, b = uuid.v1(), uuid.v1() local info = uuid.parse(a)
        return info.version, info.variant, info.timestamp, #info.node, a ~= b, uuid.parse(b).node == info.node`),
    ).toEqual([1, 'RFC4122', 1718461845, 12, true, true]);
  });

  it('validates any value', async () => {
    expect(
      await lua(`return uuid.validate("${DNS}"), uuid.validate("{${DNS.toUpperCase()}}"), uuid.validate("urn:uuid:${DNS}"),
        uuid.validate("6ba7b8109dad11d180b400c04fd430c8"), uuid.validate("${DNS}0"), uuid.validate(42), uuid.validate(nil)`),
    ).toEqual([true, true, true, true, false, false, false]);
  });

  it('tells version and variant', async () => {
    expect(
      await lua(`return uuid.version("${DNS}"), uuid.variant("${DNS}"),
        uuid.variant("00000000-0000-4000-c000-000000000000"), uuid.variant("00000000-0000-4000-0000-000000000000"),
        uuid.variant("00000000-0000-4000-f000-000000000000")`),
    ).toEqual([1, 'RFC4122', 'Microsoft', 'NCS', 'Future']);
    expect(await lua(`return uuid.parse("${DNS}").timestamp, uuid.parse("${DNS}").node`)).toEqual([
      886630433,
      '00c04fd430c8',
    ]);
  });

  it('formats', async () => {
    expect(
      await lua(`local id = "${DNS.toUpperCase()}"
        return uuid.format(id), uuid.format(id, "standard"), uuid.format(id, "simple"), uuid.format(id, "urn")`),
    ).toEqual([DNS, DNS, DNS.replaceAll('-', ''), `urn:uuid:${DNS}`]);
  });

  it.each([
    'uuid.version("x")',
    'uuid.variant(12)',
    'uuid.parse({})',
    `uuid.format("${DNS}", "hex")`,
    `uuid.format("${DNS}", "__proto__")`,
    'uuid.v3("nope", "x")',
    `uuid.v5("${DNS}", 12)`,
  ])('refuses %s', async (call) => {
    expect(await lua(`local v, err = ${call} return v, err:kind()`)).toEqual(['<nil>', 'Invalid']);
  });
});
