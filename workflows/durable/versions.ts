// `workflow.version` { change, min, max } -> which side of a code change this run is on. Sealed.
// V1: the first time a run passes, it records the highest version as a patch marker `<change>@<version>`.
// V2: a run whose history has another version's marker keeps that; one that passed before there were markers has min.
import { patched } from '@temporalio/workflow';
import { toTextLossy } from '../../src/core/text.js';
import type { DurableHandlers } from './run.js';

export function versionHandlers(): DurableHandlers {
  const chosen = new Map<string, number>();
  return {
    'workflow.version': ({ command: { change, min, max } }) => {
      if (typeof change !== 'string' || typeof min !== 'number' || typeof max !== 'number')
        throw new TypeError("'workflow.version' needs change, min and max");
      let version = chosen.get(change);
      if (version === undefined) {
        version = max;
        while (version > min && !patched(`${toTextLossy(change)}@${version}`)) version -= 1;
        chosen.set(change, version);
      }
      return version;
    },
  };
}
