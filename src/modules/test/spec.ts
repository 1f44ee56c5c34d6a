// The `test` module: what a test may do to the app that it runs in. Sealed.
// `test.mock` { target, owner } -> true; `test.restore` { target? } -> true; `owner` is the PID of who answers calls of `target`
// T1: the Lua stays where it is: a node that is to call `target` has the owner's instance run it (an update where that is a workflow).
import { toBytes } from '../../core/text.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { func, optional, text } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { InstanceContext } from '../../lua/instance-context.js';
import type { LuaFunction } from '../../lua/values.js';

const MOCKS = {};

/** What a program has put in the place of functions, by their entry ids (byte strings). */
export const mocksOf = (instance: Pick<InstanceContext, 'state'>): Map<string, LuaFunction> =>
  instance.state(MOCKS, () => new Map<string, LuaFunction>());

const SAYS_ID = /^[^:]+:[^:]+$/;

export const testSpec = defineModuleSpec({
  name: 'test',
  summary: 'What a test may do to the app that it runs in: for entries with `meta.type: test`',
  workflow: 'recorded',
  members: members(
    define('mock', {
      summary:
        'Puts a Lua function in the place of a function of the app, until the test ends: whoever calls it, a workflow as an activity or a function in process, gets what this one returns or raises. It has the arguments of the call, may wait, and sees the locals of the test. Given again it is replaced.',
      params: [
        text('id', 'Entry id of a `function.lua`.'),
        func('replacement', 'Stands for it. An error second is the error of the call.'),
      ],
      returns: ['boolean?', 'Error?'],
      fails: {
        Invalid:
          'the id is none, the entry is no function, or the program was not started by `moontide test`',
        NotFound: 'there is no such entry',
      },
      run: ({ instance }, id, replacement) => {
        if (!SAYS_ID.test(id))
          return failure(
            'Invalid',
            `'${id}' is no entry id; functions of the app are mocked, by 'namespace:name'`,
            undefined,
            false,
          );
        const mocks = mocksOf(instance);
        const before = mocks.get(id);
        mocks.set(id, replacement);
        return command({ type: 'test.mock', target: id, owner: toBytes(instance.host.pid) }, (answer) => {
          if (answer.ok) return true;
          if (before === undefined) mocks.delete(id);
          else mocks.set(id, before);
          return [undefined, errorFromData(answer.error)];
        });
      },
    }),
    define('restore', {
      summary: 'Lets calls reach the function of the app again: that of the id, or all.',
      params: [optional(text('id', 'Entry id of a function; default: all that are mocked.'))],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: 'the program was not started by `moontide test`' },
      run: ({ instance }, id) => {
        const mocks = mocksOf(instance);
        if (id === undefined) mocks.clear();
        else mocks.delete(id);
        return command({ type: 'test.restore', ...(id === undefined ? {} : { target: id }) }, (answer) =>
          answer.ok ? true : [undefined, errorFromData(answer.error)],
        );
      },
    }),
  ),
});
