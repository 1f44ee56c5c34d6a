// Starting processes and workflows: the builder, and the commands it makes. Sealed.
// `process.spawn` { target, host, args, monitored, linked, name?, context?, options?, messages? } -> PID text
// `process.exec`  { target, host, args, name?, context?, options?, messages? } -> list of all returned values
// `process.exec_update` { target, host, args, name?, context?, options?, update: { name, args } } -> list of all results of the update
//   messages: [{ topic, body: [...] }], which reach the inbox before any other; durations in options are whole milliseconds
// B1: a builder is immutable. What is wrong with its parts is told when it is used: `nil, err` of spawn and exec.
import { dataObject } from '../../core/data.js';
import type { DataObject } from '../../core/data.js';
import { cronScheduleProblem } from '../../core/cron-schedule.js';
import { DETAILS, MOST_NAME_BYTES, readOptions, RETRY_POLICY, show, SUMMARY } from '../../core/options.js';
import type { OptionTypes } from '../../core/options.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { dataList } from '../../lua/instance/data-list.js';
import type { DataList } from '../../lua/instance/data-list.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { command, promptCommand } from '../../lua/suspend.js';
import { defineUserdata, luaType } from '../../lua/values.js';
import type { HostResult, LuaUserdata, LuaValue, UserdataType } from '../../lua/values.js';
import { topicProblem } from './messages.js';

const workflowOptions: OptionTypes = {
  id: { is: 'text', most: MOST_NAME_BYTES },
  task_queue: { is: 'text', most: MOST_NAME_BYTES },
  execution_timeout: { is: 'duration' },
  run_timeout: { is: 'duration' },
  task_timeout: { is: 'duration' },
  id_conflict_policy: { is: 'choice', of: ['use_existing', 'fail', 'terminate_existing'] },
  id_reuse_policy: {
    is: 'choice',
    of: ['allow_duplicate', 'allow_duplicate_failed_only', 'reject_duplicate'],
  },
  execution_error_when_already_started: { is: 'flag' },
  retry_policy: RETRY_POLICY,
  static_summary: SUMMARY,
  static_details: DETAILS,
  cron_schedule: { is: 'text', problem: cronScheduleProblem },
  priority: { is: 'count', least: 1 },
  fairness_key: { is: 'text' },
  fairness_weight: { is: 'number' },
  memo: { is: 'table' },
  search_attributes: { is: 'table' },
  enable_eager_start: { is: 'flag' },
  start_delay: { is: 'duration' },
  parent_close_policy: { is: 'choice', of: ['terminate', 'abandon', 'request_cancel'] },
  wait_for_cancellation: { is: 'flag' },
  namespace: { is: 'text' },
};
const SPAWN_OPTIONS: OptionTypes = {
  ...Object.fromEntries(
    Object.entries(workflowOptions).map(([name, type]) => [`temporal.workflow.${name}`, type]),
  ),
  pin: { is: 'choice', of: ['tree'] },
  network: { is: 'text' },
};

interface SpawnParts {
  readonly context: Readonly<DataObject>;
  readonly options: Readonly<DataObject>;
  readonly name: string | undefined;
  readonly messages: readonly DataObject[];
  /** { name, args } of what exec_update asks. */
  readonly update: DataObject | undefined;
  /** The first thing that was wrong, as the `nil, err` to return. */
  readonly refused: HostResult | undefined;
}

class Spawner {
  readonly parts: SpawnParts;
  constructor(parts: SpawnParts) {
    this.parts = parts;
  }
  with(change: Partial<SpawnParts>): LuaUserdata<Spawner> {
    return SpawnerType.wrap(new Spawner({ ...this.parts, ...change }));
  }
  refuse(result: HostResult): LuaUserdata<Spawner> {
    return this.with({ refused: this.parts.refused ?? result });
  }
}

const EMPTY = new Spawner({
  context: dataObject(),
  options: dataObject(),
  name: undefined,
  messages: [],
  update: undefined,
  refused: undefined,
});

const invalid = (message: string): HostResult => failure('Invalid', message);

function withContext(spawner: Spawner, values: LuaValue): LuaUserdata<Spawner> {
  const converted = tryToData(values);
  if (!converted.ok) return spawner.refuse([undefined, converted.error]);
  const { data } = converted;
  if (Array.isArray(data) && data.length === 0) return spawner.with({});
  if (luaType(values) !== 'table' || typeof data !== 'object' || data === null || Array.isArray(data))
    return spawner.refuse(invalid('context values are a table with string keys'));
  return spawner.with({ context: dataObject({ ...spawner.parts.context, ...(data as DataObject) }) });
}

function withOptions(spawner: Spawner, values: LuaValue): LuaUserdata<Spawner> {
  const converted = tryToData(values);
  if (!converted.ok) return spawner.refuse([undefined, converted.error]);
  const read = readOptions(converted.data, SPAWN_OPTIONS);
  if (!read.ok) return spawner.refuse(invalid(read.problem));
  if ('network' in read.options)
    return spawner.refuse(failure('Unavailable', 'networks are not built in this version', undefined, false));
  return spawner.with({ options: dataObject({ ...spawner.parts.options, ...read.options }) });
}

function withName(spawner: Spawner, name: LuaValue): LuaUserdata<Spawner> {
  if (typeof name !== 'string' || name === '')
    return spawner.refuse(invalid('a name is a text that is not empty'));
  if (name.length > MOST_NAME_BYTES)
    return spawner.refuse(invalid(`a name has at most ${MOST_NAME_BYTES} bytes, got ${name.length}`));
  return spawner.with({ name });
}

function withMessage(spawner: Spawner, topic: LuaValue, values: readonly LuaValue[]): LuaUserdata<Spawner> {
  const problem = topicProblem(topic);
  if (problem !== undefined || typeof topic !== 'string') return spawner.refuse(invalid(problem ?? ''));
  const body = valueList(values, `message '${topic}'`);
  if (!body.ok) return spawner.refuse(body.result);
  return spawner.with({ messages: [...spawner.parts.messages, dataObject({ topic, body: body.data })] });
}

function withUpdate(spawner: Spawner, name: LuaValue, values: readonly LuaValue[]): LuaUserdata<Spawner> {
  if (typeof name !== 'string' || name === '')
    return spawner.refuse(
      invalid(`the name of the update is a text that is not empty, got ${luaType(name)}`),
    );
  const args = valueList(values, `the arguments of update '${name}'`);
  if (!args.ok) return spawner.refuse(args.result);
  return spawner.with({ update: dataObject({ name, args: args.data }) });
}

const noSecurity = (method: string) => (_call: HostCall, self: Spawner) =>
  self.refuse(failure('Unavailable', `${method} is not built in this version`, undefined, false));

/** Values of a message or of a start, or the `nil, err` that says which one does not cross. */
export const valueList = (values: readonly LuaValue[], what: string): DataList =>
  dataList(values, (place) => `value ${place} of ${what}`);

type Prepared =
  { readonly ok: true; readonly fields: DataObject } | { readonly ok: false; readonly result: HostResult };

/** Why a builder does not start in this way. */
function misuse({ update, messages }: SpawnParts, isUpdate: boolean): string | undefined {
  if (!isUpdate)
    return update === undefined
      ? undefined
      : `the start has the update ${show(update['name'] ?? null)}, which exec_update sends and answers with`;
  if (update === undefined) return 'exec_update needs an update: set it by with_update(name, ...)';
  return messages.length === 0
    ? undefined
    : 'a start has either first messages (with_message) or an update (with_update)';
}

function prepare({ parts }: Spawner, values: readonly LuaValue[], isUpdate = false): Prepared {
  if (parts.refused !== undefined) return { ok: false, result: parts.refused };
  const problem = misuse(parts, isUpdate);
  if (problem !== undefined) return { ok: false, result: invalid(problem) };
  const [target, host, ...args] = values;
  if (typeof target !== 'string' || target === '')
    return { ok: false, result: invalid(`what to start is an id 'namespace:name', got ${luaType(target)}`) };
  if (typeof host !== 'string' || host === '')
    return {
      ok: false,
      result: invalid(`the host to start '${target}' on is an id 'namespace:name', got ${luaType(host)}`),
    };
  const list = valueList(args, `the arguments of '${target}'`);
  if (!list.ok) return list;
  const asked = { target, host, args: list.data };
  if (parts === EMPTY.parts) return { ok: true, fields: asked };
  const { context, options, name, messages, update } = parts;
  return {
    ok: true,
    fields: {
      ...asked,
      ...(name === undefined ? {} : { name }),
      ...(Object.keys(context).length === 0 ? {} : { context }),
      ...(Object.keys(options).length === 0 ? {} : { options }),
      ...(messages.length === 0 ? {} : { messages: [...messages] }),
      ...(update === undefined ? {} : { update }),
    },
  };
}

interface SpawnWishes {
  readonly monitored: boolean;
  readonly linked: boolean;
}

function spawn(
  call: HostCall,
  spawner: Spawner,
  wishes: SpawnWishes,
  values: readonly LuaValue[],
): HostResult {
  const prepared = prepare(spawner, values);
  if (!prepared.ok) return prepared.result;
  return promptCommand(call, { type: 'process.spawn', ...prepared.fields, ...wishes }, (answer) => {
    if (!answer.ok) return [undefined, errorFromData(answer.error)];
    return typeof answer.value === 'string' ? answer.value : undefined;
  });
}

/** `process.exec`, or `process.exec_update`: all results, or nil and the error. */
function exec(
  call: HostCall,
  spawner: Spawner,
  values: readonly LuaValue[],
  verb: 'exec' | 'exec_update' = 'exec',
): HostResult {
  const prepared = prepare(spawner, values, verb === 'exec_update');
  if (!prepared.ok) return prepared.result;
  const { instance } = call;
  return command({ type: `process.${verb}`, ...prepared.fields }, (answer) => {
    if (!answer.ok) return [undefined, errorFromData(answer.error)];
    const results = Array.isArray(answer.value) ? answer.value : [answer.value];
    return results.map((value) => fromData(value, () => instance.newTable()));
  });
}

const SPAWNS = {
  spawn: { monitored: false, linked: false },
  spawn_monitored: { monitored: true, linked: false },
  spawn_linked: { monitored: false, linked: true },
  spawn_linked_monitored: { monitored: true, linked: true },
} as const;
export const SPAWN_NAMES = Object.keys(SPAWNS) as readonly (keyof typeof SPAWNS)[];

export const SpawnerType: UserdataType<Spawner> = defineUserdata<Spawner>('SpawnBuilder', {
  with_context: (_call, self, values) => withContext(self, values),
  with_options: (_call, self, values) => withOptions(self, values),
  with_name: (_call, self, name) => withName(self, name),
  with_message: (_call, self, topic, ...values) => withMessage(self, topic, values),
  with_update: (_call, self, name, ...values) => withUpdate(self, name, values),
  with_actor: noSecurity('with_actor'),
  with_scope: noSecurity('with_scope'),
  spawn: (call, self, ...values) => spawn(call, self, SPAWNS.spawn, values),
  spawn_monitored: (call, self, ...values) => spawn(call, self, SPAWNS.spawn_monitored, values),
  spawn_linked: (call, self, ...values) => spawn(call, self, SPAWNS.spawn_linked, values),
  spawn_linked_monitored: (call, self, ...values) => spawn(call, self, SPAWNS.spawn_linked_monitored, values),
  exec: (call, self, ...values) => exec(call, self, values),
  exec_update: (call, self, ...values) => exec(call, self, values, 'exec_update'),
});

export const plainSpawn = (
  call: HostCall,
  name: keyof typeof SPAWNS,
  values: readonly LuaValue[],
): HostResult => spawn(call, EMPTY, SPAWNS[name], values);
export const plainExec = (call: HostCall, values: readonly LuaValue[]): HostResult =>
  exec(call, EMPTY, values);
export const builderWithContext = (values: LuaValue): HostResult => withContext(EMPTY, values);
export const builderWithOptions = (values: LuaValue): HostResult => withOptions(EMPTY, values);
