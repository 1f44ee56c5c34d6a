// Options of calls and starts, already checked by their modules, as the SDK's client takes them.
// O1: durations are whole milliseconds. O2: what a client cannot honour outside a workflow is refused, not ignored.
import type { ActivityOptions, WorkflowStartOptions } from '@temporalio/client';
import type { RetryPolicy } from '@temporalio/common';
import type { Data, DataObject } from '../core/data.js';
import { LuaFloat } from '../core/data.js';
import { priorityOf } from '../temporal/priority.js';
import { PlatformError } from '../core/errors.js';
import { field } from '../core/optional-field.js';
import { toTextLossy } from '../core/text.js';
import { NOT_REGISTERED_TYPES, parseKind } from '../temporal/failures.js';

class OptionRefusedError extends PlatformError {
  override readonly name = 'OptionRefusedError';
  readonly code = 'OPTION_REFUSED';
  override readonly kind = 'Invalid' as const;
  constructor(option: string, why: string) {
    super(`option '${option}' ${why}`);
  }
}

type Options = Readonly<DataObject>;

const number = (value: Data | undefined): number | undefined =>
  typeof value === 'number' ? value : value instanceof LuaFloat ? value.n : undefined;
const text = (value: Data | undefined): string | undefined =>
  typeof value === 'string' ? toTextLossy(value) : undefined;
/** For what passes the payload converter. */
const bytes = (value: Data | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
const object = (value: Data | undefined): Options | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat)
    ? value
    : undefined;
function retryPolicy(value: Data | undefined): RetryPolicy | undefined {
  const policy = object(value);
  if (policy === undefined) return undefined;
  const attempts = number(policy['maximum_attempts']);
  const types = policy['non_retryable_error_types'];
  const named = Array.isArray(types) ? types.filter((type) => typeof type === 'string') : [];
  return {
    ...field('initialInterval', number(policy['initial_interval'])),
    ...field('backoffCoefficient', number(policy['backoff_coefficient'])),
    ...field('maximumInterval', number(policy['maximum_interval'])),
    ...field('maximumAttempts', attempts === 0 ? Infinity : attempts),
    nonRetryableErrorTypes: [...named.map((type) => parseKind(type) ?? type), ...NOT_REGISTERED_TYPES],
  };
}

/** Of `activity.*`, for a standalone activity. */
export function activityOptions(options: Options): Partial<ActivityOptions> {
  const get = (name: string): Data | undefined => options[`activity.${name}`];
  for (const name of ['wait_for_cancellation', 'disable_eager_execution'])
    if (get(name) === true)
      throw new OptionRefusedError(`activity.${name}`, 'works in workflows only; remove it');
  const retry = retryPolicy(get('retry_policy'));
  return {
    ...field('startToCloseTimeout', number(get('start_to_close_timeout'))),
    ...field(
      'scheduleToCloseTimeout',
      number(get('schedule_to_close_timeout')) ?? number(options['timeout']),
    ),
    ...field('scheduleToStartTimeout', number(get('schedule_to_start_timeout'))),
    ...field('heartbeatTimeout', number(get('heartbeat_timeout'))),
    ...field('summary', bytes(get('summary'))),
    ...field('priority', priorityOf(options, 'activity.', options['priority'])),
    ...field('retry', retry),
  };
}

const CONFLICT = {
  use_existing: 'USE_EXISTING',
  fail: 'FAIL',
  terminate_existing: 'TERMINATE_EXISTING',
} as const;
const REUSE = {
  allow_duplicate: 'ALLOW_DUPLICATE',
  allow_duplicate_failed_only: 'ALLOW_DUPLICATE_FAILED_ONLY',
  reject_duplicate: 'REJECT_DUPLICATE',
} as const;
export type ConflictPolicy = (typeof CONFLICT)[keyof typeof CONFLICT];

const choice = <T>(value: Data | undefined, of: Readonly<Record<string, T>>): T | undefined =>
  typeof value === 'string' && Object.hasOwn(of, value) ? of[value] : undefined;

export interface WorkflowWishes {
  readonly workflowId: string | undefined;
  readonly taskQueue: string | undefined;
  readonly namespace: string | undefined;
  readonly conflict: ConflictPolicy;
  readonly options: Partial<Omit<WorkflowStartOptions, 'taskQueue' | 'workflowId' | 'args'>>;
}

/** Of `temporal.workflow.*`. */
export function workflowWishes(options: Options): WorkflowWishes {
  const get = (name: string): Data | undefined => options[`temporal.workflow.${name}`];
  for (const name of ['parent_close_policy', 'wait_for_cancellation'])
    if (get(name) !== undefined && get(name) !== null && get(name) !== false)
      throw new OptionRefusedError(
        `temporal.workflow.${name}`,
        'is for child workflows; a workflow that is started from a function has no parent',
      );
  const conflict =
    get('execution_error_when_already_started') === true
      ? 'FAIL'
      : (choice(get('id_conflict_policy'), CONFLICT) ?? 'USE_EXISTING');
  const attributes = object(get('search_attributes'));
  const memo = object(get('memo'));
  return {
    workflowId: text(get('id')),
    taskQueue: text(get('task_queue')),
    namespace: text(get('namespace')),
    conflict,
    options: {
      workflowIdConflictPolicy: conflict,
      ...field('workflowIdReusePolicy', choice(get('id_reuse_policy'), REUSE)),
      ...field('workflowExecutionTimeout', number(get('execution_timeout'))),
      ...field('workflowRunTimeout', number(get('run_timeout'))),
      ...field('workflowTaskTimeout', number(get('task_timeout'))),
      ...field('retry', retryPolicy(get('retry_policy'))),
      ...field('staticSummary', bytes(get('static_summary'))),
      ...field('staticDetails', bytes(get('static_details'))),
      ...field('cronSchedule', text(get('cron_schedule'))),
      ...field('priority', priorityOf(options, 'temporal.workflow.')),
      ...(memo === undefined ? {} : { memo: { ...memo } }),
      ...field('startDelay', number(get('start_delay'))),
      ...field('requestEagerStart', get('enable_eager_start') === true ? true : undefined),
      ...(attributes === undefined ? {} : { searchAttributes: searchAttributes(attributes) }),
    },
  };
}

type Attribute = string[] | number[] | boolean[];

/** One value or a list of values each; a list is of one type. */
function searchAttributes(attributes: Options): Record<string, Attribute> {
  const refuse = (name: string): never => {
    throw new OptionRefusedError(
      'temporal.workflow.search_attributes',
      `takes a text, a number, a boolean or a list of one of them for '${name}'`,
    );
  };
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]): [string, Attribute] => {
      const values = Array.isArray(value) ? value : [value];
      const texts = values.map(text).filter((one) => one !== undefined);
      if (texts.length === values.length) return [name, texts];
      const numbers = values.map(number).filter((one) => one !== undefined);
      if (numbers.length === values.length) return [name, numbers];
      const flags = values.filter((one) => typeof one === 'boolean');
      return flags.length === values.length ? [name, flags] : refuse(name);
    }),
  );
}
