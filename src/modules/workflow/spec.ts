// The `workflow` module: what only a workflow can do. Sealed; its commands are answered by the durable host.
// `workflow.exec` { target, args } -> list of all returned values of the child workflow
// `workflow.version` { change, min, max } -> the version of the change in this run, an integer
// `workflow.attrs` { search?, memo? } -> null
import { LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { defineModuleSpec, fn } from '../../lua/module.js';
import { Arguments } from '../../lua/instance/arguments.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { argumentList } from '../../lua/instance/data-list.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { command, decision } from '../../lua/suspend.js';
import type { Answer } from '../../lua/suspend.js';
import { luaType } from '../../lua/values.js';
import type { HostResult } from '../../lua/values.js';
import { await_ } from './await.js';
import { continue_as_new, with_options } from './continue.js';
import { query, update } from './declare.js';
import { get_current_details, set_current_details } from './details.js';
import { inside } from './inside.js';
import { saga, SagaType } from './saga.js';
import { scope, ScopeType } from './scope.js';
import { shielded } from './shielded.js';

const fact = (name: string) => inside(name, (_call, facts) => numberOf(facts()[name]));

const numberOf = (value: Data | undefined): number | bigint | undefined =>
  typeof value === 'number' || typeof value === 'bigint'
    ? value
    : value instanceof LuaFloat
      ? value.n
      : undefined;

const results =
  ({ instance }: HostCall) =>
  (answer: Answer): HostResult => {
    if (!answer.ok) return [undefined, errorFromData(answer.error)];
    const values = Array.isArray(answer.value) ? answer.value : [answer.value];
    return values.map((value) => fromData(value, () => instance.newTable()));
  };

const exec = fn(
  'Runs a workflow as a child of this one and waits for its result.',
  ['target: string', '...: any'],
  ['any', 'Error?'],
  inside('exec', (call, _facts, [target, ...args]) => {
    if (typeof target !== 'string' || target === '')
      return failure('Invalid', `the workflow to run is an id 'namespace:name', got ${luaType(target)}`);
    const list = argumentList(args, `'${target}'`);
    return list.ok ? command({ type: 'workflow.exec', target, args: list.data }, results(call)) : list.result;
  }),
  ['Invalid', 'NotFound', 'Timeout', 'Canceled'],
);

const version = fn(
  'Which side of a code change this run is on: runs that passed here before keep their number, others get max.',
  ['change: string', 'min: integer', 'max: integer'],
  ['integer?', 'Error?'],
  inside('version', (call, _facts, values) => {
    const args = new Arguments(call, 'version', values);
    const [change, min, max] = [args.string(1), args.integer(2), args.integer(3)];
    if (change === '') return failure('Invalid', 'the id of the change is empty');
    if (min > max) return failure('Invalid', `min (${min}) is above max (${max})`);
    return decision({ type: 'workflow.version', change, min, max }, (answer) =>
      answer.ok ? numberOf(answer.value) : [undefined, errorFromData(answer.error)],
    );
  }),
  ['Invalid'],
);

const attrs = fn(
  'Sets search attributes and memo fields of the run; what is not named stays.',
  ['attributes: { search?: table, memo?: table }'],
  ['boolean?', 'Error?'],
  inside('attrs', (call, _facts, values) => {
    const converted = tryToData(new Arguments(call, 'attrs', values).table(1));
    if (!converted.ok) return [undefined, converted.error];
    const given = isObject(converted.data) ? converted.data : {};
    for (const key of Object.keys(given))
      if (key !== 'search' && key !== 'memo')
        return failure('Invalid', `unknown field '${key}'; attrs takes search and memo`);
    const { search, memo } = given;
    for (const [name, value] of Object.entries({ search, memo }))
      if (value !== undefined && !isObject(value) && !(Array.isArray(value) && value.length === 0))
        return failure('Invalid', `'${name}' is a table with string keys`);
    const fields = {
      ...(isObject(search) ? { search } : {}),
      ...(isObject(memo) ? { memo } : {}),
    };
    return command({ type: 'workflow.attrs', ...fields }, (answer) =>
      answer.ok ? true : [undefined, errorFromData(answer.error)],
    );
  }),
  ['Invalid'],
);

const isObject = (value: Data | undefined): value is DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat);

export const workflowSpec = defineModuleSpec({
  types: [SagaType, ScopeType],
  name: 'workflow',
  summary: 'The run of a workflow: its facts, what it can be asked, child workflows, versions of its code',
  workflow: 'sealed',
  members: {
    info: fn(
      'Facts of the run: workflow_id, run_id, workflow_type, task_queue, namespace, attempt, history_length, history_size, continue_as_new_suggested, start_time_ms, first_run_id; continued_run_id and parent_workflow_id where there are such.',
      [],
      ['table?', 'Error?'],
      inside('info', (call, facts) => fromData(facts(), () => call.instance.newTable())),
      ['Invalid'],
    ),
    exec,
    version,
    attrs,
    query,
    update,
    await: await_,
    saga,
    scope,
    shielded,
    continue_as_new,
    with_options,
    set_current_details,
    get_current_details,
    history_length: fn('Events in the history so far.', [], ['integer?', 'Error?'], fact('history_length'), [
      'Invalid',
    ]),
    history_size: fn('Bytes of the history so far.', [], ['integer?', 'Error?'], fact('history_size'), [
      'Invalid',
    ]),
  },
});
