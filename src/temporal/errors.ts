// Errors that the Temporal layer raises on a node. Host only.
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';
import { temporalCommand } from './command-line.js';

/** Nothing answers at the address, or what answers refuses us. */
export class TemporalUnavailableError extends PlatformError {
  override readonly name = 'TemporalUnavailableError';
  readonly code = 'TEMPORAL_UNAVAILABLE';
  override readonly kind = 'Unavailable' as const;
  override readonly retryable = true;
  override readonly exitCode: ExitCode = 3;
  readonly address: string;
  constructor(address: string, reason: string, advice: string, options?: ErrorOptions) {
    super(`cannot reach Temporal at '${address}': ${reason}; ${advice}`, options);
    this.address = address;
  }
}

/** The server is there, the namespace is not. */
export class TemporalNamespaceError extends PlatformError {
  override readonly name = 'TemporalNamespaceError';
  readonly code = 'TEMPORAL_NAMESPACE';
  override readonly kind = 'NotFound' as const;
  override readonly exitCode: ExitCode = 3;
  readonly namespace: string;
  constructor(address: string, namespace: string, options?: ErrorOptions) {
    super(
      `Temporal at '${address}' has no namespace '${namespace}'; create it with \`${temporalCommand({ address, namespace }, 'operator', 'namespace', 'create')}\``,
      options,
    );
    this.namespace = namespace;
  }
}

/** No Temporal binary is to be had; `tried` says of each place why not. */
export class TemporalBinaryError extends PlatformError {
  override readonly name = 'TemporalBinaryError';
  readonly code = 'TEMPORAL_BINARY';
  override readonly kind = 'Unavailable' as const;
  override readonly exitCode: ExitCode = 3;
  readonly tried: readonly string[];
  constructor(tried: readonly string[], options?: ErrorOptions) {
    super(
      `cannot find or fetch the Temporal CLI:\n${tried.map((line) => `  - ${line}`).join('\n')}\n` +
        'install it (https://docs.temporal.io/cli), set MOONTIDE_TEMPORAL_BIN to its path, or set TEMPORAL_ADDRESS to a running server',
      options,
    );
    this.tried = tried;
  }
}

/** The Temporal CLI that the environment names is none. */
export class TemporalBinarySettingError extends PlatformError {
  override readonly name = 'TemporalBinarySettingError';
  readonly code = 'TEMPORAL_BINARY_SETTING';
  override readonly kind = 'Unavailable' as const;
  override readonly exitCode: ExitCode = 3;
  constructor(variable: string, reason: string, options?: ErrorOptions) {
    super(
      `${variable} cannot be used: ${reason}; set it to the path of the Temporal CLI, or unset it to have one looked for`,
      options,
    );
  }
}

/** The embedded server did not start. */
export class DevServerError extends PlatformError {
  override readonly name = 'DevServerError';
  readonly code = 'TEMPORAL_DEV_SERVER';
  override readonly kind = 'Unavailable' as const;
  override readonly exitCode: ExitCode = 3;
}

/** The workflow bundle is missing, stale or breaks a rule of the sandbox. */
export class WorkflowBundleError extends PlatformError {
  override readonly name = 'WorkflowBundleError';
  readonly code = 'WORKFLOW_BUNDLE';
}

/** `worker_options` that contradict each other or are out of bounds. */
export class WorkerOptionsError extends PlatformError {
  override readonly name = 'WorkerOptionsError';
  readonly code = 'WORKER_OPTIONS';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode: ExitCode = 2;
}
