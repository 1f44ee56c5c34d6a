// Keeps the values of secrets out of what is recorded for good: results, arguments, messages and errors that go to Temporal.
import type { Data } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import { PlatformError } from '../core/errors.js';
import type { Redactor } from '../core/redaction.js';
import { formatPath } from '../core/wire-errors.js';

/** What would have gone into a history holds the value of a secret. */
export class SecretLeakError extends PlatformError {
  override readonly name = 'SecretLeakError';
  readonly code = 'SECRET_LEAK';
  override readonly kind = 'Invalid' as const;
  constructor(what: string, place: string, advice: string) {
    super(`${what} holds the value of a secret at ${place}, and would be recorded; ${advice}`);
  }
}

export interface SecretGuard {
  /** Throws SecretLeakError; `what` is the subject of its message. */
  check(data: Data, what: string, advice?: string): void;
  /** An error without the values of secrets. */
  redact(error: ErrorData): ErrorData;
}

const ADVICE = 'name the variable instead, and read it with env.get where it is used';

export const secretGuard = (redactor: Redactor): SecretGuard => ({
  check(data, what, advice = ADVICE) {
    const place = redactor.find(data);
    if (place !== undefined) throw new SecretLeakError(what, redactor.text(formatPath(place)), advice);
  },
  redact: (error) => redactor.error(error),
});
