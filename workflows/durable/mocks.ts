// `test.mock` in a workflow: the Lua stays in the run, and nodes ask it by an update what the mocked function answers. Sealed.
import { defineUpdate, setHandler } from '@temporalio/workflow';
import type { Outcome } from '../../src/lua/step.js';
import { mocksOf } from '../../src/modules/test/spec.js';
import { toFailure } from '../../src/temporal/failures.js';
import { MOCK_UPDATE } from '../../src/temporal/names.js';
import { dataOf, resultsOf } from './declarations.js';
import type { DurableHandler, DurableHandlers, Run } from './run.js';

export function mockHandlers(run: Run, general: DurableHandler): DurableHandlers {
  let listens = false;
  const answer = async (...given: unknown[]): Promise<unknown> => {
    const [target, ...args] = dataOf(given);
    const replacement = typeof target === 'string' ? mocksOf(run.instance).get(target) : undefined;
    if (replacement === undefined)
      throw toFailure({ kind: 'Unavailable', message: 'the mock is no longer there', retryable: false });
    return resultsOf(await new Promise<Outcome>((ended) => run.invoke(replacement, args, ended)));
  };
  return {
    'test.mock': (asked) => {
      if (!listens) setHandler(defineUpdate<unknown, unknown[]>(MOCK_UPDATE), answer);
      listens = true;
      return general(asked);
    },
  };
}
