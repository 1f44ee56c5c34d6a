// `workflow.set_current_details` and `get_current_details`: what the program says of itself where people look at its run. Sealed.
// Nothing is recorded: a replay says it again.
import { fn } from '../../lua/module.js';
import { failure } from '../../lua/instance/error-object.js';
import { luaType } from '../../lua/values.js';
import { ownDetails } from './durable.js';
import { inside } from './inside.js';

const MOST_BYTES = 16_384;

export const set_current_details = fn(
  'Sets what the run says of itself: Markdown that the Temporal UI and `moontide inspect` show above what its coroutines wait for. An empty text takes it away. At most 16,384 bytes.',
  ['details: string'],
  ['boolean?', 'Error?'],
  inside('set_current_details', ({ instance }, _facts, [text]) => {
    if (typeof text !== 'string') return failure('Invalid', `the details are a text, got ${luaType(text)}`);
    if (text.length > MOST_BYTES)
      return failure('Invalid', `the details have ${text.length} bytes; at most ${MOST_BYTES} are taken`);
    instance.mustNotRead('workflow.set_current_details');
    ownDetails(instance).text = text;
    return true;
  }),
  ['Invalid'],
);

export const get_current_details = fn(
  'What set_current_details was given last; an empty text where that was never.',
  [],
  ['string?', 'Error?'],
  inside('get_current_details', ({ instance }) => ownDetails(instance).text),
  ['Invalid'],
);
