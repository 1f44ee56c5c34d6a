// Timers on a node. `time.sleep` { ns, purpose } -> null, once the time has passed; withdrawn when the instance lets go.
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '../../core/errors.js';
import type { HostHandlers } from '../../core/handler.js';

/** What one timer of Node can wait for. Milliseconds. */
const LONGEST = 2 ** 31 - 1;

class SleepEndedError extends PlatformError {
  override readonly name = 'SleepEndedError';
  readonly code = 'SLEEP_ENDED';
  override readonly kind = 'Canceled';
  constructor() {
    super('the sleep ended early: its instance ended, or did not want it any more');
  }
}

export const timeHandlers: HostHandlers = {
  'time.sleep': async ({ ns }, { signal }) => {
    if (typeof ns !== 'number' && typeof ns !== 'bigint')
      throw new TypeError(`time.sleep needs nanoseconds, got ${typeof ns}`);
    // Never early: what a clock shows afterwards must be past the time.
    const until = performance.now() + Number(ns) / 1e6;
    try {
      for (let left = until - performance.now(); left > 0; left = until - performance.now())
        await delay(Math.min(Math.ceil(left), LONGEST), undefined, { signal });
    } catch (error) {
      if (signal.aborted) throw new SleepEndedError();
      throw error;
    }
    return null;
  },
};
