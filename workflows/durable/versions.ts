// `workflow.version` { change, min, max } -> which side of a code change this run is on. Sealed.
// V1: a run is pinned to its program, so it has the highest version of every change that it passes, at replays too: nothing
//     needs to be recorded. (Patch markers of the SDK would break runs: where a query splits the first task, the marker is
//     in the task after the one in which a replay passes, and the core takes that for another way.)
// V2: on another program (`moontide replay --newest`, `upgrade`) the run has the versions that its own program had; a change
//     that that one did not pass has min.
import { PlatformError } from '../../src/core/errors.js';
import type { ProgramReference } from '../../src/temporal/contracts.js';
import { toText } from '../../src/core/text.js';
import type { DurableHandlers } from './run.js';
import type { CommandTrace } from './trace.js';

class VersionUnsupportedError extends PlatformError {
  override readonly name = 'VersionUnsupportedError';
  readonly code = 'VERSION_UNSUPPORTED';
  override readonly kind = 'Invalid' as const;
}

export function versionHandlers(
  { versions: known }: ProgramReference,
  trace: CommandTrace | undefined,
): DurableHandlers {
  const chosen = new Map<string, number>();
  return {
    'workflow.version': ({ command: { change, min, max } }) => {
      if (typeof change !== 'string' || typeof min !== 'number' || typeof max !== 'number')
        throw new TypeError("'workflow.version' needs change, min and max");
      const version = chosen.get(change) ?? (known === undefined ? max : (known[change] ?? min));
      if (version < min || version > max)
        throw new VersionUnsupportedError(
          `the run has version ${version} of '${toText(change)}', and the program supports ${min} to ${max}`,
        );
      chosen.set(change, version);
      trace?.version(change, version);
      return version;
    },
  };
}
