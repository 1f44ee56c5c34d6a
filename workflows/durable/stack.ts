// Where every coroutine of a run is, for the stack trace query and the run's current details. Sealed.
import { toTextLossy } from '../../src/core/text.js';
import type { CoroutineState } from '../../src/lua/step.js';
import { RESUME } from '../../src/temporal/names.js';
import type { Run } from './run.js';

export function describeRun({ instance, parked }: Run): string {
  const coroutines = describeCoroutines(instance.coroutines());
  if (parked === undefined) return coroutines;
  return `PARKED: ${toTextLossy(parked)}\nThe update or signal '${RESUME}' lets it go on.\n\n${coroutines}`;
}

/** One block a coroutine: what it waits for, then its frames, innermost first. */
function describeCoroutines(coroutines: readonly CoroutineState[]): string {
  return coroutines
    .map(({ name, waits, frames }) =>
      [
        `${name}: waits for ${toTextLossy(waits)}`,
        ...frames.map(
          ({ chunk, line, name: fn }) =>
            `    at ${toTextLossy(chunk)}${line > 0 ? `:${line}` : ''}${fn === '' ? '' : ` in ${toTextLossy(fn)}`}`,
        ),
      ].join('\n'),
    )
    .join('\n\n');
}
