// The `json` module. Sealed.
// The kinds of its errors are those of the application format: Internal for what cannot be encoded or decoded.
import { defineModuleSpec, fn } from '../../lua/module.js';
import { Arguments } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import { decodeJson } from './decode.js';
import { encodeJson, JsonEncodeError } from './encode.js';

const notBuilt = (name: string, what: string) =>
  fn(
    `${what} Not built in this version.`,
    name === 'validate' ? ['schema: table|string', 'data: any'] : ['schema: table|string', 'json: string'],
    ['boolean', 'Error?'],
    () => [
      false,
      failure(
        'Unavailable',
        `json.${name} is not built in this version; check the fields in Lua`,
        undefined,
        false,
      )[1],
    ],
    ['Unavailable'],
  );

export const jsonSpec = defineModuleSpec({
  name: 'json',
  summary: 'JSON text to Lua values and back',
  workflow: 'sealed',
  members: {
    encode: fn(
      'A value as JSON text. Integers stay exact, NaN and infinities become null; at most 128 levels and 64 MB.',
      ['value: any'],
      ['string?', 'Error?'],
      (_call, value) => {
        try {
          return encodeJson(value);
        } catch (error) {
          if (error instanceof JsonEncodeError) return failure('Internal', error.message, undefined, false);
          throw error;
        }
      },
      ['Internal'],
    ),
    decode: fn(
      'The value of a JSON text. null is nil; numbers with a point or an exponent are floats.',
      ['text: string'],
      ['any', 'Error?'],
      (call, ...values) => {
        const text = new Arguments(call, 'decode', values).string(1);
        const decoded = decodeJson(text, () => call.instance.newTable());
        return decoded.ok ? decoded.value : failure('Internal', decoded.problem, undefined, false);
      },
      ['Internal'],
    ),
    validate: notBuilt('validate', 'Whether a value follows a JSON Schema.'),
    validate_string: notBuilt('validate_string', 'Whether a JSON text follows a JSON Schema.'),
  },
});
