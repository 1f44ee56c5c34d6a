// Whose turn it is: every step of every instance on this node goes through here.
// U1: a turn never runs inside another turn, so that an instance is never entered twice.
// U2: turns run soon (in a microtask) but give timers and sockets their chance after a burst: two chatty instances starve nobody.

// U3: what gives up its turn goes on when timers and sockets had theirs, one after the other: between two looks at them
//     there is at most one such turn, however many instances are busy.

const BURST = 256;

export class Turns {
  readonly #queue: (() => void)[] = [];
  readonly #later: (() => void)[] = [];
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

  /** The next turn of an instance that has given up its turn (U3). */
  runLater(turn: () => void): void {
    this.#later.push(turn);
    if (this.#later.length === 1) setImmediate(this.#nextLater);
  }

  readonly #nextLater = (): void => {
    const turn = this.#later.shift();
    if (turn !== undefined) this.run(turn);
    if (this.#later.length > 0) setImmediate(this.#nextLater);
  };

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
