// Where every coroutine of a run is, for the stack trace query and the run's current details. Sealed.
import { toTextLossy } from '../../src/core/text.js';
import type { CoroutineState } from '../../src/lua/step.js';

/** One block a coroutine: what it waits for, then its frames, innermost first. */
export function describeCoroutines(coroutines: readonly CoroutineState[]): string {
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
