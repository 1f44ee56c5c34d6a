// Priority and fairness of tasks as the SDK takes them. Sealed.
// P1: what the server would refuse for ever, failing the task, is refused here.
import type { Priority } from '@temporalio/common';
import { LuaFloat } from '../core/data.js';
import type { Data, DataObject } from '../core/data.js';
import { PlatformError } from '../core/errors.js';
import { toTextLossy } from '../core/text.js';

export class PriorityError extends PlatformError {
  override readonly name = 'PriorityError';
  readonly code = 'PRIORITY_OPTION';
  override readonly kind = 'Invalid' as const;
}

/** 1 is the most urgent; the server's own setting says how many there are (5 by default), and takes more as the last. */
const LAST = 1_000_000;
/** Bytes. */
const LONGEST_KEY = 64;
const LEAST_WEIGHT = 0.001;
const MOST_WEIGHT = 1000;

/** Of `<prefix>priority`, `<prefix>fairness_key` and `<prefix>fairness_weight`; undefined: none is given. */
export function priorityOf(options: Readonly<DataObject>, prefix: string, key?: Data): Priority | undefined {
  const urgency = numberOf(options[`${prefix}priority`] ?? key);
  const fairness = options[`${prefix}fairness_key`];
  const weight = numberOf(options[`${prefix}fairness_weight`]);
  if (urgency !== undefined && (!Number.isInteger(urgency) || urgency < 1 || urgency > LAST))
    throw new PriorityError(`a priority is a whole number from 1, the most urgent, got ${urgency}`);
  if (typeof fairness === 'string' && fairness.length > LONGEST_KEY)
    throw new PriorityError(
      `'${prefix}fairness_key' has ${fairness.length} bytes; Temporal takes ${LONGEST_KEY}`,
    );
  if (weight !== undefined && !(weight >= LEAST_WEIGHT && weight <= MOST_WEIGHT))
    throw new PriorityError(
      `'${prefix}fairness_weight' is between ${LEAST_WEIGHT} and ${MOST_WEIGHT}, got ${weight}`,
    );
  const priority: Priority = {
    ...(urgency === undefined ? {} : { priorityKey: urgency }),
    ...(typeof fairness === 'string' ? { fairnessKey: toTextLossy(fairness) } : {}),
    ...(weight === undefined ? {} : { fairnessWeight: weight }),
  };
  return Object.keys(priority).length === 0 ? undefined : priority;
}

const numberOf = (value: Data | undefined): number | undefined =>
  value instanceof LuaFloat ? value.n : typeof value === 'number' ? value : undefined;
