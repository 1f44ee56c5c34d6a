// Functions that work inside a workflow only. Sealed.
import type { DataObject } from '../../core/data.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import type { HostFunction, HostResult, LuaValue } from '../../lua/values.js';

/** Refuses the function outside workflows; `facts` gives those of the run. */
export const inside =
  (
    name: string,
    run: (call: HostCall, facts: () => DataObject, values: LuaValue[]) => HostResult,
  ): HostFunction =>
  (call, ...values) => {
    const { place, workflow } = call.instance.host;
    if (place !== 'workflow' || workflow === undefined)
      return failure(
        'Invalid',
        `workflow.${name} works in a workflow.lua only; this is a ${call.instance.program.kind}`,
        undefined,
        false,
      );
    return run(call, workflow, values);
  };
