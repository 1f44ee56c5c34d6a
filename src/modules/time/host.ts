// Timers on a node. `time.sleep` { ns, purpose } -> null, once the time has passed; withdrawn when the instance lets go.
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

/** One for all, since many are withdrawn at once when an instance ends. */
const ENDED = new SleepEndedError();

export const timeHandlers: HostHandlers = {
  'time.sleep': ({ ns }, context) => {
    if (typeof ns !== 'number' && typeof ns !== 'bigint')
      throw new TypeError(`time.sleep needs nanoseconds, got ${typeof ns}`);
    // Never early: what a clock shows afterwards must be past the time.
    const until = performance.now() + Number(ns) / 1e6;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const wait = (): void => {
        const left = until - performance.now();
        if (left <= 0) resolve(null);
        else timer = setTimeout(wait, Math.min(Math.ceil(left), LONGEST));
      };
      wait();
      context.onAbort(() => {
        clearTimeout(timer);
        reject(ENDED);
      });
    });
  },
};
