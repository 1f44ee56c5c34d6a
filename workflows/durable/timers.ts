// Time in a workflow: `time.sleep` { ns, purpose } is a timer of the server. Sealed.
// T1: the server's timers have milliseconds: a sleep is never shorter than asked.
import { sleep } from '@temporalio/workflow';
import { formatDuration } from '../../src/core/durations.js';
import { toBytes } from '../../src/core/text.js';
import { later } from './run.js';
import type { DurableHandlers } from './run.js';

const NANOSECONDS = 1_000_000n;

export const timerHandlers: DurableHandlers = {
  'time.sleep': ({ command: { ns, purpose } }) => {
    if (typeof ns !== 'number' && typeof ns !== 'bigint')
      throw new TypeError(`time.sleep needs nanoseconds, got ${typeof ns}`);
    const nanoseconds = BigInt(ns);
    const milliseconds = Number((nanoseconds + NANOSECONDS - 1n) / NANOSECONDS);
    const what = typeof purpose === 'string' ? purpose : 'sleep';
    return later(async () => {
      await sleep(milliseconds, { summary: toBytes(`${what} ${formatDuration(nanoseconds)}`) });
      return null;
    });
  },
};
