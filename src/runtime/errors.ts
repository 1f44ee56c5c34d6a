// Errors that the engine room of a node raises.
import type { ErrorData } from '../core/error-data.js';
import { PlatformError } from '../core/errors.js';
import type { ErrorKind, ExitCode } from '../core/errors.js';
import { toTextLossy } from '../core/text.js';

/** Two modules answer one command, or a command is added after the freeze. */
export class DispatcherError extends PlatformError {
  override readonly name = 'DispatcherError';
  readonly code = 'DISPATCHER';
}

/** A command that no module of this node answers. */
export class CommandUnknownError extends PlatformError {
  override readonly name = 'CommandUnknownError';
  readonly code = 'COMMAND_UNKNOWN';
  override readonly kind = 'Unavailable' as const;
  constructor(type: string) {
    super(`nothing on this node answers '${type}'; load the module or extension that brings it`);
  }
}

/** An entry that does not exist; names the nearest one where there is one. */
export class EntryUnknownError extends PlatformError {
  override readonly name = 'EntryUnknownError';
  readonly code = 'ENTRY_UNKNOWN';
  override readonly kind = 'NotFound' as const;
  override readonly exitCode: ExitCode = 2;
  readonly entry: string;
  constructor(entry: string, nearest?: string) {
    super(
      `there is no entry '${entry}'${nearest === undefined ? "; ids are `namespace:name`, as the app's _index.yaml files have them" : `; did you mean '${nearest}'?`}`,
    );
    this.entry = entry;
  }
}

/** An entry of another kind than the one that is needed. */
export class EntryKindError extends PlatformError {
  override readonly name = 'EntryKindError';
  readonly code = 'ENTRY_KIND';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode: ExitCode = 2;
  readonly entry: string;
  constructor(entry: string, isA: string, wanted: string) {
    super(`'${entry}' is a ${isA}; ${wanted}`);
    this.entry = entry;
  }
}

/** An entry whose kind is known but not built, or that cannot be used on this node. */
export class EntryIdleError extends PlatformError {
  override readonly name = 'EntryIdleError';
  readonly code = 'ENTRY_IDLE';
  override readonly kind = 'Unavailable' as const;
  constructor(entry: string, kind: string) {
    super(`'${entry}' is a ${kind}, a kind that is known but not built in this version`);
  }
}

/** A function's pool is full: every place is taken and so is every seat in the queue. */
export class FunctionBusyError extends PlatformError {
  override readonly name = 'FunctionBusyError';
  readonly code = 'FUNCTION_BUSY';
  override readonly kind = 'RateLimited' as const;
  override readonly retryable = true;
  constructor(entry: string, running: number, waiting: number) {
    super(
      `function '${entry}' is busy: ${running} calls run and ${waiting} wait; raise pool.max_size (or workers) or pool.buffer`,
    );
  }
}

/** Calls nested deeper than any program means to. */
export class CallDepthError extends PlatformError {
  override readonly name = 'CallDepthError';
  readonly code = 'CALL_DEPTH';
  override readonly kind = 'Invalid' as const;
  constructor(entry: string, depth: number) {
    super(`'${entry}' is called ${depth} calls deep; does a function call itself without an end?`);
  }
}

export class NodeStoppedError extends PlatformError {
  override readonly name = 'NodeStoppedError';
  readonly code = 'NODE_STOPPED';
  override readonly kind = 'Unavailable' as const;
  override readonly retryable = true;
  constructor(what: string) {
    super(`${what}: this node is stopping`);
  }
}

/** An owned handle that is not (or no longer) there. */
export class HandleClosedError extends PlatformError {
  override readonly name = 'HandleClosedError';
  readonly code = 'HANDLE_CLOSED';
  override readonly kind = 'Invalid' as const;
  constructor(handle: number) {
    super(`handle ${handle} is closed; open it again`);
  }
}

/** A Lua error that left a program, for those who call from TypeScript. */
export class CallError extends PlatformError {
  override readonly name = 'CallError';
  readonly code = 'CALL_FAILED';
  override readonly kind: ErrorKind;
  override readonly retryable: boolean;
  readonly data: ErrorData;
  constructor(data: ErrorData) {
    super(toTextLossy(data.message));
    this.data = data;
    this.kind = data.kind;
    this.retryable = data.retryable ?? false;
  }
}

/** A program that the registry names but does not have any more. */
export class ProgramMissingError extends PlatformError {
  override readonly name = 'ProgramMissingError';
  readonly code = 'PROGRAM_MISSING';
  override readonly kind = 'Unavailable' as const;
  constructor(entry: string, hash: string) {
    super(`program ${hash.slice(0, 12)} of '${entry}' is not in the registry; was it pruned?`);
  }
}

/** A stored program that this release's compiler refuses. */
export class ProgramBrokenError extends PlatformError {
  override readonly name = 'ProgramBrokenError';
  readonly code = 'PROGRAM_BROKEN';
  override readonly kind = 'Invalid' as const;
  constructor(entry: string, lines: readonly string[]) {
    super(`the program of '${entry}' does not compile: ${lines.join('; ')}`);
  }
}

/** What the format has and this version does not. */
export class NotBuiltError extends PlatformError {
  override readonly name = 'NotBuiltError';
  readonly code = 'NOT_BUILT';
  override readonly kind = 'Unavailable' as const;
  constructor(what: string) {
    super(`not built in this version: ${what}`);
  }
}

/** A part of a node that was left behind when its time to stop was over. */
export class NodeStopTimeoutError extends PlatformError {
  override readonly name = 'NodeStopTimeoutError';
  readonly code = 'NODE_STOP_TIMEOUT';
  override readonly kind = 'Timeout' as const;
  constructor(part: string, milliseconds: number) {
    super(
      `the node goes without ${part}, which took longer than ${Math.round(milliseconds)} ms; raise 'shutdown.timeout' in moontide.yaml if it needs more`,
    );
  }
}
