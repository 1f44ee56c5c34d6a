// `cron_schedule` of children and of starts: what the server refuses is refused at the call; a task that asks for it fails for ever.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cronScheduleProblem } from '../../src/core/cron-schedule.js';
import { luaSuite, workflow } from '../support/lua-suite.js';

const GOOD = [
  '0 12 * * *',
  '*/5 0-6/2 1,15 jan-MAR sun',
  '? ? ? ? ?',
  '5/10 * * * *',
  '0 0 * * 0-6',
  '1,,2 * * * *',
  '@hourly',
  '@every 1h30m',
  'CRON_TZ=Europe/Berlin 0 6 * * *',
  'TZ=UTC @daily',
  'TZ=America/Buenos_Aires 0 0 * * *',
];
const BAD = [
  '0 0 31 2 *',
  'every day',
  '* * * *',
  '* * * * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * * 13 *',
  '* * * * 7',
  '* * * * sunday',
  '*/0 * * * *',
  '5-1 * * * *',
  '1/2/3 * * * *',
  '@never',
  '@every soon',
  'CRON_TZ=Mars/Base 0 6 * * *',
  'L * * * *',
];

describe('a cron schedule', () => {
  const { app, run, temporal } = luaSuite();

  it('is judged as the server judges it', async () => {
    const { client } = temporal().temporal;
    const taskQueue = `nobody-${randomUUID()}`;
    const judged = await Promise.all(
      [...GOOD, ...BAD].map(async (cronSchedule) => {
        try {
          const workflowId = `cron-${randomUUID()}`;
          const handle = await client.workflow.start('x', { taskQueue, workflowId, cronSchedule, args: [] });
          await handle.terminate();
          return [cronSchedule, true];
        } catch {
          return [cronSchedule, false];
        }
      }),
    );
    expect([...GOOD, ...BAD].map((text) => [text, cronScheduleProblem(text) === undefined])).toEqual(judged);
    expect(judged.filter(([, fine]) => fine).map(([text]) => text)).toEqual(GOOD);
  });

  it('that is wrong is the error of the call, with what it takes', async () => {
    const it = await app({
      'app:w': workflow(`return function(schedules)
        local told = {}
        for i, schedule in ipairs(schedules) do
          local builder = process.with_options({ ["temporal.workflow.cron_schedule"] = schedule })
          local _, err = builder:exec("app:child", "app:worker")
          told[i] = err:kind() .. ": " .. err:message()
        end
        return told
      end`),
      'app:child': workflow('return function() return 1 end'),
    });
    expect(await run(it, 'app:w', [['every day', '* * * * 7', 'TZ=Mars/Base @daily', '@never']])).toEqual([
      [
        "Invalid: option 'temporal.workflow.cron_schedule' is wrong: 'every day' has 2 fields; it takes 5: minute, hour, day of month, month, day of week",
        "Invalid: option 'temporal.workflow.cron_schedule' is wrong: '7' is no day of week: it takes 0 to 6 or sun, mon, ...",
        "Invalid: option 'temporal.workflow.cron_schedule' is wrong: 'Mars/Base' is no time zone; take one of the IANA database, such as 'Europe/Berlin', or UTC",
        "Invalid: option 'temporal.workflow.cron_schedule' is wrong: '@never' is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every 1h",
      ],
    ]);
  });
});
