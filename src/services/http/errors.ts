// What goes wrong while an HTTP request is answered.
import { dataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind, ExitCode } from '../../core/errors.js';
import { toBytes } from '../../core/text.js';

/** The body of a request cannot be had, or an answer cannot be sent. */
export class HttpExchangeError extends PlatformError {
  override readonly name = 'HttpExchangeError';
  readonly code = 'HTTP_EXCHANGE';
  override readonly kind: ErrorKind;
  /** As Lua gets it, with details `{ type }`: one of the `http` module's ERROR values. */
  readonly data: ErrorData;
  constructor(kind: ErrorKind, type: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.data = { kind, message: toBytes(message), retryable: false, details: dataObject({ type }) };
  }
}

export class HttpListenError extends PlatformError {
  override readonly name = 'HttpListenError';
  readonly code = 'HTTP_LISTEN';
  override readonly kind = 'Unavailable' as const;
  override readonly exitCode: ExitCode = 3;
}

/** A setting of an http entry that has a value nothing can be made of. */
export class HttpSettingError extends PlatformError {
  override readonly name = 'HttpSettingError';
  readonly code = 'HTTP_SETTING';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode: ExitCode = 2;
}
