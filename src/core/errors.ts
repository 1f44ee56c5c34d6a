// Every error the platform raises: a class with a stable code, a kind that applications see, and a verdict on retry.
// E1: the code never changes once released; docs/errors.md lists each one and a test compares both ways.
// E2: the message is lower case, quotes the value and says the next step.

/** What applications see as `err:kind()` and Temporal as the failure type. */
export const ERROR_KINDS = [
  'NotFound',
  'AlreadyExists',
  'Invalid',
  'PermissionDenied',
  'Unavailable',
  'Internal',
  'Canceled',
  'Conflict',
  'Timeout',
  'RateLimited',
  'Unknown',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * The process exit code that an error stands for: 1 the program failed, 2 bad input, 3 something needed cannot be reached,
 * 130 and 143 stopped by SIGINT and SIGTERM before it was done.
 */
export type ExitCode = 1 | 2 | 3 | 130 | 143;

export abstract class PlatformError extends Error {
  /** Stable, upper case, listed in docs/errors.md. */
  abstract readonly code: string;
  /** How applications see it. */
  readonly kind: ErrorKind = 'Internal';
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean = false;
  /** What the command line exits with when this ends it. */
  readonly exitCode: ExitCode = 1;
}

/** Makes a switch total: a new member of the union does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable value ${JSON.stringify(value)}`);
}
