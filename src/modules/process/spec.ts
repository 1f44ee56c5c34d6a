// The `process` module, always there: who I am, messages, starting and ending processes. Sealed.
// `process.send` { to, topic, payloads } -> null
// `process.query|update` { to, name, args } -> list of all results
// `process.terminate|monitor|unmonitor|link|unlink` { to } -> null; `process.cancel` { to, reason?, deadline_ms? } -> null
// `process.options` { trap_links?, upgradable? } -> null
// `process.upgrade` { target?, args } -> nothing: another program goes on
// `process.register` { name, pid, scope } -> null; `process.lookup` { name } -> PID text; `process.unregister` { name, scope } -> boolean
//   to: PID text or registered name; pid: PID text, the own one by default; scope: see SCOPES
// Those of starting are in spawner.ts.
import type { Command } from '../../core/command.js';
import { LuaFloat } from '../../core/data.js';
import { DurationError, parseDurationMs } from '../../core/durations.js';
import type { ErrorKind } from '../../core/errors.js';
import { constant, defineModuleSpec, describeType, fn, signature, table } from '../../lua/module.js';
import type { FunctionSpec, MemberSpec } from '../../lua/module.js';
import { asNumber, asText } from '../../lua/instance/arguments.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure, newError } from '../../lua/instance/error-object.js';
import type { HostCall, InstanceContext } from '../../lua/instance-context.js';
import type { Answer } from '../../lua/suspend.js';
import { command, promptCommand } from '../../lua/suspend.js';
import { LuaError, LuaTable, luaType } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { events, inbox, listen, MessageType, topicProblem, unlisten } from './messages.js';
import {
  builderWithContext,
  builderWithOptions,
  valueList,
  plainExec,
  plainSpawn,
  SPAWN_NAMES,
  SpawnerType,
} from './spawner.js';

interface OwnOptions {
  trapLinks: boolean;
  upgradable: boolean;
}
const OWN_OPTIONS = {};
const ownOptions = (instance: InstanceContext): OwnOptions =>
  instance.state(OWN_OPTIONS, () => {
    const { trapsLinks = false, isUpgradable = false } = instance.host;
    return { trapLinks: trapsLinks, upgradable: isUpgradable };
  });

function setOptions(instance: InstanceContext, options: LuaValue): HostResult {
  if (!(options instanceof LuaTable))
    return failure('Invalid', `options are a table, got ${luaType(options)}`);
  for (const [key, value] of options.entries()) {
    if (key !== 'trap_links' && key !== 'upgradable')
      return failure(
        'Invalid',
        `unknown option '${asText(key) ?? luaType(key)}'; there are trap_links and upgradable`,
      );
    if (typeof value !== 'boolean')
      return failure('Invalid', `option '${key}' is true or false, got ${luaType(value)}`);
  }
  const own = ownOptions(instance);
  const [trapLinks, upgradable] = [options.get('trap_links'), options.get('upgradable')];
  const asked = {
    type: 'process.options',
    ...(typeof trapLinks === 'boolean' ? { trap_links: trapLinks } : {}),
    ...(typeof upgradable === 'boolean' ? { upgradable } : {}),
  };
  return command(asked, (answer) => {
    if (!answer.ok) return [undefined, errorFromData(answer.error)];
    if (typeof trapLinks === 'boolean') own.trapLinks = trapLinks;
    if (typeof upgradable === 'boolean') own.upgradable = upgradable;
    return true;
  });
}

/** How far a name reaches. */
const SCOPES = { LOCAL: 0, EVENTUAL: 1, CONSISTENT: 2, STRONG: 3 } as const;

const doneOrError = (answer: Answer): HostResult =>
  answer.ok ? true : [undefined, errorFromData(answer.error)];

/** A command whose only answer is that it was done. */
const done = (asked: Command): HostResult => command(asked, doneOrError);

const isText = (value: LuaValue): value is string => typeof value === 'string' && value !== '';

const noDestination = (value: LuaValue): HostResult =>
  failure('Invalid', `the destination is a PID or a registered name, got ${luaType(value)}`);

const toDestination = (verb: string, summary: string, kinds: readonly ErrorKind[]): FunctionSpec =>
  fn(
    summary,
    ['destination: string'],
    ['boolean?', 'Error?'],
    (_call, to) => (isText(to) ? done({ type: `process.${verb}`, to }) : noDestination(to)),
    ['Invalid', ...kinds],
  );

const spawnSummary = {
  spawn: 'Starts a process on a host, or a workflow on a temporal.worker; gives its PID.',
  spawn_monitored: 'Starts as spawn does; its end comes as an EXIT event.',
  spawn_linked: 'Starts as spawn does; its abnormal end comes as LINK_DOWN, or ends this process.',
  spawn_linked_monitored: 'Starts as spawn does, linked and monitored.',
} as const;

const spawns: Record<string, MemberSpec> = Object.fromEntries(
  SPAWN_NAMES.map((name) => [
    name,
    fn(
      spawnSummary[name],
      ['id: string', 'host: string', '...: any'],
      ['string?', 'Error?'],
      (call, ...values) => plainSpawn(call, name, values),
      ['Invalid', 'NotFound', 'AlreadyExists', 'Unavailable'],
    ),
  ]),
);

const send = fn(
  'Sends a message to a process or workflow, by PID or name. In a workflow the message is a signal.',
  ['destination: string', 'topic: string', '...: any'],
  ['boolean?', 'Error?'],
  (call, to, topic, ...values) => {
    if (!isText(to)) return noDestination(to);
    const problem = topicProblem(topic);
    if (problem !== undefined || !isText(topic)) return failure('Invalid', problem ?? 'the topic is empty');
    const list = valueList(values, `message '${topic}'`);
    if (!list.ok) return list.result;
    return promptCommand(call, { type: 'process.send', to, topic, payloads: list.data }, doneOrError);
  },
  ['Invalid', 'NotFound'],
);

const cancel = fn(
  'Asks a process to end: it gets a CANCEL event with the reason. With a deadline, a duration from now, it is ended when it has not ended by then.',
  ['destination: string', 'reason?: string', 'deadline?: Duration | string | integer'],
  ['boolean?', 'Error?'],
  (_call, to, reason, deadline) => {
    if (!isText(to)) return noDestination(to);
    if (reason !== undefined && typeof reason !== 'string')
      return failure('Invalid', `the reason is a text, got ${luaType(reason)}`);
    const within = deadline === undefined ? undefined : deadlineMs(deadline);
    if (typeof within === 'string') return failure('Invalid', within);
    return done({
      type: 'process.cancel',
      to,
      ...(reason === undefined ? {} : { reason }),
      ...(within === undefined ? {} : { deadline_ms: within }),
    });
  },
  ['Invalid', 'NotFound', 'Unavailable'],
);

/** Whole milliseconds, or what is wrong with it. A number is nanoseconds; a Duration crosses as its text. */
function deadlineMs(value: LuaValue): number | string {
  const converted = tryToData(value);
  const given = converted.ok ? converted.data : null;
  const nanoseconds = given instanceof LuaFloat ? given.n : given;
  try {
    const ms = typeof nanoseconds === 'string' ? parseDurationMs(nanoseconds) : Number(nanoseconds) / 1e6;
    if (typeof nanoseconds !== 'object' && typeof nanoseconds !== 'boolean' && ms >= 0) return Math.ceil(ms);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    return `the deadline is wrong: ${error.message}`;
  }
  return `the deadline is a duration from now ('5s', or nanoseconds), got ${luaType(value)}`;
}

const ask = (verb: 'query' | 'update', summary: string): FunctionSpec =>
  fn(
    summary,
    ['destination: string', 'name: string', '...: any'],
    ['any', 'Error?'],
    (call, to, name, ...values) => {
      if (!isText(to)) return noDestination(to);
      if (!isText(name))
        return failure(
          'Invalid',
          `the name of the ${verb} is a text that is not empty, got ${luaType(name)}`,
        );
      const list = valueList(values, `the arguments of ${verb} '${name}'`);
      if (!list.ok) return list.result;
      const { instance } = call;
      return command({ type: `process.${verb}`, to, name, args: list.data }, (answer) => {
        if (!answer.ok) return [undefined, errorFromData(answer.error)];
        const results = Array.isArray(answer.value) ? answer.value : [answer.value];
        return results.map((value) => fromData(value, () => instance.newTable()));
      });
    },
    ['Invalid', 'NotFound', 'Timeout', 'Unavailable'],
  );

/** Raises what is wrong, so that who does not look at it does not go on as the old program. */
function upgrade({ instance }: HostCall, target: LuaValue, ...values: readonly LuaValue[]): HostResult {
  const refuse = (kind: ErrorKind, message: string): LuaError =>
    new LuaError(newError({ kind, message, retryable: false }));
  if (target !== undefined && !isText(target))
    throw refuse(
      'Invalid',
      `the id is a text that is not empty, or nil for the same entry, got ${luaType(target)}`,
    );
  if (instance.host.place === 'workflow')
    throw refuse('Unavailable', 'a workflow goes on as a newer program by workflow.continue_as_new');
  const list = valueList(values, 'the arguments of the upgrade');
  if (!list.ok) throw refuse('Invalid', 'an argument of the upgrade does not cross to another program');
  const asked = { type: 'process.upgrade', args: list.data, ...(target === undefined ? {} : { target }) };
  return command(asked, (answer) => {
    if (!answer.ok) throw new LuaError(errorFromData(answer.error));
    return [];
  });
}

/** The scope's number; undefined when it is none. */
function scopeOf(value: LuaValue): number | undefined {
  const scope = value === undefined ? SCOPES.LOCAL : asNumber(value);
  return Object.values(SCOPES).find((one) => one === scope);
}

const noName = (value: LuaValue): HostResult =>
  failure('Invalid', `a name is a text that is not empty, got ${luaType(value)}`);
const noScope = (): HostResult =>
  failure('Invalid', `a scope is one of process.registry.${Object.keys(SCOPES).join(', ')}`);

const registry = table({
  register: fn(
    'Gives a process a name. The same name for the same PID again changes nothing.',
    ['name: string', 'pid?: string', 'scope?: integer'],
    ['boolean?', 'Error?'],
    (call, name, pid, scope) => {
      if (!isText(name)) return noName(name);
      const known = scopeOf(scope);
      if (known === undefined) return noScope();
      if (pid !== undefined && !isText(pid)) return noDestination(pid);
      return done({ type: 'process.register', name, pid: pid ?? call.instance.host.pid, scope: known });
    },
    ['Invalid', 'NotFound', 'AlreadyExists'],
  ),
  lookup: fn(
    'The PID that a name stands for.',
    ['name: string'],
    ['string?', 'Error?'],
    (_call, name) => {
      if (!isText(name)) return noName(name);
      return command({ type: 'process.lookup', name }, (answer) => {
        if (!answer.ok) return [undefined, errorFromData(answer.error)];
        if (typeof answer.value === 'string') return answer.value;
        return failure('NotFound', `no process has the name '${name}'`);
      });
    },
    ['Invalid', 'NotFound'],
  ),
  unregister: fn(
    'Takes a name away; false when it was not there.',
    ['name: string', 'scope?: integer'],
    ['boolean?', 'Error?'],
    (_call, name, scope) => {
      if (!isText(name)) return noName(name);
      const known = scopeOf(scope);
      if (known === undefined) return noScope();
      return command({ type: 'process.unregister', name, scope: known }, (answer) =>
        answer.ok ? answer.value === true : [undefined, errorFromData(answer.error)],
      );
    },
    ['Invalid'],
  ),
  ...Object.fromEntries(Object.entries(SCOPES).map(([name, value]) => [name, constant(value)])),
});

describeType(MessageType, 'A message as it came.', {
  topic: signature('What it is about.', [], ['string']),
  from: signature('The PID of who sent it; nil where nobody knows.', [], ['string?']),
  payload: signature(
    'Its payloads, one result each; one without a value for a message that carries nothing.',
    [],
    ['payload'],
  ),
});
const STARTED = ['id: string', 'host: string', '...: any'];
const startedBy = (what: string): ReturnType<typeof signature> =>
  signature(what, STARTED, ['string?', 'Error?'], ['Invalid', 'NotFound', 'AlreadyExists', 'Unavailable']);
const setting = (what: string, params: readonly string[]): ReturnType<typeof signature> =>
  signature(what, params, ['SpawnBuilder']);
describeType(
  SpawnerType,
  'Starts with context, options and first messages. Never changed: each method that sets something gives a new one, and what is wrong with it is the error of the start.',
  {
    with_context: setting('Adds context values to what the starter has.', ['values: table']),
    with_options: setting(
      'Sets options, such as `temporal.workflow.id`; durations are text or milliseconds.',
      ['options: table'],
    ),
    with_name: setting(
      'Names what is started: of a workflow, its id. One that runs under it already is joined.',
      ['name: string'],
    ),
    with_message: setting('A message that is there before any other.', ['topic: string', '...: any']),
    with_update: setting('The update that exec_update sends; the last one set counts.', [
      'name: string',
      '...: any',
    ]),
    with_actor: setting('Not built in this version: the start is refused as Unavailable.', ['actor: any']),
    with_scope: setting('Not built in this version: the start is refused as Unavailable.', ['scope: any']),
    spawn: startedBy('Starts it; gives its PID.'),
    spawn_monitored: startedBy('Starts it; its end comes as an EXIT event.'),
    spawn_linked: startedBy('Starts it, linked.'),
    spawn_linked_monitored: startedBy('Starts it, linked and monitored.'),
    exec: signature(
      'Starts it and waits for its result.',
      STARTED,
      ['any', 'Error?'],
      ['Invalid', 'NotFound', 'Timeout', 'Canceled', 'Unavailable'],
    ),
    exec_update: signature(
      'Starts a workflow where none runs under its name, sends it the update of with_update, and gives what that answers. One request: nobody sees the workflow without the update. A workflow that refuses the update goes on.',
      STARTED,
      ['any', 'Error?'],
      ['Invalid', 'NotFound', 'AlreadyExists', 'Timeout', 'Unavailable'],
    ),
  },
);

export const processSpec = defineModuleSpec({
  name: 'process',
  summary: 'Processes: messages, events, starting and ending others',
  workflow: 'sealed',
  members: {
    pid: fn('The PID of this instance.', [], ['string'], (call) => call.instance.host.pid),
    id: fn('The id of this call: that of its instance.', [], ['string'], (call) => call.instance.host.pid),
    send,
    inbox: fn('The channel of messages that no listener takes.', [], ['Channel'], inbox),
    events: fn(
      'The channel of lifecycle events: tables with kind, from, result, reason.',
      [],
      ['Channel'],
      events,
    ),
    listen: fn(
      'A channel of the messages of one topic: their payloads, or Message objects with { message = true }.',
      ['topic: string', 'options?: { message?: boolean }'],
      ['Channel?', 'Error?'],
      (call, topic, options) => listen(call, topic, options),
      ['Invalid'],
    ),
    unlisten: fn(
      'Ends a listener and closes its channel.',
      ['channel: Channel'],
      ['boolean?', 'Error?'],
      (call, channel) => unlisten(call, channel),
      ['Invalid'],
    ),
    ...spawns,
    query: ask(
      'query',
      'Asks a workflow by a query that it declared (workflow.query); gives the results. In a workflow the answer is recorded.',
    ),
    update: ask(
      'update',
      'Changes a workflow by an update that it declared (workflow.update); waits for the results. In a workflow it is recorded, and done once.',
    ),
    exec: fn(
      'Starts a process or workflow and waits for its result.',
      ['id: string', 'host: string', '...: any'],
      ['any', 'Error?'],
      (call, ...values) => plainExec(call, values),
      ['Invalid', 'NotFound', 'Timeout', 'Canceled', 'Unavailable'],
    ),
    with_context: fn(
      'A builder of starts with context values.',
      ['values: table'],
      ['SpawnBuilder'],
      (_call, values) => builderWithContext(values),
    ),
    with_options: fn(
      'A builder of starts with options, e.g. `temporal.workflow.id`; durations are text or milliseconds.',
      ['options: table'],
      ['SpawnBuilder'],
      (_call, values) => builderWithOptions(values),
    ),
    terminate: toDestination('terminate', 'Ends a process at once.', ['NotFound']),
    cancel,
    monitor: toDestination('monitor', 'The end of a process comes as an EXIT event.', [
      'NotFound',
      'Unavailable',
    ]),
    unmonitor: toDestination('unmonitor', 'Ends monitoring.', ['NotFound', 'Unavailable']),
    link: toDestination('link', 'Links two processes: the abnormal end of one comes to the other.', [
      'NotFound',
      'Unavailable',
    ]),
    unlink: toDestination('unlink', 'Ends a link.', ['NotFound', 'Unavailable']),
    get_options: fn('The options of this process: trap_links, upgradable.', [], ['table'], ({ instance }) => {
      const options = instance.newTable();
      const { trapLinks, upgradable } = ownOptions(instance);
      options.set('trap_links', trapLinks);
      options.set('upgradable', upgradable);
      return options;
    }),
    set_options: fn(
      'Sets options of this process, those that are given: with trap_links the abnormal end of a linked process is a LINK_DOWN event and does not end this one; with upgradable OUTDATED events come when its code changes.',
      ['options: { trap_links?: boolean, upgradable?: boolean }'],
      ['boolean?', 'Error?'],
      ({ instance }, options) => setOptions(instance, options),
      ['Invalid'],
    ),
    upgrade: fn(
      'Goes on as another program, or as the newest one of the same entry, under the same PID: with its bonds, names, options and the messages that were not received. It does not return; when it cannot be done the error is raised. For processes in memory.',
      ['id?: string', '...: any'],
      [],
      upgrade,
      ['Invalid', 'NotFound', 'Unavailable'],
    ),
    registry,
    event: table({
      CANCEL: constant('CANCEL'),
      EXIT: constant('EXIT'),
      LINK_DOWN: constant('LINK_DOWN'),
      OUTDATED: constant('OUTDATED'),
    }),
  },
  types: [MessageType, SpawnerType],
});
