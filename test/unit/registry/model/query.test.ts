import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Data, dataObject, LuaFloat } from '../../../../src/core/data.js';
import { expressionMatcher } from '../../../../src/registry/expressions.js';
import { buildDelta } from '../../../../src/registry/model/delta.js';
import type { Entry } from '../../../../src/registry/model/entry.js';
import { parseEntryId } from '../../../../src/registry/model/ids.js';
import { globMatcher, parseQuery, type Filter } from '../../../../src/registry/model/query.js';
import { VersionState } from '../../../../src/registry/model/version-state.js';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const make = (
  id: string,
  kind: string,
  meta: Record<string, Data> = {},
  data: Record<string, Data> = {},
): Entry => ({
  id: parseEntryId(id),
  kind,
  meta: dataObject(meta),
  data: dataObject(data),
});
const entries = [
  make('app:main', 'function.lua', { type: 'test', order: 3, tags: ['api', 'users'], path: '/api/users' }),
  make('app.api:get_user', 'http.endpoint', {
    router: 'app:api',
    name: 'user handler',
    command: dataObject({ name: 'go' }),
  }),
  make('app.api.v2:get', 'http.endpoint', { on: true, ratio: new LuaFloat(3), 'a.b': 'dotted' }),
  make('lib:text', 'library.lua', {}, { source: 'return 1', pool: dataObject({ size: 2 }) }),
  make('lib:none', 'function.lua.bc'),
];
const find = (filter: Filter, loose = false): string[] => {
  const { matches } = parseQuery(filter, { expression: expressionMatcher, loose });
  return entries.filter(matches).map(({ id }) => id);
};

describe('a query', () => {
  it.each<[string, Filter, string[]]>([
    ['nothing', {}, entries.map(({ id }) => id)],
    ['a kind', { '.kind': 'http.endpoint' }, ['app.api:get_user', 'app.api.v2:get']],
    ['a namespace and a kind', { '.kind': 'http.endpoint', '.ns': 'app.api' }, ['app.api:get_user']],
    ['a name', { '.name': 'main' }, ['app:main']],
    ['an id', { '.id': 'lib:text' }, ['lib:text']],
    ['a glob of kinds', { '.kind': 'function.*' }, ['app:main']],
    ['a glob over segments', { '.kind': 'function.**' }, ['app:main', 'lib:none']],
    ['namespaces below', { '.ns': 'app.**' }, ['app:main', 'app.api:get_user', 'app.api.v2:get']],
    ['a field of meta', { 'meta.type': 'test' }, ['app:main']],
    ['a nested filter', { meta: dataObject({ type: 'test' }) }, ['app:main']],
    ['a nested field', { 'meta.command.name': 'go' }, ['app.api:get_user']],
    [
      'a nested filter of a nested field',
      { 'meta.command': dataObject({ name: 'go' }) },
      ['app.api:get_user'],
    ],
    ['a field with a dot in its name', { 'meta.a.b': 'dotted' }, ['app.api.v2:get']],
    ['a number', { 'meta.order': 3 }, ['app:main']],
    ['no float where an integer is asked for', { 'meta.ratio': 3 }, []],
    ['a boolean', { 'meta.on': true }, ['app.api.v2:get']],
    ['a whole list', { 'meta.tags': ['api', 'users'] }, ['app:main']],
    ['a field of the data', { 'data.pool.size': 2 }, ['lib:text']],
    ['a regular expression', { '~meta.path': '/api/.*' }, ['app:main']],
    ['a regular expression of a kind', { '~.kind': '^http' }, ['app.api:get_user', 'app.api.v2:get']],
    ['an item of a list', { '*meta.tags': 'users' }, ['app:main']],
    ['a part of a text', { '*meta.name': 'hand' }, ['app.api:get_user']],
    ['a beginning', { '^meta.name': 'user' }, ['app.api:get_user']],
    ['an end', { '$meta.name': 'handler' }, ['app.api:get_user']],
    ['a glob in meta, which crosses separators', { 'meta.path': '/api*' }, ['app:main']],
    ['a field that nothing has', { 'meta.none': 'x' }, []],
    ['plain names of fields', { kind: 'library.lua', namespace: 'lib' }, ['lib:text']],
    ['a plain key that names no field', { color: 'red', kind: 'library.lua' }, ['lib:text']],
  ])('finds %s', (_, filter, expected) => {
    expect(find(filter)).toEqual(expected);
  });

  it('takes the text of a command line for any scalar', () => {
    expect(find({ 'meta.on': 'true' }, true)).toEqual(['app.api.v2:get']);
    expect(find({ 'meta.order': '3' }, true)).toEqual(['app:main']);
    expect(find({ 'meta.order': '3' })).toEqual([]);
  });

  it.each<[Filter, string]>([
    [{ '.color': 'red' }, "unknown field '.color' in a filter; use .kind, .ns, .name, .id, or meta.<field>"],
    [{ '~meta.x': '(' }, "'(' is not a regular expression"],
    [{ '^meta.x': 3 }, "'^meta.x' of a filter takes a text"],
    [{ meta: 'x' }, "'meta' of a filter is a table of fields"],
  ])('says what is wrong with %j', (filter, message) => {
    expect(() => find(filter)).toThrow(message);
  });

  it('is not slowed down by hostile expressions and globs', () => {
    const text = 'a'.repeat(5_000);
    const started = performance.now();
    expect(expressionMatcher('^(a+)+$')(`${text}!`)).toBe(false);
    expect(globMatcher('**a**a**a**a**a**b')(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('indexes', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'd');
  const one = fc
    .tuple(fc.nat(400), fc.constantFrom('k1', 'k2'), names, fc.oneof(names, fc.nat(2), fc.boolean()))
    .map(([number, kind, type, group]) => make(`n${number % 7}:e${number}`, kind, { type, group }));
  const many = fc.uniqueArray(one, { minLength: 60, maxLength: 200, selector: ({ id }) => id });
  const stateOf = (list: readonly Entry[]): VersionState =>
    VersionState.of(
      list.map((entry) => ({ entry, program: undefined })),
      sha256,
    );
  const filters: Filter[] = [
    { '.kind': 'k1' },
    { '.kind': 'k1', 'meta.type': 'a' },
    { '.kind': 'k2', 'meta.group': 1 },
    { 'meta.type': 'b', 'meta.group': true },
    { '.ns': 'n3', '.kind': 'k1' },
    { '.name': 'e5' },
    { '.id': 'n5:e5' },
    { '.kind': 'k1', '~meta.type': 'a|b' },
  ];

  it('find what looking through all entries finds, in this version and the ones that follow', () => {
    fc.assert(
      fc.property(many, many, (first, second) => {
        let state = stateOf(first);
        const check = (of: VersionState): void => {
          for (const filter of filters) {
            const query = parseQuery(filter, { expression: expressionMatcher });
            expect(of.find(query)).toEqual(of.all().filter(query.matches));
          }
        };
        check(state);
        const before = state;
        for (const change of buildDelta(state, stateOf(second))) state = state.apply([change]);
        check(state);
        check(before);
        expect(state.root).toBe(stateOf(second).root);
      }),
      { numRuns: 15 },
    );
  });

  it('know what depends on an entry', () => {
    const needs = (entry: Entry): string[] => (entry.data.needs ?? []) as string[];
    let state = stateOf([
      make('a:x', 'k', {}, { needs: ['a:z', 'a:z'] }),
      make('a:y', 'k'),
      make('a:z', 'k'),
    ]);
    const dependents = (id: string) => state.dependents(id, 'needs', needs).map((entry) => entry.id);
    expect(dependents('a:z')).toEqual(['a:x']);
    const after = make('a:y', 'k', {}, { needs: ['a:z', 'a:x'] });
    state = state.apply([{ op: 'update', before: make('a:y', 'k'), after }]);
    expect(dependents('a:z')).toEqual(['a:x', 'a:y']);
    expect(dependents('a:x')).toEqual(['a:y']);
    state = state.apply([{ op: 'delete', before: after }]);
    expect(dependents('a:x')).toEqual([]);
  });
});
