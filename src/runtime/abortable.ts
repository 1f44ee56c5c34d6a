// Signals for the SDK's client, which adds a listener for each request and takes none away: a long wait asks many times.
import { setMaxListeners } from 'node:events';

/** A controller whose signal takes any number of listeners without Node's warning of a leak. */
export function manyListeners(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
