// Pieces that the schemas of kinds share.
import type { JsonSchema, KindSpec } from '../model/kind.js';

export const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...more,
});
export const filledText = (description: string, more: JsonSchema = {}): JsonSchema =>
  text(description, { minLength: 1, ...more });
export const flag = (description: string): JsonSchema => ({ type: 'boolean', description });
export const count = (description: string, minimum = 0): JsonSchema => ({
  type: 'integer',
  minimum,
  description,
});
export const rate = (description: string): JsonSchema => ({ type: 'number', minimum: 0, description });
export const oneOf = (description: string, ...values: readonly string[]): JsonSchema => ({
  enum: values,
  description,
});
export const listOf = (items: JsonSchema, description: string): JsonSchema => ({
  type: 'array',
  items,
  description,
});
/** A mapping with these fields and no others. */
export const closed = (
  properties: Readonly<Record<string, JsonSchema>>,
  more: JsonSchema = {},
): JsonSchema => ({ type: 'object', additionalProperties: false, properties, ...more });
/** A mapping with these fields, and any others. */
export const open = (
  properties: Readonly<Record<string, JsonSchema>>,
  more: JsonSchema = {},
): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
});
export const reference = (description: string, more: JsonSchema = {}): JsonSchema =>
  filledText(`${description} Entry id; a bare name means the own namespace.`, more);

/** Pattern of a duration in Go's syntax, without a sign. */
export const DURATION = '(0|((\\d+(\\.\\d*)?|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+)';

/** Go's syntax, or nanoseconds. */
export const duration = (description: string): JsonSchema => ({
  type: ['string', 'integer'],
  minimum: 0,
  pattern: `^${DURATION}$`,
  'x-expected': "a duration such as '10s' or '1h30m'",
  description,
});
export const bytes = (description: string): JsonSchema => ({
  type: ['string', 'integer'],
  minimum: 1,
  pattern: '^\\d+(\\.\\d+)?\\s*([KMG]i?)?B?$',
  'x-expected': "a size such as 1048576 or '64MB'",
  description,
});

export const lifecycle = closed(
  {
    auto_start: flag('Start with the app. Default: false.'),
    start_timeout: duration('How long a start may take. Default: 10s.'),
    stop_timeout: duration('How long a stop may take. Default: 10s.'),
    stable_threshold: duration('After how long a service counts as stable. Default: 5s.'),
    requires: listOf(reference('A service.'), 'Services that must run before this one starts.'),
    depends_on: listOf(reference('A service.'), 'Older name of requires.'),
    restart: closed(
      {
        initial_delay: duration('Before the first restart. Default: 1s.'),
        max_delay: duration('The longest delay. Default: 90s.'),
        backoff_factor: { type: 'number', minimum: 1, description: 'How the delay grows. Default: 2.' },
        jitter: {
          type: 'number',
          minimum: 0,
          maximum: 1,
          description: 'Share of chance in a delay. Default: 0.1.',
        },
        max_attempts: count('0: no limit. Default: 0.'),
      },
      { description: 'What happens after a failure.' },
    ),
    security: closed(
      {
        actor: closed({ id: filledText('Identity.'), meta: { type: 'object' } }, { required: ['id'] }),
        groups: listOf(filledText('A policy group.'), 'Policy groups that apply.'),
        policies: listOf(filledText('A policy.'), 'Policies that apply.'),
      },
      { description: 'Whom the service acts for.' },
    ),
    placement: oneOf('On which nodes it runs.', 'every_node', 'one_node'),
    on_lost_lease: oneOf('What happens when Temporal cannot be reached.', 'keep', 'stop'),
    adopt_timeout: duration('How long an instance without a lease waits to be adopted. Default: 15s.'),
  },
  { description: 'Set on services: what is started, watched, restarted and stopped.' },
);

export type References = NonNullable<KindSpec['references']>;
export const lifecycleReferences: References = [
  { pointer: '/lifecycle/requires/*' },
  { pointer: '/lifecycle/depends_on/*' },
  { pointer: '/lifecycle/security/policies/*', kinds: ['security.policy', 'security.policy.expr'] },
];
