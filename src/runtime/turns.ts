// Whose turn it is: every step of every instance on this node goes through here.
// U1: a turn never runs inside another turn, so that an instance is never entered twice.
// U2: turns run soon (in a microtask) but give timers and sockets their chance after a burst: two chatty instances starve nobody.

const BURST = 256;

export class Turns {
  readonly #queue: (() => void)[] = [];
  readonly #failed: (error: unknown) => void;
  #scheduled = false;
  #credit = BURST;
  #refilling = false;

  /** `failed` hears of a turn that threw: a bug of the host, since Lua's errors are values. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  run(turn: () => void): void {
    this.#queue.push(turn);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (!this.#refilling) {
      this.#refilling = true;
      setImmediate(() => {
        this.#refilling = false;
        this.#credit = BURST;
        if (this.#scheduled) this.#drain();
      });
    }
    if (this.#credit > 0) queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    let next = 0;
    while (next < this.#queue.length && this.#credit > 0) {
      this.#credit -= 1;
      const turn = this.#queue[next++];
      try {
        turn?.();
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#queue.splice(0, next);
    this.#scheduled = false;
    if (this.#queue.length > 0) this.#schedule();
  }
}
