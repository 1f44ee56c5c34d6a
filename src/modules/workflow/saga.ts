// `workflow.saga`: what undoes the steps that were done, in reverse. Sealed.
// S1: every compensation runs, also after one that failed: by raising, or by an error second as functions of the platform do.
// S2: a compensation runs once: what was compensated is forgotten, so a later failure undoes only what came since.
import { errorFromData, errorToData, failure, isErrorObject } from '../../lua/instance/error-object.js';
import { describeType, fn, signature } from '../../lua/module.js';
import { Suspend } from '../../lua/suspend.js';
import { defineUserdata, luaType } from '../../lua/values.js';
import type { HostResult, LuaFunction, LuaValue } from '../../lua/values.js';
import { inside } from './inside.js';

interface Compensation {
  readonly fn: LuaFunction;
  readonly args: readonly LuaValue[];
}

class Saga {
  steps: Compensation[] = [];
}

export const SagaType = defineUserdata<Saga>('Saga', {
  add(_call, saga, compensation, ...args) {
    if (typeof compensation !== 'function')
      return failure('Invalid', `a compensation is a function, got ${luaType(compensation)}`);
    saga.steps.push({ fn: compensation, args });
    return true;
  },
  compensate(_call, saga) {
    const steps = saga.steps.reverse();
    saga.steps = [];
    return runAll(steps, []);
  },
  clear(_call, saga) {
    saga.steps = [];
    return true;
  },
});

describeType(SagaType, 'What undoes the steps of a run.', {
  add: signature(
    'Notes what undoes a step: a function and its arguments.',
    ['compensation: function', '...: any'],
    ['boolean?', 'Error?'],
    ['Invalid'],
  ),
  compensate: signature(
    'Runs what was noted, the last first, all of it; the error tells what failed.',
    [],
    ['boolean?', 'Error?'],
  ),
  clear: signature('Forgets what was noted.', [], ['boolean']),
});

/** Runs the compensations from the first on; `failed` has the errors so far. */
function runAll(steps: Compensation[], failed: LuaValue[]): HostResult {
  const step = steps.shift();
  if (step === undefined) return failed.length === 0 ? true : [undefined, summary(failed)];
  return new Suspend({
    on: 'call',
    fn: step.fn,
    args: step.args,
    then: ([, error]) => runAll(steps, isError(error) ? [...failed, error] : failed),
    caught: (error) => runAll(steps, [...failed, error]),
  });
}

const isError = (value: LuaValue): boolean => isErrorObject(value) || typeof value === 'string';

/** One error is itself; several are one whose cause is the first. */
function summary([first, ...others]: readonly LuaValue[]): LuaValue {
  const data = errorToData(first);
  if (others.length === 0) return errorFromData(data);
  return errorFromData({
    kind: data.kind,
    message: `${others.length + 1} compensations failed, the first with: ${data.message}`,
    retryable: false,
    cause: data,
  });
}

export const saga = fn(
  'What undoes the steps of a run: saga:add(fn, ...) after a step notes its compensation, saga:compensate() runs the notes from the last to the first and gives true, or nil and what failed after all have run; saga:clear() forgets them.',
  [],
  ['Saga'],
  inside('saga', () => SagaType.wrap(new Saga())),
  ['Invalid'],
);
