// An extension: one kind and one module. Nothing else is needed to add to Moontide what it does not have.
import { ask, constant, defineKind, defineModule, fn, toBytes } from 'moontide';

// The kind: what an entry may say (JSON Schema), and what it becomes on a node.
export const book = defineKind({
  name: 'greeting.book',
  summary: 'How a language greets.',
  state: 'full',
  schema: {
    type: 'object',
    properties: { hello: { type: 'string', minLength: 1 } },
    required: ['hello'],
    additionalProperties: false,
  },
  async open(entry) {
    return { hello: entry.data.hello, async [Symbol.asyncDispose]() {} };
  },
});

// The module: what Lua sees asks the host by a command; the host half may do I/O.
export const greetings = defineModule({
  spec: {
    name: 'greetings',
    summary: 'Greets in the language of a book.',
    workflow: 'refused',
    members: {
      DEFAULT_NAME: constant('world'),
      greet: fn(
        'Greets `name`.',
        ['book: string', 'name: string'],
        ['string?', 'Error?'],
        (call, entry, name) => ask(call, { type: 'greetings.greet', entry, name }),
      ),
    },
  },
  host: {
    'greetings.greet': async ({ entry, name }, context) => {
      const { hello } = await context.resource(entry, 'greeting.book');
      return `${toBytes(hello)}, ${name}!`;
    },
  },
});
