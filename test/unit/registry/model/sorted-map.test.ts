import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedMap } from '../../../../src/registry/model/sorted-map.js';

const sorted = (map: ReadonlyMap<string, number>): [string, number][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));
const key = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.nat(400).map((number) => `k${number}`),
);

describe('a sorted map', () => {
  it('holds what a plain map would, in the order of its keys, and earlier versions keep what they had', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, fc.nat(3)), { maxLength: 300 }),
        fc.array(fc.tuple(fc.boolean(), key, fc.nat(9)), { maxLength: 400 }),
        (first, steps) => {
          const plain = new Map(first);
          let map = SortedMap.of(first);
          const kept: { map: SortedMap<number>; content: [string, number][] }[] = [];
          for (const [removes, at, value] of steps) {
            if (removes) plain.delete(at);
            else plain.set(at, value);
            map = removes ? map.delete(at) : map.set(at, value);
            expect(map.size).toBe(plain.size);
            expect(map.get(at)).toBe(plain.get(at));
            if (kept.length < 5) kept.push({ map, content: sorted(plain) });
          }
          expect([...map]).toEqual(sorted(plain));
          expect(map.values()).toEqual(sorted(plain).map(([, value]) => value));
          for (const { map: earlier, content } of kept) expect([...earlier]).toEqual(content);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives ranges and ranks', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.nat()), { maxLength: 500 }), key, key, (pairs, from, to) => {
        const map = SortedMap.of(pairs);
        const keys = sorted(new Map(pairs)).map(([one]) => one);
        expect([...map.range(from, to)].map(([one]) => one)).toEqual(
          keys.filter((one) => one >= from && one < to),
        );
        expect([...map.range(from)].map(([one]) => one)).toEqual(keys.filter((one) => one >= from));
        expect(map.rank(from)).toBe(keys.filter((one) => one < from).length);
        for (const one of keys) expect(map.has(one)).toBe(true);
      }),
    );
  });

  it('empties and fills again', () => {
    let map = SortedMap.of(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, index] as const));
    for (let index = 0; index < 5_000; index++) map = map.delete(`k${(index * 7919) % 5_000}`);
    expect(map.size).toBe(0);
    expect([...map]).toEqual([]);
    expect(map.get('k1')).toBe(undefined);
    map = map.set('b', 1).set('a', 2);
    expect([...map]).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });
});
