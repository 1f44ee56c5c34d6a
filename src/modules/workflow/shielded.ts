// `workflow.shielded`: a part of a program that a cancellation of the run does not reach. Sealed.
// S1: what it waits for is not answered with Canceled, also where it is in a scope that is cancelled; the first thing that
//     the run asks for after it is.
import { CancelScope } from '../../lua/instance/cancel-scope.js';
import { failure } from '../../lua/instance/error-object.js';
import { fn } from '../../lua/module.js';
import { Suspend } from '../../lua/suspend.js';
import { LuaError, luaType } from '../../lua/values.js';
import { inside } from './inside.js';

export const shielded = fn(
  'Runs the function and gives what it returns; a cancellation of the run, or of a scope around it, waits until it is done. For steps that must not be left half done, and for cleaning up. A run that takes CANCEL events from process.events() needs none.',
  ['run: function', '...: any'],
  ['any', 'Error?'],
  inside('shielded', ({ instance }, _facts, [run, ...args]) => {
    if (typeof run !== 'function')
      return failure('Invalid', `what is shielded is a function, got ${luaType(run)}`, undefined, false);
    instance.mustNotRead('workflow.shielded');
    const around = instance.enter(new CancelScope(instance.scope, 'shield'));
    return new Suspend({
      on: 'call',
      fn: run,
      args,
      then: (values) => {
        instance.enter(around);
        return values;
      },
      caught: (error) => {
        instance.enter(around);
        throw new LuaError(error);
      },
    });
  }),
  ['Invalid', 'Canceled'],
);
