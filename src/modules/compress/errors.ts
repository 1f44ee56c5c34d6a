// What (de)compression tells Lua. Sealed.
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';

export class CompressError extends PlatformError {
  override readonly name = 'CompressError';
  readonly code = 'COMPRESS_FAILED';
  override readonly kind: ErrorKind;
  constructor(kind: 'Invalid' | 'Internal', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export const exceeds = (most: number): CompressError =>
  new CompressError('Internal', `decompressed size exceeds ${most} bytes`);
