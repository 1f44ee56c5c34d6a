// SIGINT and SIGTERM: the first asks for an orderly stop, the second ends the process at once.
import type { RunningNode } from './run-node.js';

/** 128 and the signal's number, as shells count. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** What the process ended by; undefined while no signal came. */
export function stopOnSignals(node: RunningNode): void {
  let asked = false;
  const onSignal = (signal: keyof typeof CODES): void => {
    if (asked) process.exit(CODES[signal]);
    asked = true;
    node.logger.info('stopping; a second signal ends the process at once', { signal });
    node.stop().catch((error: unknown) => {
      node.logger.error('the node did not stop cleanly', { error });
      process.exitCode = 1;
    });
  };
  for (const signal of Object.keys(CODES) as (keyof typeof CODES)[]) process.on(signal, onSignal);
  const forget = (): void => {
    for (const signal of Object.keys(CODES)) process.off(signal, onSignal);
  };
  node.stopped.then(forget, forget);
}
