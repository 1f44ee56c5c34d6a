// The `metrics` module: counters, gauges and histograms of the app. Sealed; recorded once, not again on replay.
// `metrics.record` { kind: 'counter' | 'gauge' | 'histogram', op: 'add' | 'set', name, value, labels } -> null
// M1: recording never fails a program: what the collector of the node refuses is told in its log.
import { dataObject } from '../../core/data.js';
import type { DataObject } from '../../core/data.js';
import { asText } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { bytes, number, optional, table } from '../../lua/parameters.js';
import type { HostResult, LuaTable } from '../../lua/values.js';

const NAME = /^[A-Za-z_:][A-Za-z0-9_:]{0,199}$/;
const LABEL = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** Labels that Prometheus gives a meaning of its own: the bound of a bucket, the name of a metric, and the like. */
const RESERVED = /^(?:le|quantile|__.*)$/;
const MOST_LABELS = 20;
const LONGEST_LABEL = 1000;

interface Change {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly op: 'add' | 'set';
}

/** The labels as text, or why they are none. */
function labelsOf(given: LuaTable | undefined): DataObject | string {
  const labels = dataObject();
  let count = 0;
  for (const [key, value] of given?.entries() ?? []) {
    const text = typeof value === 'boolean' ? String(value) : asText(value);
    if (typeof key !== 'string' || !LABEL.test(key))
      return `'${(asText(key) ?? 'a table').slice(0, 100)}' is no name of a label; use letters, digits and '_'`;
    if (RESERVED.test(key)) return `the label '${key}' is Prometheus' own; use another name`;
    if (text === undefined) return `the label '${key}' is no text`;
    if (text.length > LONGEST_LABEL) return `the label '${key}' is longer than ${LONGEST_LABEL} bytes`;
    if ((count += 1) > MOST_LABELS) return `more than ${MOST_LABELS} labels`;
    labels[key] = text;
  }
  return labels;
}

function record(
  call: HostCall,
  { kind, op }: Change,
  name: string,
  value: number,
  given: LuaTable | undefined,
): HostResult {
  if (!NAME.test(name))
    return failure(
      'Invalid',
      `'${name.slice(0, 100)}' is no name of a metric; use letters, digits and '_'`,
      undefined,
      false,
    );
  if (!Number.isFinite(value)) return failure('Invalid', 'the value is not finite');
  if (kind === 'counter' && value < 0)
    return failure('Invalid', `a counter only grows, got ${value}; use a gauge`);
  const labels = labelsOf(given);
  if (typeof labels === 'string') return failure('Invalid', labels);
  call.instance.host.emit({ type: 'metrics.record', kind, op, name, value, labels });
  return true;
}

const metric = bytes('name', 'Letters, digits, `_` and `:`.');
const labels = optional(
  table('labels', 'Texts, numbers or booleans by name; the same names at every call of a metric.'),
);
const common = {
  returns: ['boolean?', 'Error?'],
  fails: { Invalid: 'a name, a value or a label is none' },
  returnsWrongArguments: true,
} as const;

const withValue = (name: string, summary: string, change: Change, meaning: string) =>
  define(name, {
    ...common,
    summary,
    params: [metric, number('value', meaning), labels],
    run: (call, of, value, given) => record(call, change, of, value, given),
  });

const withoutValue = (name: string, summary: string, change: Change, value: number) =>
  define(name, {
    ...common,
    summary,
    params: [metric, labels],
    run: (call, of, given) => record(call, change, of, value, given),
  });

export const metricsSpec = defineModuleSpec({
  name: 'metrics',
  summary: 'Counters, gauges and histograms, collected on the node for Prometheus',
  workflow: 'sealed',
  members: members(
    withoutValue('counter_inc', 'Adds 1 to a counter.', { kind: 'counter', op: 'add' }, 1),
    withValue('counter_add', 'Adds to a counter.', { kind: 'counter', op: 'add' }, '0 or more.'),
    withValue('gauge_set', 'Sets a gauge.', { kind: 'gauge', op: 'set' }, ''),
    withoutValue('gauge_inc', 'Adds 1 to a gauge.', { kind: 'gauge', op: 'add' }, 1),
    withoutValue('gauge_dec', 'Takes 1 from a gauge.', { kind: 'gauge', op: 'add' }, -1),
    withValue(
      'histogram',
      'Records an observation, e.g. a duration in seconds.',
      { kind: 'histogram', op: 'set' },
      'Buckets are those of Prometheus: 5 ms to 10 s.',
    ),
  ),
});
