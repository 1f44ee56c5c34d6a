// A channel that the host fills: batches by a command that is asked again and again. Sealed.
// F1: one batch is on its way at a time, so that a program that does not get to run piles nothing up.
// F2: an empty batch or an error is the end: the channel is closed, so that nobody waits for ever.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import type { Background, InstanceContext } from '../instance-context.js';
import { Channel } from './channel.js';
import { fromData } from './convert.js';

export class Feed {
  readonly channel: Channel;
  readonly #instance: InstanceContext;
  readonly #next: Command;
  readonly #take: ((value: Data) => void) | undefined;
  #asked: Background | undefined;

  /** `next` is answered with a list of what is new; `brings`: see Channel; `take` instead of putting each into the channel. */
  constructor(instance: InstanceContext, next: Command, brings: string, take?: (value: Data) => void) {
    this.#instance = instance;
    this.#next = next;
    this.#take = take;
    this.channel = new Channel(0, brings);
    this.#ask();
  }

  push(value: Data): void {
    this.channel.pushFromHost(fromData(value, () => this.#instance.newTable()));
  }

  /** Asks for no more. What is in the channel stays. */
  stop(): void {
    this.#asked?.cancel();
    this.#asked = undefined;
  }

  #ask(): void {
    this.#asked = this.#instance.background(this.#next, (answer) => {
      const batch = answer.ok && Array.isArray(answer.value) ? answer.value : [];
      if (batch.length === 0) return this.channel.close();
      for (const value of batch)
        if (this.#take === undefined) this.push(value);
        else this.#take(value);
      this.#ask();
    });
  }
}
