// Options that a module has checked (core/options.ts: durations are milliseconds) as the SDK takes them. Sealed.
// O1: error types of a retry policy are kinds, in either spelling; any other text is a type of a foreign activity.
import type { RetryPolicy } from '@temporalio/common';
import { LuaFloat } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { field } from '../../src/core/optional-field.js';
import { toTextLossy } from '../../src/core/text.js';
import { NOT_REGISTERED_TYPES, parseKind } from '../../src/temporal/failures.js';

export type Options = Readonly<DataObject>;

export const asObject = (value: Data | undefined): DataObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat)
    ? value
    : undefined;

export const optionsOf = (value: Data | undefined): Options => asObject(value) ?? {};

export const numberOption = (options: Options, name: string): number | undefined => {
  const value = options[name];
  return value instanceof LuaFloat ? value.n : typeof value === 'number' ? value : undefined;
};

/** As text: for what does not pass the payload converter (ids, queues). */
export const textOption = (options: Options, name: string): string | undefined => {
  const value = options[name];
  return typeof value === 'string' ? toTextLossy(value) : undefined;
};

export const flagOption = (options: Options, name: string): boolean => options[name] === true;

/** The policy of calls that say nothing: as the server has it, but an activity that nobody has is final. */
export const DEFAULT_RETRY: RetryPolicy = { nonRetryableErrorTypes: [...NOT_REGISTERED_TYPES] };

export function retryPolicy(value: Data | undefined): RetryPolicy | undefined {
  const policy = asObject(value);
  if (policy === undefined) return undefined;
  const attempts = numberOption(policy, 'maximum_attempts');
  const types = policy['non_retryable_error_types'];
  const named = Array.isArray(types) ? types.filter((type) => typeof type === 'string') : [];
  return {
    ...field('initialInterval', numberOption(policy, 'initial_interval')),
    ...field('maximumInterval', numberOption(policy, 'maximum_interval')),
    ...field('backoffCoefficient', numberOption(policy, 'backoff_coefficient')),
    // 0 is "no limit", which the SDK writes as infinity.
    ...field('maximumAttempts', attempts === 0 ? Infinity : attempts),
    nonRetryableErrorTypes: [
      ...named.map((type) => parseKind(type) ?? toTextLossy(type)),
      ...NOT_REGISTERED_TYPES,
    ],
  };
}
