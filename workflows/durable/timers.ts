// Time in a workflow: `time.sleep` { ns, purpose } is a timer of the server. Sealed.
// T1: the server's timers have milliseconds: a sleep is never shorter than asked.
import { sleep } from '@temporalio/workflow';
import type { Command } from '../../src/core/command.js';
import { formatDuration } from '../../src/core/durations.js';
import { toBytes } from '../../src/core/text.js';
import { later } from './run.js';
import type { DurableHandlers } from './run.js';

const NANOSECONDS = 1_000_000n;
const TYPE = 'time.sleep';

export const timerHandlers: DurableHandlers = {
  [TYPE]: ({ command }) => {
    const { ns, purpose } = command;
    const milliseconds = timerMs(command);
    if (milliseconds === undefined) throw new TypeError(`time.sleep needs nanoseconds, got ${typeof ns}`);
    const what = typeof purpose === 'string' ? purpose : 'sleep';
    return later(async () => {
      await sleep(milliseconds, { summary: toBytes(`${what} ${formatDuration(ns as number | bigint)}`) });
      return null;
    });
  },
};

/** How long a timer runs (T1); undefined for any other command. */
export function timerMs({ type, ns }: Command): number | undefined {
  if (type !== TYPE || (typeof ns !== 'number' && typeof ns !== 'bigint')) return undefined;
  return Number((BigInt(ns) + NANOSECONDS - 1n) / NANOSECONDS);
}
