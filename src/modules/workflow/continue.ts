// `workflow.continue_as_new`: ends the run and goes on as another, with a fresh history. Sealed.
// `workflow.continue_as_new` { args, options? } -> never answered, but with what keeps the run from it
// C1: whatever keeps the run from it is raised: nobody looks at what a call returns that does not come back.
import type { DataObject } from '../../core/data.js';
import { MOST_NAME_BYTES, readOptions } from '../../core/options.js';
import type { OptionTypes } from '../../core/options.js';
import { tryToData } from '../../lua/instance/convert.js';
import { errorFromData, newError } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { fn } from '../../lua/module.js';
import { decision } from '../../lua/suspend.js';
import { defineUserdata, LuaError } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { inside } from './inside.js';

const OPTIONS: OptionTypes = {
  pin: { is: 'choice', of: ['program'] },
  workflow: { is: 'text' },
  'temporal.workflow.task_queue': { is: 'text', most: MOST_NAME_BYTES },
  'temporal.workflow.run_timeout': { is: 'duration' },
  'temporal.workflow.task_timeout': { is: 'duration' },
  'temporal.workflow.start_delay': { is: 'duration' },
  'temporal.workflow.memo': { is: 'table' },
  'temporal.workflow.search_attributes': { is: 'table' },
};

/** C1 */
const refusal = (message: string): LuaError =>
  new LuaError(newError({ kind: 'Invalid', message, retryable: false }));

/** Options of the next run. */
class NextRun {
  readonly options: DataObject | undefined;
  /** What is wrong with them, told when they are used. */
  readonly refused: LuaError | undefined;
  constructor(options: DataObject | undefined, refused?: LuaError) {
    this.options = options;
    this.refused = refused;
  }
}

function continueAsNew({ instance }: HostCall, next: NextRun, values: readonly LuaValue[]): HostResult {
  if (next.refused !== undefined) throw next.refused;
  if (instance.running === 'handler')
    throw refusal(
      'a handler cannot continue the run as new, since that waits for all handlers to end; let main do it',
    );
  const args = values.map((value, at) => {
    const converted = tryToData(value);
    if (converted.ok) return converted.data;
    throw refusal(`argument ${at + 1} of the next run: ${converted.error.value.message}`);
  });
  const { options } = next;
  return decision(
    { type: 'workflow.continue_as_new', args, ...(options === undefined ? {} : { options }) },
    (answer) => {
      if (!answer.ok) throw new LuaError(errorFromData(answer.error));
      return undefined;
    },
  );
}

export const NextRunType = defineUserdata<NextRun>('WorkflowOptions', {
  continue_as_new: (call, self, ...values) => continueAsNew(call, self, values),
});

function readNextRun(given: LuaValue): NextRun {
  const converted = tryToData(given);
  if (!converted.ok) return new NextRun(undefined, new LuaError(converted.error));
  const read = readOptions(converted.data, OPTIONS);
  return read.ok ? new NextRun(read.options) : new NextRun(undefined, refusal(read.problem));
}

export const continue_as_new = fn(
  'Ends this run and goes on as another with a fresh history and the newest program; what follows it is not run. It waits for handlers that run, and messages that were not received go along. What the next run could not have is raised: calls that are not answered, children that would end.',
  ['...: any'],
  [],
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
