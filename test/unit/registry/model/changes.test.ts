import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Data, LuaFloat, dataObject } from '../../../../src/core/data.js';
import {
  type Change,
  changedId,
  ChangesetError,
  invertChanges,
  type VersionedEntry,
  sameData,
  squashChanges,
  stateOf,
} from '../../../../src/registry/model/changes.js';
import { buildDelta, mentionedIds } from '../../../../src/registry/model/delta.js';
import type { Entry, EntryId } from '../../../../src/registry/model/entry.js';
import { parseEntryId } from '../../../../src/registry/model/ids.js';
import { leafHash } from '../../../../src/registry/model/state-hash.js';
import { changesAlong, versionPath } from '../../../../src/registry/model/version-path.js';
import { VersionState } from '../../../../src/registry/model/version-state.js';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const entry = (name: string, data: Record<string, Data> = {}): Entry => ({
  id: parseEntryId(name.includes(':') ? name : `app:${name}`),
  kind: 'registry.entry',
  meta: dataObject(),
  data: dataObject(data),
});

/** States over few ids, so that changes meet. */
const state: fc.Arbitrary<VersionState> = fc
  .dictionary(
    fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    fc.tuple(fc.nat(2), fc.option(fc.constantFrom('p1', 'p2'), { nil: undefined })),
    { maxKeys: 5 },
  )
  .map((chosen) =>
    stateFrom(
      Object.entries(chosen).map(([name, [value]]) => entry(name, { value })),
      (id) => chosen[id.slice(4)]?.[1],
    ),
  );
const stateFrom = (entries: Iterable<Entry>, programOf?: (id: EntryId) => string | undefined): VersionState =>
  VersionState.of(stateOf(entries, programOf).values(), sha256);
const nothing = VersionState.empty(sha256);
const plain = (of: VersionState): readonly VersionedEntry[] => of.held();
const dependsOn = (one: Entry): string[] => (one.data.needs ?? []) as string[];
const summary = (changes: readonly Change[]): string[] =>
  changes.map((change) => `${change.op} ${changedId(change)}`);

describe('changesets', () => {
  it('lead from any state to any other and back', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        const delta = buildDelta(from, to);
        expect(plain(from.apply(delta))).toEqual(plain(to));
        expect(plain(to.apply(invertChanges(delta)))).toEqual(plain(from));
        expect(buildDelta(to, to)).toEqual([]);
      }),
    );
  });

  it('squash into one change per entry with the same effect, which can still be undone', () => {
    fc.assert(
      fc.property(state, state, state, (first, second, third) => {
        const all = [...buildDelta(first, second), ...buildDelta(second, third)];
        const squashed = squashChanges(all);
        expect(new Set(squashed.map(changedId)).size).toBe(squashed.length);
        expect(plain(first.apply(squashed))).toEqual(plain(third));
        expect(plain(third.apply(invertChanges(squashed)))).toEqual(plain(first));
      }),
    );
  });

  it.each<[string, Change[], string[]]>([
    ['create and update', [create('a', 1), update('a', 1, 2)], ['create app:a']],
    ['create and delete', [create('a', 1), remove('a', 1)], []],
    ['update and delete', [update('a', 1, 2), remove('a', 2)], ['delete app:a']],
    ['delete and create', [remove('a', 1), create('a', 2)], ['update app:a']],
    ['create, delete and create', [create('a', 1), remove('a', 1), create('a', 2)], ['create app:a']],
  ])('squash %s', (_, changes, expected) => {
    expect(summary(squashChanges(changes))).toEqual(expected);
  });

  it.each<[Change[], string]>([
    [[create('a', 1), create('a', 2)], "entry 'app:a' cannot create: it is there already"],
    [[remove('a', 1), update('a', 1, 2)], "entry 'app:a' cannot update: it was deleted before"],
    [[create('a', 1), remove('a', 1), remove('a', 1)], "entry 'app:a' cannot delete: it was deleted before"],
  ])('refuse lists that no state allows', (changes, message) => {
    expect(() => squashChanges(changes)).toThrow(message);
    expect(() => squashChanges(changes)).toThrow(ChangesetError);
  });

  it('refuse a state that they do not fit, and a set with an id twice', () => {
    expect(() => nothing.apply([remove('a', 1)])).toThrow("entry 'app:a' cannot be deleted: it is not there");
    expect(() => stateFrom([entry('a')]).apply([create('a', 1)])).toThrow('it is there already');
    expect(() => stateOf([entry('a'), entry('a')])).toThrow('stands twice');
  });

  it('see a change of program as a change of the entry', () => {
    const before = stateOf([entry('a')], () => 'p1');
    const after = stateOf([entry('a')], () => 'p2');
    expect(buildDelta(before, after)).toMatchObject([
      { op: 'update', programBefore: 'p1', programAfter: 'p2' },
    ]);
  });

  it('compare data as it is on the wire', () => {
    expect(sameData(dataObject({ a: 1, b: 2 }), dataObject({ b: 2, a: 1 }))).toBe(true);
    expect(sameData(3, new LuaFloat(3))).toBe(false);
    expect(sameData(new LuaFloat(0), new LuaFloat(-0))).toBe(false);
    expect(sameData([], dataObject())).toBe(false);
    expect(sameData(dataObject({ a: null }), dataObject({ b: null }))).toBe(false);
  });
});

describe('the order of a delta', () => {
  const app = stateOf([
    entry('a-endpoint', { needs: ['app:m-router'] }),
    entry('m-router', { needs: ['app:z-server'] }),
    entry('z-server'),
  ]);

  it('creates dependencies first and deletes dependents first', () => {
    expect(summary(buildDelta(nothing, app, dependsOn))).toEqual([
      'create app:z-server',
      'create app:m-router',
      'create app:a-endpoint',
    ]);
    expect(summary(buildDelta(app, nothing, dependsOn))).toEqual([
      'delete app:a-endpoint',
      'delete app:m-router',
      'delete app:z-server',
    ]);
  });

  it('counts dependencies through entries that do not change', () => {
    const next = new Map(app);
    for (const name of ['a-endpoint', 'z-server'])
      next.set(parseEntryId(`app:${name}`), {
        entry: { ...(app.get(parseEntryId(`app:${name}`))?.entry ?? entry('x')), kind: 'new' },
        program: undefined,
      });
    expect(summary(buildDelta(app, next, dependsOn))).toEqual([
      'update app:z-server',
      'update app:a-endpoint',
    ]);
  });

  it('puts deletes before creates, ignores ids that are not there, and takes circles', () => {
    const circle = stateOf([entry('b', { needs: ['app:c', 'app:gone'] }), entry('c', { needs: ['app:b'] })]);
    expect(summary(buildDelta(app, circle, dependsOn)).slice(3)).toEqual(['create app:c', 'create app:b']);
  });

  it('does not overflow on long chains', () => {
    const chain = stateOf(
      Array.from({ length: 20_000 }, (_, index) => entry(`e${index}`, { needs: [`app:e${index + 1}`] })),
    );
    expect(summary(buildDelta(nothing, chain, dependsOn))[0]).toBe('create app:e19999');
  });

  it('finds ids that an entry mentions', () => {
    expect(
      mentionedIds(
        entry('a', { db: 'app:db', list: [dataObject({ x: 'ns:y' })], self: 'app:a', text: 'none' }),
      ),
    ).toEqual(new Set(['app:db', 'ns:y']));
  });
});

describe('the state hash', () => {
  it('is the same whichever way led to a state, and differs between states', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        const delta = buildDelta(from, to);
        expect(from.apply(delta).root).toBe(to.root);
        expect(to.apply(invertChanges(delta)).root).toBe(from.root);
        expect(to.root === from.root).toBe(delta.length === 0);
      }),
      { numRuns: 30 },
    );
  });

  it('does not depend on the order of keys, but on the program and on where an entry comes from', () => {
    const one = { entry: entry('a', { x: 1, y: 2 }), program: 'p' };
    expect(leafHash(one, sha256)).toBe(leafHash({ entry: entry('a', { y: 2, x: 1 }), program: 'p' }, sha256));
    expect(leafHash(one, sha256)).not.toBe(leafHash({ ...one, program: undefined }, sha256));
    expect(leafHash(one, sha256)).not.toBe(leafHash({ ...one, origin: 'runtime' }, sha256));
  });

  it('costs as much as the change, not as the state', () => {
    let hashed = 0;
    const counting = (text: string): string => {
      hashed += text.length;
      return sha256(text);
    };
    const entries = Array.from({ length: 20_000 }, (_, index) => entry(`e${index}`, { value: index }));
    const large = VersionState.of(stateOf(entries).values(), counting);
    hashed = 0;
    large.apply([update('e5', 5, 6)]);
    expect(hashed).toBeLessThan(12_000);
  });
});

describe('the path between versions', () => {
  const parents = new Map([
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 2], // another line from version 2
    [5, 4],
  ]);
  const path = (from: number, to: number) => versionPath(from, to, (version) => parents.get(version));

  it('goes back over what is left behind, newest first, and forward over what is to come', () => {
    expect(path(0, 3)).toEqual({ back: [], forward: [1, 2, 3] });
    expect(path(3, 1)).toEqual({ back: [3, 2], forward: [] });
    expect(path(3, 5)).toEqual({ back: [3], forward: [4, 5] });
    expect(path(4, 4)).toEqual({ back: [], forward: [] });
    expect(path(9, 0)).toBe(undefined);
  });

  it('gives the changes that lead along it, one per entry', () => {
    const sets = new Map<number, Change[]>([
      [1, [create('a', 1), create('b', 1)]],
      [2, [update('a', 1, 2), remove('b', 1)]],
      [3, [update('a', 2, 3), create('b', 3)]],
    ]);
    const along = (from: number, to: number) =>
      changesAlong(path(from, to) ?? { back: [], forward: [] }, (version) => sets.get(version) ?? []);
    expect(along(0, 3)).toEqual([create('a', 3), create('b', 3)]);
    expect(along(3, 1)).toEqual([update('b', 3, 1), update('a', 3, 1)]);
    expect(summary(along(2, 0))).toEqual(['delete app:a']);
  });
});

function create(name: string, value: number): Change {
  return { op: 'create', after: entry(name, { value }) };
}
function update(name: string, from: number, to: number): Change {
  return { op: 'update', before: entry(name, { value: from }), after: entry(name, { value: to }) };
}
function remove(name: string, value: number): Change {
  return { op: 'delete', before: entry(name, { value }) };
}
