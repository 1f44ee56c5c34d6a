// The `pg` module: processes in named groups, over the nodes of a cluster. Sealed.
// `pg.open` { scope } -> null
// `pg.join` | `pg.leave` { scope, groups } -> null
// `pg.members` { scope, group, local } -> list of PIDs; `pg.groups` { scope, local } -> list of names
// `pg.broadcast` { scope, group, local, topic, payloads } -> null
// `pg.subscribe` { scope, group? } -> { subscription, members } of one group, { subscription, groups } of all
// `pg.next` { subscription } -> list of events, as soon as there is one; empty: it has ended
// `pg.close` { subscription } -> list of the events that nobody was told
// P1: what a process has joined it has joined until it leaves or ends; releasing a handle changes nothing of that.
// P2: the members that `subscribe` gives and the events after it fit together: nothing is missing, nothing comes twice.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { ChannelType } from '../../lua/instance/channel.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import { Feed } from '../../lua/instance/feed.js';
import type { HostCall, InstanceContext } from '../../lua/instance-context.js';
import { define, defineModuleSpec, defineType, members, methodsOf } from '../../lua/module.js';
import type { Failures, NamedMethod } from '../../lua/module.js';
import { any, bytes, custom, expected, optional, Refusal, rest, table } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import { LuaTable, luaType } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';

class Group {
  readonly scope: string;
  released = false;
  constructor(scope: string) {
    this.scope = scope;
  }
}

class Subscription {
  readonly feed: Feed;
  readonly #instance: InstanceContext;
  readonly #number: number;
  #ended = false;

  constructor(instance: InstanceContext, number: number, brings: string) {
    this.#instance = instance;
    this.#number = number;
    this.feed = new Feed(instance, { type: 'pg.next', subscription: number }, brings);
  }

  /** With `flush` what has happened until now can still be received. */
  close(flush: boolean): HostResult {
    if (this.#ended) return true;
    this.#ended = true;
    this.feed.stop();
    const asked = { type: 'pg.close', subscription: this.#number };
    if (!flush) {
      this.feed.channel.discard();
      this.feed.channel.close();
      this.#instance.host.emit(asked);
      return true;
    }
    return command(asked, (answer) => {
      for (const event of answer.ok && Array.isArray(answer.value) ? answer.value : []) this.feed.push(event);
      this.feed.channel.close();
      return answer.ok ? true : [undefined, errorFromData(answer.error)];
    });
  }
}

const subscriptionMethod = methodsOf<Subscription>();

export const SubscriptionType = defineType<Subscription>(
  'Subscription',
  'Changes of groups that a program listens to. It ends with the program.',
  [
    subscriptionMethod('channel', {
      summary:
        'The channel of the changes: tables with system (`pg`), kind (`member.joined`, `member.left`), path (the group) and data (`Group`, `PIDs`). None is dropped.',
      params: [],
      returns: ['Channel'],
      run: (_call, self) => ChannelType.wrap(self.feed.channel),
    }),
    subscriptionMethod('close', {
      summary:
        'Ends it and closes its channel; what waits in it is dropped, or can still be received with `flush`.',
      params: [optional(table('options', '`flush`: boolean.'))],
      returns: ['boolean?', 'Error?'],
      returnsWrongArguments: true,
      run: (_call, self, options) => self.close(options?.get('flush') === true),
    }),
  ],
);

const answerOf =
  (then: (value: Data) => HostResult) =>
  (asked: Command): HostResult =>
    command(asked, (answer) => (answer.ok ? then(answer.value) : [undefined, errorFromData(answer.error)]));
const done = answerOf(() => true);
const toLua = (call: HostCall, value: Data): LuaValue => fromData(value, () => call.instance.newTable());

/** Why a handle cannot be used; undefined: it can. */
const released = (self: Group): ReturnType<typeof failure> | undefined =>
  self.released
    ? failure('Invalid', `the scope '${self.scope}' was released; open it again`, undefined, false)
    : undefined;

const noGroup = (): HostResult => failure('Invalid', 'the name of the group is empty', undefined, false);

/** One name or several. */
const groups = custom('group', 'string|string[]', 'Its name, or a list of names.', (value) => {
  if (typeof value === 'string')
    return value === '' ? new Refusal('the name of the group is empty') : [value];
  if (!(value instanceof LuaTable)) return expected('string or list of strings', value);
  const names: string[] = [];
  for (let index = 1; index <= value.length(); index++) {
    const name = value.get(index);
    if (typeof name !== 'string' || name === '')
      return new Refusal(`name ${index} of the list is no text, or is empty`);
    if (!names.includes(name)) names.push(name);
  }
  return names.length === 0 ? new Refusal('the list of groups is empty') : names;
});
const oneGroup = bytes('group', 'Its name.');

const method = methodsOf<Group>();
const denied = (what: string): string => `no policy allows \`pg.${what}\``;
const common = (what: string): Failures => ({
  PermissionDenied: denied(what),
  Invalid: 'a name is empty or none, or the scope was released',
});

const membership = (name: 'join' | 'leave', summary: string, fails: Failures): NamedMethod<Group> =>
  method(name, {
    summary,
    params: [groups],
    returns: ['boolean?', 'Error?'],
    fails,
    returnsWrongArguments: true,
    run: (_call, self, names) =>
      released(self) ?? done({ type: `pg.${name}`, scope: self.scope, groups: [...names] }),
  });

const membersOf = (name: string, local: boolean, summary: string): NamedMethod<Group> =>
  method(name, {
    summary,
    params: [oneGroup],
    returns: ['string[]?', 'Error?'],
    fails: common(name),
    returnsWrongArguments: true,
    run: (call, self, group) =>
      released(self) ??
      (group === ''
        ? noGroup()
        : answerOf((pids) => toLua(call, pids))({ type: 'pg.members', scope: self.scope, group, local })),
  });

const groupsOf = (name: string, local: boolean, summary: string): NamedMethod<Group> =>
  method(name, {
    summary,
    params: [],
    returns: ['string[]?', 'Error?'],
    fails: { PermissionDenied: denied(name), Invalid: 'the scope was released' },
    run: (call, self) =>
      released(self) ??
      answerOf((names) => toLua(call, names))({ type: 'pg.groups', scope: self.scope, local }),
  });

const broadcast = (name: string, local: boolean, summary: string): NamedMethod<Group> =>
  method(name, {
    summary,
    params: [
      oneGroup,
      bytes('topic', 'Not of the platform, whose topics begin with `@`.'),
      rest(any('value')),
    ],
    returns: ['boolean?', 'Error?'],
    fails: { ...common(name), Invalid: 'a name is empty, a value does not cross, or the scope was released' },
    returnsWrongArguments: true,
    run(_call, self, group, topic, values) {
      const refused = released(self);
      if (refused !== undefined) return refused;
      if (group === '') return noGroup();
      if (topic === '') return failure('Invalid', 'the topic is empty', undefined, false);
      if (topic.startsWith('@'))
        return failure('Invalid', `topic '${topic}': topics that begin with '@' belong to the platform`);
      const payloads: Data[] = [];
      for (const value of values) {
        const converted = tryToData(value);
        if (!converted.ok) return [undefined, converted.error];
        payloads.push(converted.data);
      }
      return done({ type: 'pg.broadcast', scope: self.scope, group, local, topic, payloads });
    },
  });

/** Three results: the subscription, what was there, the error. */
function subscribe(call: HostCall, self: Group, group: string | undefined): HostResult {
  const refused = released(self);
  if (refused !== undefined) return [undefined, ...refused];
  const { instance } = call;
  const asked = { type: 'pg.subscribe', scope: self.scope, ...(group === undefined ? {} : { group }) };
  return command(asked, (answer) => {
    if (!answer.ok) return [undefined, undefined, errorFromData(answer.error)];
    const { subscription = 0, members = null } = isMap(answer.value) ? answer.value : {};
    const brings = group === undefined ? `a change of groups of '${self.scope}'` : `a change of '${group}'`;
    const made = new Subscription(instance, Number(subscription), brings);
    return [SubscriptionType.wrap(made), fromData(members, () => instance.newTable()), undefined];
  });
}

export const GroupType = defineType<Group>(
  'Group',
  'A scope of process groups. Its groups are there as soon as somebody joins them.',
  [
    membership(
      'join',
      'Joins groups: all of a list, or none where one is refused. Who joins twice leaves twice.',
      { ...common('join'), RateLimited: 'a limit of the scope would be exceeded' },
    ),
    membership('leave', 'Leaves groups once.', {
      ...common('leave'),
      Invalid: 'the process is in none of them, a name is empty or none, or the scope was released',
    }),
    membersOf(
      'get_members',
      false,
      'The PIDs of the members on all nodes; one that joined several times is there as often.',
    ),
    membersOf('get_local_members', true, 'The PIDs of the members on this node.'),
    groupsOf('which_groups', false, 'The groups that have a member, in alphabetical order.'),
    groupsOf('which_local_groups', true, 'The groups that have a member on this node.'),
    broadcast(
      'broadcast',
      false,
      'Sends a message to each member once, on all nodes. It does not wait for other nodes.',
    ),
    broadcast('broadcast_local', true, 'Sends a message to each member on this node once.'),
    method('monitor', {
      summary: 'Listens to the changes of a group; gives its members of that moment.',
      params: [optional(any('group', 'Its name.', 'string'))],
      returns: ['Subscription?', 'string[]?', 'Error?'],
      fails: common('monitor'),
      run(call, self, group) {
        if (typeof group === 'string' && group !== '') return subscribe(call, self, group);
        return [
          undefined,
          ...failure('Invalid', `the group is a text that is not empty, got ${luaType(group)}`),
        ];
      },
    }),
    method('events', {
      summary: 'Listens to the changes of all groups; gives the members of each of that moment.',
      params: [],
      returns: ['Subscription?', 'table?', 'Error?'],
      fails: { PermissionDenied: denied('events'), Invalid: 'the scope was released' },
      run: (call, self) => subscribe(call, self, undefined),
    }),
    method('release', {
      summary: 'Frees the handle; what was joined stays joined.',
      params: [],
      returns: ['boolean'],
      run(_call, self) {
        self.released = true;
        return true;
      },
    }),
  ],
  { tostring: (self) => `pg.Instance(${self.scope})` },
);

export const pgSpec = defineModuleSpec({
  name: 'pg',
  summary: 'Process groups: named sets of processes, over all nodes of a cluster',
  workflow: 'recorded',
  members: members(
    define('open', {
      summary: 'Opens a scope of groups: an entry of kind pg.scope.',
      params: [bytes('id', 'Its entry id.')],
      returns: ['Group?', 'Error?'],
      fails: {
        Invalid: 'the id is empty or no text, or a workflow asks',
        Internal: 'there is no such scope',
        PermissionDenied: denied('open'),
      },
      returnsWrongArguments: true,
      workflow: 'function',
      run(_call, id) {
        if (id === '') return failure('Invalid', 'the id of the scope is empty', undefined, false);
        return answerOf(() => GroupType.wrap(new Group(id)))({ type: 'pg.open', scope: id });
      },
    }),
  ),
  types: [GroupType, SubscriptionType],
});
