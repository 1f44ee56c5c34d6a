// The `env` module: declared environment variables. Sealed.
// `env.get` { name, sealed } -> text, or { $secret: entry id } for a secret where `sealed` says that it must not be told
// `env.set` { name, value } -> null; `env.get_all` { sealed } -> object of the same values by public name
// S1: in a workflow a secret is a handle: it goes into commands and calls, where a node puts the value in its place, and
//     never becomes text there, so that no history holds it.
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { secretReference } from '../../core/secret.js';
import { defineModuleSpec, fn } from '../../lua/module.js';
import { typeName } from '../../lua/instance/arguments.js';
import { fromData } from '../../lua/instance/convert.js';
import { errorFromData, failure, newError } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { command } from '../../lua/suspend.js';
import { defineUserdata, LuaError } from '../../lua/values.js';
import type { LuaValue, UserdataType } from '../../lua/values.js';

class Secret {
  /** Entry id of the variable. */
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

function refuse(self: Secret): never {
  throw new LuaError(
    newError({
      kind: 'Invalid',
      message: `the secret '${self.id}' cannot become text in a workflow; pass it on to a function.lua and use it there`,
      retryable: false,
    }),
  );
}

/** Without `concat`, so that string functions and `..` refuse it by its type. */
const SecretType: UserdataType<Secret> = defineUserdata<Secret>(
  'Secret',
  {},
  {
    tostring: refuse,
    len: refuse,
    eq: (a, b) => a.id === b.id,
    data: (self) => secretReference(self.id),
  },
);

/** A handle for `{ $secret: id }`, any other value as it is. */
function toLua(call: HostCall, value: Data): LuaValue {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat)) {
    const id = value['$secret'];
    if (typeof id === 'string') return SecretType.wrap(new Secret(id));
  }
  return fromData(value, () => call.instance.newTable());
}

const isSealed = (call: HostCall): boolean => call.instance.host.place === 'workflow';

const badKey = (value: LuaValue) =>
  failure(
    'Invalid',
    value === '' ? 'the key is empty' : `the key is a variable's name, got ${typeName(value)}`,
  );

export const envSpec = defineModuleSpec({
  name: 'env',
  summary: 'Declared environment variables',
  workflow: 'recorded',
  members: {
    get: fn(
      'The value of a variable, by its public name or its entry id. In a workflow a secret is a handle.',
      ['key: string'],
      ['string?', 'Error?'],
      (call, key) => {
        if (typeof key !== 'string' || key === '') return badKey(key);
        return command({ type: 'env.get', name: key, sealed: isSealed(call) }, (answer) =>
          answer.ok ? toLua(call, answer.value) : [undefined, errorFromData(answer.error)],
        );
      },
      ['Invalid', 'NotFound', 'PermissionDenied'],
    ),
    set: fn(
      'Sets a variable whose storage can be written.',
      ['key: string', 'value: string'],
      ['boolean?', 'Error?'],
      (_call, key, value) => {
        if (typeof key !== 'string' || key === '') return badKey(key);
        if (typeof value !== 'string')
          return failure('Invalid', `the value of '${key}' is a string, got ${typeName(value)}`);
        return command({ type: 'env.set', name: key, value }, (answer) =>
          answer.ok ? true : [undefined, errorFromData(answer.error)],
        );
      },
      ['Invalid', 'NotFound', 'PermissionDenied'],
    ),
    get_all: fn(
      'All variables that have a public name and a value.',
      [],
      ['table?', 'Error?'],
      (call) =>
        command({ type: 'env.get_all', sealed: isSealed(call) }, (answer) => {
          if (!answer.ok) return [undefined, errorFromData(answer.error)];
          const all = call.instance.newTable();
          for (const [name, value] of Object.entries(answer.value ?? {}))
            all.set(name, toLua(call, value as Data));
          return all;
        }),
      ['PermissionDenied'],
    ),
  },
  types: [SecretType],
});
