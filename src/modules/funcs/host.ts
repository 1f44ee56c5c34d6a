// Function calls on a node: the runtime does them, this says what it is asked.
import { mapIn } from '../../core/data-values.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';

export interface CallRequest {
  readonly target: string;
  readonly args: readonly Data[];
  /** The context of the callee: that of the caller with what the call adds. */
  readonly values: Readonly<DataObject>;
  /** `timeout` and other durations in milliseconds; see CALL_OPTIONS in executor.ts. */
  readonly options: Readonly<DataObject>;
}

/** All returned values; throws the call's error. `context.signal` is aborted when the caller gives up. */
export type CallFunction = (request: CallRequest, context: CommandContext) => Promise<readonly Data[]>;

class OutsideWorkflowError extends PlatformError {
  override readonly name = 'OutsideWorkflowError';
  readonly code = 'NEXUS_OUTSIDE_WORKFLOW';
  override readonly kind = 'Invalid' as const;
  constructor() {
    super(
      'operations of Nexus services are called from workflows, which wait for them durably; call it in a workflow.lua, and start that here',
    );
  }
}

export function funcsHandlers(callFunction: CallFunction): HostHandlers {
  return {
    'funcs.call': async ({ target, args, context: added, options }, context) => {
      if (typeof target !== 'string' || !Array.isArray(args))
        throw new TypeError("'funcs.call' needs a target and args");
      const values = dataObject({ ...context.values, ...mapIn(added) });
      return [...(await callFunction({ target, args, values, options: mapIn(options) }, context))];
    },
    'nexus.call': () => Promise.reject(new OutsideWorkflowError()),
  };
}
