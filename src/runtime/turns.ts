// Whose turn it is: every step of every instance on this node goes through here.
// U1: a turn never runs inside another turn, so that an instance is never entered twice.
// U2: turns run soon (in a microtask, or at once for who is in no turn) but give timers and sockets their chance after a burst: two chatty instances starve nobody.
// U3: what gives up its turn goes on when timers and sockets had theirs, one after the other: between two looks at them
//     there is at most one such turn, however many instances are busy.

/** Turns of a burst. */
const BURST = 256;
/** Milliseconds after which a burst ends, looked at every so many turns. */
const BURST_MS = 5;
const LOOK_EVERY = 16;

export interface Turn {
  /** Must not throw: what does is told to `failed`. */
  takeTurn(): void;
}

export class Turns {
  /** Read by index; the part before `#next` is done. */
  #queue: (Turn | undefined)[] = [];
  #next = 0;
  readonly #later: Turn[] = [];
  readonly #failed: (error: unknown) => void;
  #scheduled = false;
  #draining = false;
  #credit = BURST;
  #refilling = false;

  readonly #idle: (() => void) | undefined;

  /** `failed` hears of a turn that threw: a bug of the host, since Lua's errors are values. `idle`: nobody wants a turn any more. */
  constructor(failed: (error: unknown) => void, idle?: () => void) {
    this.#failed = failed;
    this.#idle = idle;
  }

  /** Nobody wants a turn. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#later.length === 0;
  }

  run(turn: Turn): void {
    this.#queue.push(turn);
    if (!this.#scheduled && !this.#draining) this.#schedule();
  }

  /** As `run`, and at once where nobody has a turn or wants one: what ends in it has ended when this returns. */
  runAtOnce(turn: Turn): void {
    if (this.#draining || this.#scheduled || this.#credit === 0) return this.run(turn);
    this.#refillSoon();
    this.#credit -= 1;
    this.#draining = true;
    try {
      turn.takeTurn();
    } catch (error) {
      this.#failed(error);
    }
    this.#draining = false;
    if (this.#queue.length > 0) this.#schedule();
    else if (this.#later.length === 0) this.#idle?.();
  }

  /** The next turn of an instance that has given up its turn (U3). */
  runLater(turn: Turn): void {
    this.#later.push(turn);
    if (this.#later.length === 1) setImmediate(this.#nextLater);
  }

  readonly #nextLater = (): void => {
    const turn = this.#later.shift();
    if (turn !== undefined) this.run(turn);
    if (this.#later.length > 0) setImmediate(this.#nextLater);
  };

  #schedule(): void {
    this.#scheduled = true;
    this.#refillSoon();
    if (this.#credit > 0) queueMicrotask(this.#drain);
  }

  #refillSoon(): void {
    if (this.#refilling) return;
    this.#refilling = true;
    setImmediate(this.#refill);
  }

  readonly #refill = (): void => {
    this.#refilling = false;
    this.#credit = BURST;
    if (this.#scheduled) this.#drain();
  };

  readonly #drain = (): void => {
    this.#scheduled = false;
    this.#draining = true;
    const until = performance.now() + BURST_MS;
    while (this.#next < this.#queue.length && this.#credit > 0) {
      const turn = this.#queue[this.#next]!;
      this.#queue[this.#next++] = undefined;
      this.#credit -= 1;
      try {
        turn.takeTurn();
      } catch (error) {
        this.#failed(error);
      }
      if (this.#credit % LOOK_EVERY === 0 && performance.now() > until) this.#credit = 0;
    }
    this.#draining = false;
    if (this.#next === this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
      if (this.#later.length === 0) this.#idle?.();
      return;
    }
    if (this.#next > 1024 && this.#next * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#next);
      this.#next = 0;
    }
    this.#schedule();
  };
}
