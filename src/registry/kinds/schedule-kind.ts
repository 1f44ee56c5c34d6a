// temporal.schedule: starts a workflow at set times. What it says becomes a schedule of the Temporal server.
import type { Data } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { parseDuration } from '../../core/durations.js';
import type { Entry } from '../model/entry.js';
import { defineKind } from '../model/kind.js';
import type { FieldProblem, JsonSchema } from '../model/kind.js';
import { closed, count, duration, filledText, flag, oneOf, reference } from './common.js';
import { cronProblem } from './cron.js';

/** What happens at a time at which the last run still runs; as Temporal has it. */
export const OVERLAPS = [
  'skip',
  'buffer_one',
  'buffer_all',
  'cancel_other',
  'terminate_other',
  'allow_all',
] as const;

const moment = (description: string): JsonSchema =>
  filledText(description, {
    pattern: '^\\d{4}-\\d\\d-\\d\\d([Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?([Zz]|[+-]\\d\\d:\\d\\d))?$',
    'x-expected': "a time such as '2026-12-31T23:00:00Z', or a day",
  });

const interval = duration('How long.');

export const temporalSchedule = defineKind({
  name: 'temporal.schedule',
  summary: 'Starts a workflow at set times.',
  state: 'full',
  schema: closed(
    {
      workflow: reference('The workflow.lua that is started.'),
      args: { type: 'array', description: 'Its arguments.' },
      cron: {
        type: ['string', 'array'],
        minLength: 1,
        minItems: 1,
        items: filledText('A cron expression.'),
        description: 'Cron expressions: minute, hour, day of month, month, day of week.',
        examples: ['0 3 * * *'],
      },
      every: {
        ...interval,
        type: ['string', 'integer', 'object'],
        additionalProperties: false,
        required: ['interval'],
        properties: {
          interval,
          offset: duration('Shifts the times within the interval. Default: 0.'),
        },
        description: 'An interval, counted from 1970; or `{ interval, offset }`. At least 1s.',
      },
      time_zone: filledText('Of the IANA database, for cron. Default: UTC.', { examples: ['Europe/Berlin'] }),
      jitter: duration('Each start is put off by chance, at most so long. Default: 0.'),
      start_at: moment('No start before.'),
      end_at: moment('No start after.'),
      overlap: oneOf('What happens while the last run still runs. Default: skip.', ...OVERLAPS),
      catchup_window: duration(
        'Starts that Temporal missed while it was away are made up for if they are not older. At least 10s. Default: a year.',
      ),
      limit: count('Ends after so many starts. Default: no limit.', 1),
      paused: flag('Starts nothing until somebody resumes it. Absent: as it is on the server.'),
      pause_on_failure: flag('A run that fails or times out pauses the schedule. Default: false.'),
      workflow_id: filledText(
        "Begins the ids of the runs; their time follows. Default: the app's name and the entry.",
      ),
      options: closed(
        {
          execution_timeout: duration('Of a run with all its continuations.'),
          run_timeout: duration('Of a run.'),
          task_timeout: duration('Of a workflow task. Default: 10s.'),
          retry_policy: closed(
            {
              initial_interval: duration('Before the second attempt. Default: 1s.'),
              backoff_coefficient: { type: 'number', minimum: 1, description: 'Default: 2.' },
              maximum_interval: duration('The longest delay. Default: 100 times the first.'),
              maximum_attempts: count('0: no limit. Default: 0.'),
            },
            { description: 'Runs that fail begin anew by it. Default: they do not.' },
          ),
          memo: { type: 'object', description: 'Notes that every run carries.' },
        },
        { description: 'How the runs are started.' },
      ),
    },
    { required: ['workflow'] },
  ),
  references: [{ pointer: '/workflow', kinds: ['workflow.lua'] }],
  checkFields,
});

function checkFields({ data }: Entry): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { cron, every, time_zone: zone } = data;
  if (cron === undefined && every === undefined)
    problems.push({
      pointer: '',
      message: 'a schedule says no times',
      fix: "set 'cron', as in '0 3 * * *', or 'every', as in '1h'",
    });
  const expressions: readonly Data[] = Array.isArray(cron) ? cron : cron === undefined ? [] : [cron];
  for (const [index, expression] of expressions.entries()) {
    if (typeof expression !== 'string' || isPlaceholder(expression)) continue;
    const problem = cronProblem(expression);
    if (problem !== undefined)
      problems.push({
        pointer: Array.isArray(cron) ? `/cron/${index}` : '/cron',
        message: `the cron expression '${expression}' ${problem}`,
      });
  }
  if (typeof zone === 'string' && !isPlaceholder(zone) && !isTimeZone(zone))
    problems.push({
      pointer: '/time_zone',
      message: `'${zone}' is no time zone`,
      fix: "take one of the IANA database, such as 'Europe/Berlin', or UTC",
    });
  const interval = every !== undefined && isMap(every) ? every['interval'] : every;
  if (isShorter(interval, SHORTEST_INTERVAL))
    problems.push({
      pointer: '/every',
      message: "'every' is shorter than 1s, the shortest that Temporal has",
    });
  if (isShorter(data['catchup_window'], SHORTEST_CATCHUP))
    problems.push({ pointer: '/catchup_window', message: "'catchup_window' is shorter than 10s" });
  const { start_at: start, end_at: end } = data;
  if (typeof start === 'string' && typeof end === 'string' && Date.parse(end) <= Date.parse(start))
    problems.push({ pointer: '/end_at', message: `'end_at' is not after 'start_at'` });
  return problems;
}

const SHORTEST_INTERVAL = 1_000_000_000n;
const SHORTEST_CATCHUP = 10n * SHORTEST_INTERVAL;

/** Nanoseconds of a duration as entries have them; undefined where it is absent or a placeholder. */
function nanoseconds(value: Data | undefined): bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return BigInt(value);
  return typeof value === 'string' && !isPlaceholder(value) ? parseDuration(value) : undefined;
}

function isShorter(value: Data | undefined, least: bigint): boolean {
  const length = nanoseconds(value);
  return length !== undefined && length < least;
}

/** What is filled in on the server's side is checked there. */
const isPlaceholder = (text: string): boolean => text.includes('${');

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
