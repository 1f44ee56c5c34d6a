// `payload`: values in formats, as they come with messages and futures. Always there. Sealed.
import { toData } from '../../lua/instance/convert.js';
import { formatOf, newPayload, PAYLOAD_FORMATS, PayloadType } from '../../lua/instance/payload.js';
import { constant, defineModuleSpec, fn, table } from '../../lua/module.js';

export const payloadSpec = defineModuleSpec({
  name: 'payload',
  summary: 'Values in formats. YAML and MessagePack cannot be made here: use the `yaml` module, or JSON.',
  workflow: 'sealed',
  types: [PayloadType],
  members: {
    new: fn(
      'A payload of a value; what does not cross borders (functions, handles) is refused with its path.',
      ['value: any'],
      ['payload'],
      (_call, value) => newPayload(toData(value), formatOf(value)),
      ['Invalid'],
    ),
    format: table(
      Object.fromEntries(Object.entries(PAYLOAD_FORMATS).map(([name, format]) => [name, constant(format)])),
    ),
  },
});
