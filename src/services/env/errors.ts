// What the environment refuses.
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';

export class EnvironmentError extends PlatformError {
  override readonly name = 'EnvironmentError';
  readonly code = 'ENVIRONMENT';
  override readonly kind: ErrorKind;
  constructor(message: string, kind: ErrorKind, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
