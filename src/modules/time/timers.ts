// Timers behind channels: after, timer, ticker. Sealed.
// M1: a timer is the background command `time.sleep`; when it is answered its channel gets the time.
// M2: a channel that nobody reads holds one tick; later ones are dropped, and a ticker never runs ahead of its interval.
import type { Command } from '../../core/command.js';
import { asInteger } from '../../core/durations.js';
import { Channel, ChannelType } from '../../lua/instance/channel.js';
import type { Background, HostCall, InstanceContext } from '../../lua/instance-context.js';
import { defineType, methodsOf } from '../../lua/module.js';
import type { LuaValue } from '../../lua/values.js';
import { UTC } from './calendar.js';
import { duration, wrapTime } from './values.js';

export type SleepPurpose = 'sleep' | 'after' | 'timer' | 'ticker';

/** `ns` is positive; `purpose` is for people. */
export const sleepCommand = (nanoseconds: bigint, purpose: SleepPurpose): Command => ({
  type: 'time.sleep',
  ns: asInteger(nanoseconds),
  purpose,
});

/** What fires: one timer, started and stopped any number of times. */
class Alarm {
  readonly channel: Channel;
  readonly #instance: InstanceContext;
  readonly #purpose: SleepPurpose;
  #pending: Background | undefined;

  constructor(instance: InstanceContext, purpose: SleepPurpose) {
    this.#instance = instance;
    this.#purpose = purpose;
    this.channel = new Channel(1, `time.${purpose}`);
  }

  get active(): boolean {
    return this.#pending !== undefined;
  }

  now(): bigint {
    return this.#instance.host.now();
  }

  /** `fired` runs after the channel got its tick. */
  start(nanoseconds: bigint, fired: () => void = () => undefined): void {
    this.stop();
    if (nanoseconds <= 0n) {
      this.#tick();
      fired();
      return;
    }
    this.#pending = this.#instance.background(sleepCommand(nanoseconds, this.#purpose), (answer) => {
      this.#pending = undefined;
      // Cancelled is not elapsed: whoever waits learns of it from process.events(), or ends with the run.
      if (!answer.ok && answer.error.kind === 'Canceled') return;
      // A timer that the host could not keep fires now: waiting for ever would hide the fault.
      this.#tick();
      if (answer.ok) fired();
    });
  }

  /** False when nothing was pending. */
  stop(): boolean {
    if (this.#pending === undefined) return false;
    this.#pending.cancel();
    this.#pending = undefined;
    return true;
  }

  #tick(): void {
    if (this.channel.length === 0) this.channel.pushFromHost(wrapTime(this.now(), UTC));
  }
}

export function after(call: HostCall, nanoseconds: bigint): LuaValue {
  const alarm = new Alarm(call.instance, 'after');
  alarm.start(nanoseconds);
  return ChannelType.wrap(alarm.channel);
}

export class Timer {
  readonly alarm: Alarm;
  constructor(instance: InstanceContext, nanoseconds: bigint) {
    this.alarm = new Alarm(instance, 'timer');
    this.alarm.start(nanoseconds);
  }
}

const timerMethod = methodsOf<Timer>();
const timerChannel = {
  summary: 'The channel that gets the time when it fires.',
  params: [],
  returns: ['Channel'],
  run: (_call: HostCall, self: { readonly alarm: Alarm }) => ChannelType.wrap(self.alarm.channel),
} as const;

export const TimerType = defineType<Timer>('Timer', 'A timer that fires once.', [
  timerMethod('response', timerChannel),
  timerMethod('channel', timerChannel),
  timerMethod('stop', {
    summary: 'Stops the timer. False where it had fired or been stopped.',
    params: [],
    returns: ['boolean'],
    run: (_call, self) => self.alarm.stop(),
  }),
  timerMethod('reset', {
    summary: 'Starts the timer anew. False where it had fired or been stopped.',
    params: [duration('duration')],
    returns: ['boolean'],
    run: (_call, self, nanoseconds) => {
      const wasActive = self.alarm.active;
      self.alarm.start(nanoseconds);
      return wasActive;
    },
  }),
]);

export class Ticker {
  readonly alarm: Alarm;
  readonly #interval: bigint;
  #next: bigint;

  constructor(instance: InstanceContext, interval: bigint) {
    this.alarm = new Alarm(instance, 'ticker');
    this.#interval = interval;
    this.#next = this.alarm.now();
    this.#schedule();
  }

  /** The next multiple of the interval that is still to come: what was missed is skipped. */
  #schedule(): void {
    const now = this.alarm.now();
    this.#next += this.#interval;
    if (this.#next <= now) this.#next += ((now - this.#next) / this.#interval + 1n) * this.#interval;
    this.alarm.start(this.#next - now, () => this.#schedule());
  }
}

const tickerMethod = methodsOf<Ticker>();

export const TickerType = defineType<Ticker>('Ticker', 'A timer that fires again and again.', [
  tickerMethod('response', timerChannel),
  tickerMethod('channel', timerChannel),
  tickerMethod('stop', {
    summary: 'Stops the ticker. False where it had been stopped.',
    params: [],
    returns: ['boolean'],
    run: (_call, self) => self.alarm.stop(),
  }),
]);
