// The `ctx` module: values that a call inherits from its caller. Sealed.
import { fromData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { text } from '../../lua/parameters.js';

export const ctxSpec = defineModuleSpec({
  name: 'ctx',
  summary: 'Context values of the call: set by callers, inherited by calls and spawns',
  workflow: 'sealed',
  members: members(
    define('get', {
      summary: 'The value of a key.',
      params: [text('key')],
      returns: ['any', 'Error?'],
      fails: { Invalid: 'the key is empty', NotFound: 'the context has no such key' },
      run: (call, key) => {
        if (key === '') return failure('Invalid', 'the key is empty');
        const { context } = call.instance.host;
        const value = Object.hasOwn(context, key) ? context[key] : undefined;
        if (value === undefined) return failure('NotFound', `the context has no '${key}'`);
        return fromData(value, () => call.instance.newTable());
      },
    }),
    define('all', {
      summary: 'All keys and values, as a table of its own.',
      params: [],
      returns: ['table', 'Error?'],
      run: (call) => {
        const { instance } = call;
        const newTable = () => instance.newTable();
        const all = newTable();
        for (const [key, value] of Object.entries(instance.host.context))
          all.set(key, fromData(value, newTable));
        return all;
      },
    }),
  ),
});
