// What is buffered in a channel. Sealed.
// Q1: made when something is buffered first: most channels of actors that wait have nothing there.
import type { LuaValue } from '../values.js';

export class ValueQueue {
  #values: LuaValue[] = [];
  /** What the host gave along with each value; made when it first gives something. */
  #origins: (object | undefined)[] | undefined;
  /** Index of the first value; the part before it is dropped now and then. */
  #head = 0;
  /** Values of the host's that have renewed no budget yet (channel.ts C5). */
  brought = 0;

  get length(): number {
    return this.#values.length - this.#head;
  }

  get oldest(): LuaValue {
    return this.#values[this.#head];
  }

  push(value: LuaValue, origin?: object): void {
    if (origin !== undefined) this.#origins ??= this.#values.map(() => undefined);
    this.#values.push(value);
    this.#origins?.push(origin);
  }

  shift(): LuaValue {
    const value = this.#values[this.#head];
    this.#values[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 32 && this.#head * 2 > this.#values.length) {
      this.#values = this.#values.slice(this.#head);
      this.#origins = this.#origins?.slice(this.#head);
      this.#head = 0;
    }
    return value;
  }

  origins(): object[] {
    return (this.#origins ?? []).slice(this.#head).filter((origin) => origin !== undefined);
  }

  replaceOldest(count: number, value: LuaValue): void {
    for (let taken = 1; taken < count; taken++) this.shift();
    this.#values[this.#head] = value;
    if (this.#origins !== undefined) this.#origins[this.#head] = undefined;
  }

  replace(origin: object, value: LuaValue, by: object): void {
    const at = this.#origins?.indexOf(origin, this.#head) ?? -1;
    if (at < 0 || this.#origins === undefined) return;
    this.#values[at] = value;
    this.#origins[at] = by;
  }
}
