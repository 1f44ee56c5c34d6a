// An error as plain data: the form in which it crosses borders (answers, failures, messages). Sealed.
import type { Data } from './data.js';
import type { ErrorKind } from './errors.js';

export interface ErrorData {
  readonly kind: ErrorKind;
  /** Text as a byte string. */
  readonly message: string;
  /** undefined: not said. */
  readonly retryable?: boolean;
  readonly details?: Data;
  /** Lua stack, one frame a line, innermost first; each border adds its own below. */
  readonly stack?: string;
  readonly cause?: ErrorData;
}
