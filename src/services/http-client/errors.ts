// What goes wrong with requests to other servers.
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';

/** The request cannot be sent as it is, or its answer cannot be taken. */
export class HttpRequestError extends PlatformError {
  override readonly name = 'HttpRequestError';
  readonly code = 'HTTP_REQUEST';
  override readonly kind: ErrorKind;
  override readonly retryable: boolean;
  constructor(kind: ErrorKind, message: string, retryable = false, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.retryable = retryable;
  }
}

export class PrivateAddressError extends PlatformError {
  override readonly name = 'PrivateAddressError';
  readonly code = 'PRIVATE_ADDRESS';
  override readonly kind = 'PermissionDenied' as const;
  constructor(address: string, host: string) {
    super(
      `not allowed: private IP ${address}${host === address ? '' : ` (of '${host}')`}; name its network in security.private_networks of moontide.yaml`,
    );
  }
}

export class UnixSocketError extends PlatformError {
  override readonly name = 'UnixSocketError';
  readonly code = 'UNIX_SOCKET';
  override readonly kind = 'PermissionDenied' as const;
  constructor(path: string) {
    super(`not allowed: the socket '${path}'; name it in security.unix_sockets of moontide.yaml`);
  }
}

/** A WebSocket cannot be had, or has ended. */
export class WebSocketError extends PlatformError {
  override readonly name = 'WebSocketError';
  readonly code = 'WEBSOCKET';
  override readonly kind: ErrorKind;
  override readonly retryable: boolean;
  constructor(kind: ErrorKind, message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.retryable = retryable;
  }
}
