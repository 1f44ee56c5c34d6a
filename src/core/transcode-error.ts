// What cannot change its format. Sealed.
import { PlatformError } from './errors.js';

export class TranscodeError extends PlatformError {
  override readonly name = 'TranscodeError';
  readonly code = 'TRANSCODE_FAILED';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
}
