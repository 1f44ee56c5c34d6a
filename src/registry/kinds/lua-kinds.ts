// The kinds whose source is Lua.
import { defineKind, type JsonSchema } from '../model/kind.js';
import {
  DURATION,
  bytes,
  closed,
  count,
  duration,
  filledText,
  flag,
  lifecycle,
  lifecycleReferences,
  listOf,
  oneOf,
  open,
  reference,
  text,
  type References,
} from './common.js';

const source = filledText('`file://` path of the Lua file, relative to the YAML file; or the Lua itself.', {
  examples: ['file://main.lua'],
});
const method = filledText(
  'Method of the table that the file returns; absent: the file returns the function.',
);
const modules: JsonSchema = {
  type: 'array',
  items: filledText('A module.'),
  uniqueItems: true,
  description: 'Built-in modules that the code may use.',
};
const imports: JsonSchema = {
  type: 'object',
  additionalProperties: filledText('Entry id of a library or function, or a built-in module.'),
  propertyNames: { minLength: 1 },
  description: 'Other entries by the name under which the code requires them.',
};
const chunk = filledText('Name in error messages. The loader sets it for sources that are files.');
const budget = closed(
  {
    instructions: count('Instructions of one step before the program is stopped.', 1),
    memory: bytes('Bytes that the program may hold.'),
    on_exceed: oneOf('What happens then. Default: fail.', 'fail', 'park'),
  },
  { description: 'What the program may use.' },
);
const pool = closed(
  {
    type: oneOf(
      'Absent: static when workers or size is set, else lazy.',
      'inline',
      'lazy',
      'static',
      'adaptive',
    ),
    workers: count('Workers of a static pool. Default: size, then 8.', 1),
    size: count('Workers of a static pool when workers is not set.', 1),
    buffer: count('Calls that wait in a static pool. Default: workers * 64.'),
    max_size: count('Most workers of a lazy or adaptive pool. Default: 16.', 1),
  },
  { description: 'How calls of the function share instances.' },
);

const ATTRIBUTE_TYPES = ['Keyword', 'KeywordList', 'Text', 'Int', 'Double', 'Bool', 'Datetime'];

const importable = ['library.lua', 'module.lua', 'function.lua'];
const luaReferences: References = [{ pointer: '/imports/*', kinds: importable }, ...lifecycleReferences];

const retryPolicy = closed({
  initial_interval: duration('Before the first retry; a number is milliseconds. Default: 1s.'),
  backoff_coefficient: { type: 'number', minimum: 1, description: 'How the interval grows. Default: 2.' },
  maximum_interval: duration('The longest interval; a number is milliseconds.'),
  maximum_attempts: count('0: no limit. Default: 0.'),
  non_retryable_error_types: listOf(filledText('An error kind.'), 'Error kinds that are not tried again.'),
});
const activityWorker = reference('The temporal.worker that runs it.', { examples: ['worker'] });
const activityMeta = closed(
  {
    worker: activityWorker,
    local: flag('Run it inside the workflow task: for short calculations only. Default: false.'),
    start_to_close_timeout: duration('For one attempt. Default: 10m.'),
    schedule_to_close_timeout: duration('From the call to the result, with all attempts.'),
    schedule_to_start_timeout: duration('Until a worker takes it.'),
    heartbeat_timeout: duration('Between two heartbeats.'),
    task_queue: filledText('Another task queue than the worker has.'),
    wait_for_cancellation: flag('Wait until a cancelled activity has ended. Default: false.'),
    disable_eager_execution: flag('Never hand it to the worker that asks. Default: false.'),
    priority: count('1 is the most urgent.', 1),
    fairness_key: text('Tasks of one key share what its weight gives them. 64 bytes at most.'),
    fairness_weight: { type: 'number', minimum: 0.001, maximum: 1000, description: 'Default: 1.' },
    retry_policy: retryPolicy,
  },
  {
    // A local activity runs where its workflow does, and cannot honour some.
    if: { properties: { local: { const: true } }, required: ['local'] },
    then: {
      properties: Object.fromEntries(
        [
          'heartbeat_timeout',
          'schedule_to_start_timeout',
          'task_queue',
          'disable_eager_execution',
          'priority',
          'fairness_key',
          'fairness_weight',
        ].map((name) => [
          name,
          { not: {}, 'x-refused': 'does not work with local: true; remove one of the two' },
        ]),
      ),
    },
    else: { required: ['worker'], properties: { worker: activityWorker } },
    description: 'Makes it an activity of a worker.',
  },
);
/** The fields that a test may have; `meta.type` says whether it is one. */
const whenTest: JsonSchema = {
  if: { properties: { type: { const: 'test' } }, required: ['type'] },
  then: {
    properties: {
      suite: text('Suite of the test.'),
      order: { type: 'number', description: 'Order in the suite.' },
      skip_time: {
        type: 'boolean',
        description:
          'Whether runs that the test starts skip the time in which nothing happens; default false.',
      },
      timeout: {
        type: ['string', 'number'],
        exclusiveMinimum: 0,
        pattern: `^(?=.*[1-9])${DURATION}$`,
        'x-expected': "a duration above zero such as '10s', or milliseconds",
        description: 'How long it may take; a number is milliseconds. Default: 30s.',
      },
    },
  },
};
const commandMeta = closed(
  {
    name: text('The word after `moontide run`.', {
      pattern: '^[A-Za-z][\\w:.-]*$',
      'x-expected': 'one word',
      examples: ['migrate'],
    }),
    short: text('One line for the list of commands.'),
    main: flag('The command that is meant when none is named.'),
    use_case: text('Default: run.'),
  },
  { required: ['name'], description: 'Makes it a command of the command line.' },
);
const temporalMeta = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => closed(properties);

export const functionLua = defineKind({
  name: 'function.lua',
  summary: 'A Lua function: called in process, or as a Temporal activity from workflows.',
  state: 'full',
  lua: 'runnable',
  sources: ['source'],
  schema: closed(
    { source, method, modules, imports, pool, budget, chunk, lifecycle },
    { required: ['source'] },
  ),
  metaSchema: open({ temporal: temporalMeta({ activity: activityMeta }) }, whenTest),
  references: [...luaReferences, { pointer: '/meta/temporal/activity/worker', kinds: ['temporal.worker'] }],
});

export const workflowLua = defineKind({
  name: 'workflow.lua',
  summary: 'A Lua workflow: durable, runs as a Temporal workflow.',
  state: 'full',
  lua: 'runnable',
  sources: ['source'],
  schema: closed({ source, method, modules, imports, budget, chunk, lifecycle }, { required: ['source'] }),
  metaSchema: open(
    {
      temporal: temporalMeta({
        workflow: closed(
          {
            worker: reference('The temporal.worker that runs it.', { examples: ['worker'] }),
            name: filledText('Workflow type. Default: the entry id.'),
            search_attributes: {
              type: 'object',
              propertyNames: { minLength: 1 },
              additionalProperties: oneOf('Its type.', ...ATTRIBUTE_TYPES),
              description: 'Search attributes that it sets, by name; the start registers them.',
            },
          },
          { required: ['worker'], description: 'Which worker runs it, and under which type.' },
        ),
      }),
    },
    whenTest,
  ),
  references: [...luaReferences, { pointer: '/meta/temporal/workflow/worker', kinds: ['temporal.worker'] }],
});

export const processLua = defineKind({
  name: 'process.lua',
  summary: 'A Lua process: an actor with an inbox, in memory or durable as its host is.',
  state: 'full',
  lua: 'runnable',
  sources: ['source'],
  schema: closed({ source, method, modules, imports, budget, chunk, lifecycle }, { required: ['source'] }),
  metaSchema: open({ command: commandMeta, temporal: temporalMeta({ activity: activityMeta }) }, whenTest),
  references: [...luaReferences, { pointer: '/meta/temporal/activity/worker', kinds: ['temporal.worker'] }],
});

/** A test is called, and a library has nothing that could be. */
const libraryMeta = open({
  type: {
    not: { const: 'test' },
    'x-refused': "is 'test', and a library cannot be run; make the test a function.lua or a workflow.lua",
    description: "What the library is for; anything but 'test'.",
  },
});
const librarySchema = closed({ source, modules, imports, chunk, method }, { required: ['source'] });

export const libraryLua = defineKind({
  name: 'library.lua',
  summary: 'Lua code that other entries import.',
  state: 'full',
  lua: 'library',
  sources: ['source'],
  schema: librarySchema,
  metaSchema: libraryMeta,
  references: luaReferences,
});

export const moduleLua = defineKind({
  name: 'module.lua',
  summary: 'A library with several methods.',
  state: 'full',
  lua: 'library',
  sources: ['source'],
  schema: librarySchema,
  metaSchema: libraryMeta,
  references: luaReferences,
});
