// The `ctx` module: values that a call inherits from its caller. Sealed.
import { defineModuleSpec, fn } from '../../lua/module.js';
import { Arguments } from '../../lua/instance/arguments.js';
import { fromData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';

export const ctxSpec = defineModuleSpec({
  name: 'ctx',
  summary: 'Context values of the call: set by callers, inherited by calls and spawns',
  workflow: 'sealed',
  members: {
    get: fn(
      'The value of a key.',
      ['key: string'],
      ['any', 'Error?'],
      (call, ...values) => {
        const key = new Arguments(call, 'get', values).string(1);
        if (key === '') return failure('Invalid', 'the key is empty');
        const { context } = call.instance.host;
        const value = Object.hasOwn(context, key) ? context[key] : undefined;
        if (value === undefined) return failure('NotFound', `the context has no '${key}'`);
        return fromData(value, () => call.instance.newTable());
      },
      ['Invalid', 'NotFound'],
    ),
    all: fn('All keys and values, as a table of its own.', [], ['table', 'Error?'], (call) => {
      const { instance } = call;
      const { context } = instance.host;
      const newTable = () => instance.newTable();
      const all = newTable();
      for (const [key, value] of Object.entries(context)) all.set(key, fromData(value, newTable));
      return all;
    }),
  },
});
