// One who waits until there is something to look at. Host-only: sealed code has no signals.
// W1: one waits at a time; being woken says only that it is worth to look again.
export class WakeUp {
  #wake: (() => void) | undefined;

  /** Until `wake`, or until `signal` is aborted. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
