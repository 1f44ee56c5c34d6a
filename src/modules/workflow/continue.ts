// `workflow.continue_as_new`: ends the run and goes on as another, with a fresh history. Sealed.
// `workflow.continue_as_new` { args, options? } -> never answered, but with what keeps the run from it
import type { DataObject } from '../../core/data.js';
import { readOptions } from '../../core/options.js';
import type { OptionTypes } from '../../core/options.js';
import { tryToData } from '../../lua/instance/convert.js';
import { argumentList } from '../../lua/instance/data-list.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { fn } from '../../lua/module.js';
import { decision } from '../../lua/suspend.js';
import { defineUserdata } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { inside } from './inside.js';

const OPTIONS: OptionTypes = {
  pin: { is: 'choice', of: ['program'] },
  workflow: { is: 'text' },
  'temporal.workflow.task_queue': { is: 'text' },
  'temporal.workflow.run_timeout': { is: 'duration' },
  'temporal.workflow.task_timeout': { is: 'duration' },
  'temporal.workflow.start_delay': { is: 'duration' },
  'temporal.workflow.memo': { is: 'table' },
  'temporal.workflow.search_attributes': { is: 'table' },
};

/** Options of the next run. */
class NextRun {
  readonly options: DataObject | undefined;
  /** What is wrong with them, told when they are used. */
  readonly refused: HostResult | undefined;
  constructor(options: DataObject | undefined, refused?: HostResult) {
    this.options = options;
    this.refused = refused;
  }
}

function continueAsNew({ instance }: HostCall, next: NextRun, values: readonly LuaValue[]): HostResult {
  if (next.refused !== undefined) return next.refused;
  if (instance.running === 'handler')
    return failure(
      'Invalid',
      'a handler cannot continue the run as new, since that waits for all handlers to end; let main do it',
      undefined,
      false,
    );
  const args = argumentList(values, 'the next run');
  if (!args.ok) return args.result;
  const { options } = next;
  return decision(
    { type: 'workflow.continue_as_new', args: args.data, ...(options === undefined ? {} : { options }) },
    (answer) => (answer.ok ? undefined : [undefined, errorFromData(answer.error)]),
  );
}

export const NextRunType = defineUserdata<NextRun>('WorkflowOptions', {
  continue_as_new: (call, self, ...values) => continueAsNew(call, self, values),
});

function readNextRun(given: LuaValue): NextRun {
  const converted = tryToData(given);
  if (!converted.ok) return new NextRun(undefined, [undefined, converted.error]);
  const read = readOptions(converted.data, OPTIONS);
  return read.ok ? new NextRun(read.options) : new NextRun(undefined, failure('Invalid', read.problem));
}

export const continue_as_new = fn(
  'Ends this run and goes on as another with a fresh history and the newest program; what follows it is not run. It waits for handlers that run, and messages that were not received go along. What the next run could not have refuses it: calls that are not answered, children that would end.',
  ['...: any'],
  ['nil', 'Error'],
  inside('continue_as_new', (call, _facts, values) => continueAsNew(call, new NextRun(undefined), values)),
  ['Invalid', 'Conflict'],
);

export const with_options = fn(
  "Options of the next run, for `:continue_as_new(...)`: pin = 'program' stays on this program, workflow is another workflow's id; temporal.workflow.task_queue, run_timeout, task_timeout, start_delay, memo, search_attributes. What is not named stays.",
  ['options: table'],
  ['WorkflowOptions'],
  inside('with_options', (_call, _facts, [options]) => NextRunType.wrap(readNextRun(options))),
  ['Invalid'],
);
