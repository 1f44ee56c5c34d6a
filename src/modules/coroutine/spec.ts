// What `coroutine` has beyond Lua's own library: spawn. Always there. Sealed.
import { Arguments } from '../../lua/instance/arguments.js';
import { defineModuleSpec, fn } from '../../lua/module.js';

export const coroutineSpec = defineModuleSpec({
  name: 'coroutine',
  summary: "Lua's coroutines, and spawn for functions that run beside their caller.",
  workflow: 'sealed',
  members: {
    spawn: fn(
      'Runs a function beside the caller, from when the caller waits. It ends with main; an error in it ends the instance.',
      ['fn: function', '...: any'],
      [],
      (call, ...values) => {
        const run = new Arguments(call, 'spawn', values).function(1);
        call.instance.spawn(run, values.slice(1));
        return [];
      },
    ),
  },
});
