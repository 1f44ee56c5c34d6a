// What services are made of entries: orders, groups, and what is refused.
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../../src/core/data.js';
import type { DataObject } from '../../../src/core/data.js';
import type { Entry } from '../../../src/registry/model/entry.js';
import { kinds } from '../../../src/services/kinds.js';
import {
  circularServices,
  groupProblems,
  serviceSpecs,
} from '../../../src/services/supervision/service-specs.js';
import { securityProblems, unenforced } from '../../../src/services/supervision/service-security.js';

const entry = (name: string, kind: string, data: Readonly<DataObject>): Entry => ({
  id: `app:${name}` as Entry['id'],
  kind,
  meta: dataObject({}),
  data,
});
const service = (name: string, lifecycle: Readonly<DataObject> = {}): Entry =>
  entry(name, 'process.service', dataObject({ lifecycle: dataObject(lifecycle) }));
const group = (name: string, children: readonly string[], more: Readonly<DataObject> = {}): Entry =>
  entry(name, 'process.supervisor', dataObject({ children: children.map((each) => `app:${each}`), ...more }));
const specs = (...entries: readonly Entry[]) => serviceSpecs(entries, kinds);
const placeOf = (id: string, pointer: string) => ({ file: `${id}${pointer}`, line: 1, column: 1 });
const told = (...entries: readonly Entry[]): string[] =>
  [...groupProblems(entries, placeOf), ...circularServices(specs(...entries), (id) => placeOf(id, ''))].map(
    ({ place, message, fix }) => `${place.file}: ${message}; ${fix ?? ''}`,
  );

describe('services of an app', () => {
  it('of a supervisor start after what is before them there, and what its supervisors require', () => {
    const found = specs(
      service('db'),
      group('outer', ['a', 'inner', 'd'], { lifecycle: dataObject({ requires: ['app:db'] }) }),
      group('inner', ['b', 'c']),
      group('empty', []),
      ...['a', 'b', 'c', 'd'].map((name) => service(name)),
      service('user', { requires: ['app:inner'] }),
    );
    const brief = Object.fromEntries(
      found.map(({ id, requires, after = [], group: of = '' }) => [
        id.slice(4),
        [requires.join(' '), after.join(' '), of],
      ]),
    );
    expect(brief).toEqual({
      db: ['', '', ''],
      outer: ['app:db', '', ''],
      inner: ['app:db', '', 'app:outer'],
      empty: ['', '', ''],
      a: ['app:db', '', 'app:outer'],
      b: ['app:db', 'app:a', 'app:inner'],
      c: ['app:db', 'app:b', 'app:inner'],
      d: ['app:db', 'app:b app:c', 'app:outer'],
      user: ['app:b app:c', '', ''],
    });
    expect(found.find(({ id }) => id === 'app:inner')?.supervises).toEqual({
      strategy: 'one_for_one',
      maxRestarts: 3,
      withinMs: 5000,
      children: ['app:b', 'app:c'],
    });
  });

  it('are refused where a supervisor cannot have them', () => {
    expect(told(group('one', ['a']), group('two', ['a']), service('a'))).toEqual([
      "app:two/children/0: 'app:a' is a child of 'app:one' already; a service is a child of one supervisor; drop one of the two",
    ]);
    expect(told(group('one', ['a', 'a']), service('a'))).toEqual([
      "app:one/children/1: 'app:a' is twice a child of 'app:one'; a service is a child of one supervisor; drop one of the two",
    ]);
    expect(told(group('one', ['two']), group('two', ['one']))).toEqual([
      "app:two/children/0: supervisors are each other's children: app:two -> app:one; drop one of the two",
    ]);
    expect(told(group('one', ['a']), service('a', { placement: 'every_node' }))[0]).toMatch(
      /^app:a\/lifecycle\/placement: a child of a supervisor runs on one node, and 'app:a' says every_node; /,
    );
    expect(told(group('one', ['a']), service('a', { restart: dataObject({}) }))[0]).toMatch(
      /^app:a\/lifecycle\/restart: when 'app:a' starts again is said by its supervisor 'app:one'; drop 'restart'/,
    );
  });

  it('are named where nothing holds them to what their security says', () => {
    const actor = dataObject({ id: 'service:b' });
    const scoped = dataObject({ actor, policies: ['app:p'] });
    const told = unenforced([
      service('a'),
      service('b', { security: dataObject({ actor }) }),
      service('d', { security: scoped }),
      service('c', { security: scoped }),
      entry(
        'door',
        'http.service',
        dataObject({ lifecycle: dataObject({ security: dataObject({ actor }) }) }),
      ),
    ]);
    expect([...told].map(([sentence, ids]) => [sentence.slice(0, 26), ids])).toEqual([
      ['policies are not evaluated', ['app:c', 'app:d']],
      ["'lifecycle.security' count", ['app:door']],
    ]);
  });

  it('are refused where they name a policy group that no policy is of', () => {
    const policy = entry('p', 'security.policy', dataObject({ groups: ['mailers'] }));
    const groups = ['mailers', 'app:mailers', 'mailer'];
    expect(
      securityProblems([policy, service('a', { security: dataObject({ groups }) })], placeOf).map(
        ({ place, message }) => `${place.file}: ${message}`,
      ),
    ).toEqual(["app:a/lifecycle/security/groups/2: no policy is of the group 'mailer'"]);
  });

  it('are refused where an order within a supervisor goes in a circle with what they require', () => {
    expect(told(group('one', ['a', 'b']), service('a', { requires: ['app:b'] }), service('b'))).toEqual([
      'app:a: services require each other in a circle: app:a -> app:b -> app:a; drop one of the requirements; none of them could ever start',
    ]);
    expect(told(group('one', ['a']), service('a', { requires: ['app:one'] }))[0]).toMatch(
      /circle: app:a -> app:a;/,
    );
  });
});
