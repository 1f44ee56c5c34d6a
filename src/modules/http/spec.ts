// The `http` module: the request that an endpoint answers, and its answer. Sealed; request.ts and response.ts have the commands.
// H1: both are there only in what an endpoint calls, and in what that calls in turn; elsewhere asking for them is an error.
import { failure } from '../../lua/instance/error-object.js';
import { constant, define, defineModuleSpec, members, table } from '../../lua/module.js';
import type { TableSpec } from '../../lua/module.js';
import { asNumber, asText } from '../../lua/instance/arguments.js';
import { custom, expected, optional, Refusal } from '../../lua/parameters.js';
import { LuaTable, luaType } from '../../lua/values.js';
import type { LuaValue } from '../../lua/values.js';
import { CONTENT, ERROR, METHODS, STATUS, TRANSFER } from './constants.js';
import { NO_CONTEXT } from './parts.js';
import { Request, RequestType, UploadedFileType } from './request.js';
import { Response, ResponseType } from './response.js';

const USUAL_TIMEOUT_MS = 300_000;
const USUAL_BODY = 120 * 1024 * 1024;

interface RequestOptions {
  readonly timeout: number;
  readonly maxBody: number;
}

const constants = (values: Readonly<Record<string, string | number>>): TableSpec =>
  table(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constant(value)])));

function requestOptions(value: LuaValue): RequestOptions | Refusal {
  if (!(value instanceof LuaTable)) return expected('table', value);
  const read = { timeout: USUAL_TIMEOUT_MS, max_body: USUAL_BODY };
  for (const [key, given] of value.entries()) {
    if (key !== 'timeout' && key !== 'max_body')
      return new Refusal(`unknown option '${asText(key) ?? luaType(key)}'; there are timeout and max_body`);
    const number = asNumber(given);
    if (number === undefined || !Number.isSafeInteger(number) || number < 1)
      return new Refusal(`option '${key}' is a whole number of at least 1`);
    read[key] = number;
  }
  return { timeout: read.timeout, maxBody: read.max_body };
}

/** One value an instance and exchange, so that what was read of it stays. */
class Sides {
  request: Request | undefined;
  response: Response | undefined;
}
const SIDES = {};

export const httpSpec = defineModuleSpec({
  name: 'http',
  summary: 'The HTTP request that a function answers, and its answer',
  workflow: 'refused',
  members: {
    ...members(
      define('request', {
        workflow: 'function',
        returnsWrongArguments: true,
        summary: 'The request that is answered.',
        params: [
          optional(
            custom<RequestOptions>(
              'options',
              '{ timeout?: integer, max_body?: integer }',
              `How the body is read: \`timeout\` in milliseconds (default ${USUAL_TIMEOUT_MS}), \`max_body\` in bytes (default ${USUAL_BODY}).`,
              requestOptions,
            ),
          ),
        ],
        returns: ['Request?', 'Error?'],
        fails: { Internal: NO_CONTEXT, Invalid: 'an option is unknown, or a workflow asks' },
        run: (call, options) => {
          const { exchange } = call.instance.host;
          if (exchange === undefined) return failure('Internal', NO_CONTEXT);
          const sides = call.instance.state(SIDES, () => new Sides());
          if (options !== undefined || sides.request === undefined) {
            const { timeout, maxBody } = options ?? { timeout: USUAL_TIMEOUT_MS, maxBody: USUAL_BODY };
            sides.request = new Request(exchange, timeout, maxBody);
          }
          return RequestType.wrap(sides.request);
        },
      }),
      define('response', {
        workflow: 'function',
        summary: 'The answer to the request. It ends with the program that answers.',
        params: [],
        returns: ['Response?', 'Error?'],
        fails: { Internal: NO_CONTEXT, Invalid: 'a workflow asks' },
        run: (call) => {
          const { exchange } = call.instance.host;
          if (exchange === undefined) return failure('Internal', NO_CONTEXT);
          const sides = call.instance.state(SIDES, () => new Sides());
          return ResponseType.wrap((sides.response ??= new Response(exchange)));
        },
      }),
    ),
    METHOD: constants(Object.fromEntries(METHODS.map((name) => [name, name]))),
    STATUS: constants(STATUS),
    CONTENT: constants(CONTENT),
    TRANSFER: constants(TRANSFER),
    ERROR: constants(ERROR),
  },
  types: [RequestType, ResponseType, UploadedFileType],
});
