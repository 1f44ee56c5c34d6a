// SIGINT and SIGTERM: the first asks for an orderly stop, also of a node that is still starting; the second ends the process
// at once.
import cluster from 'node:cluster';
import { PlatformError } from '../core/errors.js';

/** 128 and the signal's number, as shells count. */
export const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof CODES;

/** A signal came before what was asked for was done. */
export class InterruptedError extends PlatformError {
  override readonly name = 'InterruptedError';
  readonly code = 'INTERRUPTED';
  override readonly kind = 'Canceled';
  override readonly exitCode;
  /** `when`: what it came in the middle of. */
  constructor(signal: StopSignal, when: string) {
    super(`stopped by ${signal} ${when}`);
    this.exitCode = CODES[signal];
  }
}

/** Calls `ask` with the first signal. Gives what ends the listening. */
export function onStopSignal(ask: (signal: StopSignal) => void): () => void {
  let asked = false;
  const onSignal = (signal: StopSignal): void => {
    if (asked) process.exit(CODES[signal]);
    asked = true;
    ask(signal);
  };
  // One of several nodes (serve-nodes.ts) hears of Ctrl-C from who keeps them.
  const onInterrupt = cluster.isWorker ? (): void => undefined : onSignal;
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onSignal);
  };
}
