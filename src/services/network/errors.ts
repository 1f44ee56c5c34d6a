// What goes wrong with networks that connections go through.
import { PlatformError } from '../../core/errors.js';

export class OverlayError extends PlatformError {
  override readonly name = 'OverlayError';
  readonly code = 'NETWORK_OVERLAY';
  override readonly kind = 'Internal';
  override readonly retryable = true;
  constructor(entry: string, host: string, why: string) {
    super(`no connection to '${host}' through '${entry}': ${why}`);
  }
}
