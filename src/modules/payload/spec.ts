// `payload`: values in formats, as they come with messages and futures. Always there. Sealed.
import { toData } from '../../lua/instance/convert.js';
import { formatOf, newPayload, PAYLOAD_FORMATS, PayloadType } from '../../lua/instance/payload.js';
import { constant, define, defineModuleSpec, describeType, members, table } from '../../lua/module.js';
import { any } from '../../lua/parameters.js';

const returns = ['any', 'Error?'] as const;
const fails = { Internal: 'the payload is not what its format says' } as const;
const nothing = { params: [], errors: ['Internal'], fails } as const;

describeType(PayloadType, 'A value in one of the formats.', {
  get_format: {
    summary: 'The format: one of `payload.format`.',
    params: [],
    returns: ['string'],
    errors: [],
  },
  data: { summary: 'The value, as Lua has it.', returns, ...nothing },
  unmarshal: { summary: 'The same as `data`: nothing but Lua values is kept here.', returns, ...nothing },
  transcode: {
    summary:
      'The payload in another format. JSON, YAML, MessagePack and text are bytes then; `data` reads them again.',
    params: ['format: string'],
    returns: ['payload?', 'Error?'],
    errors: ['Internal'],
    fails: { Internal: 'the value has no form in that format, or the format is unknown' },
  },
});

export const payloadSpec = defineModuleSpec({
  name: 'payload',
  summary: 'Values in formats: JSON, YAML, MessagePack, text and bytes',
  workflow: 'sealed',
  types: [PayloadType],
  members: {
    ...members(
      define('new', {
        summary:
          'A payload of a value; what does not cross borders (functions, handles) is an error with its path, which is raised.',
        params: [any('value')],
        returns: ['payload'],
        fails: { Invalid: 'the value does not cross' },
        run: (_call, value) => newPayload(toData(value), formatOf(value)),
      }),
    ),
    format: table(
      Object.fromEntries(Object.entries(PAYLOAD_FORMATS).map(([name, format]) => [name, constant(format)])),
    ),
  },
});
