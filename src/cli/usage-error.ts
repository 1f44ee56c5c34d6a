// What was typed is wrong: exit code 2.
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';

export class UsageError extends PlatformError {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode: ExitCode = 2;
}
