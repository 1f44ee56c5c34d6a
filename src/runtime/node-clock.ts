// The wall clock of a node with microseconds: the system's milliseconds, refined by the monotonic clock.

/** How far the refined clock may be from the system's before it is set anew: the system's was changed. Milliseconds. */
const TOLERANCE_MS = 5;

export class NodeClock {
  #wallAtAnchor = Date.now();
  #monotonicAtAnchor = performance.now();

  /** Nanoseconds since the epoch. */
  now(): bigint {
    const wall = Date.now();
    let refined = this.#wallAtAnchor + (performance.now() - this.#monotonicAtAnchor);
    if (Math.abs(refined - wall) > TOLERANCE_MS) {
      this.#wallAtAnchor = refined = wall;
      this.#monotonicAtAnchor = performance.now();
    }
    return BigInt(Math.round(refined * 1000)) * 1000n;
  }
}
