// The `security` module: whom a program acts for. Sealed.
// S1: actor and scope are what the call came with (core/identity.ts); nothing here changes them.
// S2: policies are not evaluated in this version: who asks whether it may is told no, with the reason.
import type { Identity } from '../../core/identity.js';
import { fromData } from '../../lua/instance/convert.js';
import { newError } from '../../lua/instance/error-object.js';
import { define, defineModuleSpec, defineType, members, methodsOf } from '../../lua/module.js';
import { optional, table, text } from '../../lua/parameters.js';
import type { HostCall } from '../../lua/instance-context.js';
import type { LuaTable, LuaValue } from '../../lua/values.js';

type Actor = NonNullable<Identity['actor']>;
/** Of a scope: the same value for the same scope and id. */
interface Policy {
  readonly id: string;
}

const NOT_EVALUATED = 'policies are not evaluated in this version, so none allows anything';

function listOf({ instance }: HostCall, values: readonly LuaValue[]): LuaTable {
  const list = instance.newTable();
  for (const [at, value] of values.entries()) list.set(at + 1, value);
  return list;
}

const actorMethod = methodsOf<Actor>();
const ActorType = defineType<Actor>(
  'Actor',
  'Whom a call acts for.',
  [
    actorMethod('id', {
      summary: 'Its name, such as `service:mailer`.',
      params: [],
      returns: ['string'],
      run: (_call, self) => self.id,
    }),
    actorMethod('meta', {
      summary: 'What policies may ask of it, as a table of its own.',
      params: [],
      returns: ['table'],
      run: (call, self) => fromData(self.meta, () => call.instance.newTable()),
    }),
  ],
  { tostring: (self) => self.id },
);

const policyMethod = methodsOf<Policy>();
const PolicyType = defineType<Policy>(
  'Policy',
  'A policy of a scope.',
  [
    policyMethod('id', {
      summary: 'Its entry id.',
      params: [],
      returns: ['string'],
      run: (_call, self) => self.id,
    }),
  ],
  { tostring: (self) => self.id },
);

const scopeMethod = methodsOf<Identity>();
const ScopeType = defineType<Identity>('Scope', 'Which policies apply to a call.', [
  scopeMethod('policies', {
    summary:
      'The policies that the scope names itself; those of its groups are not looked up in this version.',
    params: [],
    returns: ['Policy[]'],
    run: (call, self) =>
      listOf(
        call,
        self.policies.map((id) => PolicyType.wrap({ id })),
      ),
  }),
  scopeMethod('groups', {
    summary: 'The names of its policy groups.',
    params: [],
    returns: ['string[]'],
    run: (call, self) => listOf(call, self.groups),
  }),
  scopeMethod('contains', {
    summary: 'Whether the scope names a policy itself.',
    params: [text('policy', 'Entry id.')],
    returns: ['boolean'],
    run: (_call, self, policy) => self.policies.includes(policy),
  }),
]);

export const securitySpec = defineModuleSpec({
  name: 'security',
  summary: 'Whom a program acts for: the actor and scope that its call came with',
  workflow: 'sealed',
  members: members(
    define('actor', {
      summary: 'Whom the call acts for; nil: nobody was named.',
      params: [],
      returns: ['Actor?'],
      run: (call) => {
        const actor = call.instance.host.identity?.actor;
        return actor === undefined ? undefined : ActorType.wrap(actor);
      },
    }),
    define('scope', {
      summary: 'Which policies apply to the call; nil: none were named.',
      params: [],
      returns: ['Scope?'],
      run: (call) => {
        const { identity } = call.instance.host;
        if (identity === undefined || identity.policies.length + identity.groups.length === 0)
          return undefined;
        return ScopeType.wrap(identity);
      },
    }),
    define('can', {
      summary:
        'Whether the policies of the call allow an action. This version evaluates none: false, and the reason.',
      params: [
        text('action', 'Such as `read`.'),
        text('resource', 'Such as `user:1`.'),
        optional(table('meta', 'What conditions may ask of the resource.')),
      ],
      returns: ['boolean', 'Error?'],
      fails: { Unavailable: 'policies are not evaluated in this version' },
      run: () => [false, newError({ kind: 'Unavailable', message: NOT_EVALUATED, retryable: false })],
    }),
  ),
  types: [ActorType, ScopeType, PolicyType],
});
