// The response of the `http` module. Sealed; what has to wait is a command.
// `http.flush` {} -> null; `http.finish` {} -> null
// R1: head and body wait until a flush, the end of the program, or until so much is written that it is sent by itself.
// R2: nothing that a program writes can end a header, an event or the head before its time: line ends in them are refused.
import { asText } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { encodeJson, JsonEncodeError } from '../../lua/json/encode.js';
import { defineType, methodsOf } from '../../lua/module.js';
import {
  any,
  bytes,
  custom,
  expected,
  integer,
  optional,
  Refusal,
  table,
  text,
} from '../../lua/parameters.js';
import { LuaTable, luaType } from '../../lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../lua/values.js';
import { CONTENT, ERROR, TRANSFER } from './constants.js';
import { ask, typed } from './parts.js';
import type { Held } from './parts.js';

export class Response implements Held {
  readonly exchange: Held['exchange'];
  sse = false;
  constructor(exchange: Held['exchange']) {
    this.exchange = exchange;
  }
}

const common = { workflow: 'function' } as const;
const sent = 'the head was sent already';
/** Of RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;
/** What only the server may say. */
const OWN_HEADERS = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'keep-alive',
  'trailer',
]);

const headSent = ({ exchange }: Response): HostResult | undefined =>
  exchange.headersSent ? typed('Invalid', ERROR.INVALID_STATE, sent) : undefined;

function header(self: Response, name: string, value: string, add = false): HostResult {
  const problem = headSent(self);
  if (problem !== undefined) return problem;
  if (!TOKEN.test(name)) return failure('Invalid', `'${name}' is no name of a header`);
  if (NOT_VALUE.test(value)) return failure('Invalid', `the value of '${name}' holds a control character`);
  if (OWN_HEADERS.has(name.toLowerCase())) return failure('Invalid', `'${name}' is the server's to set`);
  self.exchange.setHeader(name, value, add);
  return true;
}

const flush = (): HostResult => ask({ type: 'http.flush' }, () => true);

function write(self: Response, data: string): HostResult {
  if (self.exchange.ended) return typed('Invalid', ERROR.INVALID_STATE, 'the answer has ended');
  return self.exchange.write(data) ? flush() : true;
}

function json(call: HostCall, value: LuaValue): { text: string } | { problem: HostResult } {
  try {
    return { text: encodeJson(value, (characters) => call.charge(characters >> 1)) };
  } catch (error) {
    if (error instanceof JsonEncodeError) return { problem: failure('Invalid', error.message) };
    throw error;
  }
}

function toEvents(self: Response): HostResult | undefined {
  if (self.sse) return undefined;
  const problem = headSent(self);
  if (problem !== undefined) return problem;
  self.sse = true;
  self.exchange.setHeader('Content-Type', 'text/event-stream');
  self.exchange.setHeader('Cache-Control', 'no-cache');
  self.exchange.setHeader('X-Accel-Buffering', 'no'); // nginx sends it on at once
  return undefined;
}

const status = integer('code', 'From 200 to 599.', { least: 200, most: 599 });
const SAME_SITE = ['strict', 'lax', 'none'];

/** A cookie's attributes as RFC 6265 writes them; text: what is wrong. */
function cookieText(name: string, value: string, options: LuaTable | undefined): string | Refusal {
  if (!TOKEN.test(name)) return new Refusal(`'${name}' is no name of a cookie`);
  let line = `${name}=${value.replaceAll(/[^!#-+\--:<-[\]-~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)}`;
  for (const [key, given] of options?.entries() ?? []) {
    const plain = typeof given === 'string' && /^[^;,\0-\x1f\x7f]*$/.test(given) ? given : undefined;
    switch (key) {
      case 'path':
      case 'domain':
        if (plain === undefined) return new Refusal(`'${key}' of a cookie is a text without ';'`);
        line += `; ${key === 'path' ? 'Path' : 'Domain'}=${plain}`;
        break;
      case 'max_age':
        if (typeof given !== 'number') return new Refusal("'max_age' of a cookie is a number of seconds");
        line += `; Max-Age=${Math.trunc(given)}`;
        break;
      case 'http_only':
      case 'secure':
        if (typeof given !== 'boolean') return new Refusal(`'${key}' of a cookie is true or false`);
        if (given) line += key === 'secure' ? '; Secure' : '; HttpOnly';
        break;
      case 'same_site': {
        const known = SAME_SITE.find((one) => one === plain?.toLowerCase());
        if (known === undefined)
          return new Refusal(`'same_site' of a cookie is one of ${SAME_SITE.join(', ')}`);
        line += `; SameSite=${known[0]?.toUpperCase() ?? ''}${known.slice(1)}`;
        break;
      }
      default:
        return new Refusal(
          `a cookie has no option '${asText(key) ?? luaType(key)}'; there are path, domain, max_age, http_only, secure, same_site`,
        );
    }
  }
  return line;
}

const method = methodsOf<Response>();

export const ResponseType: UserdataType<Response> = defineType<Response>(
  'Response',
  'The answer to the request.',
  [
    method('set_status', {
      ...common,
      summary: 'Sets the status. Default: 200.',
      params: [status],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: sent },
      run: (_call, self, code) => {
        const problem = headSent(self);
        if (problem !== undefined) return problem;
        self.exchange.setStatus(code);
        return true;
      },
    }),
    method('set_header', {
      ...common,
      summary: 'Sets a header, in place of what it had.',
      params: [bytes('name'), text('value')],
      returns: ['boolean?', 'Error?'],
      fails: {
        Invalid: `${sent}, the name or value cannot stand in a header, or it is one that the server sets`,
      },
      run: (_call, self, name, value) => header(self, name, value),
    }),
    method('set_content_type', {
      ...common,
      summary: 'Sets the Content-Type header.',
      params: [bytes('type')],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: `${sent}, or the type cannot stand in a header` },
      run: (_call, self, type) => header(self, 'Content-Type', type),
    }),
    method('set_cookie', {
      ...common,
      summary:
        'Sets a cookie; other cookies stay. Options: `path`, `domain`, `max_age` (seconds), `http_only`, `secure`, `same_site` (strict, lax, none).',
      params: [bytes('name'), text('value'), optional(table('options'))],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: `${sent}, or name, value or an option cannot stand in a cookie` },
      run: (_call, self, name, value, options) => {
        const line = cookieText(name, value, options);
        return line instanceof Refusal
          ? failure('Invalid', line.problem)
          : header(self, 'Set-Cookie', line, true);
      },
    }),
    method('redirect', {
      ...common,
      summary: 'Sends the client elsewhere.',
      params: [bytes('url'), optional(integer('code', 'Default: 302.', { least: 300, most: 399 }))],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: `${sent}, or the URL cannot stand in a header` },
      run: (_call, self, url, code = 302) => {
        const set = header(self, 'Location', url);
        if (set === true) self.exchange.setStatus(code);
        return set;
      },
    }),
    method('write', {
      ...common,
      summary: 'Writes to the body. It is sent with the next flush, at the end, or when much is waiting.',
      params: [text('data')],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: 'the answer has ended', Internal: 'the client went away' },
      run: (_call, self, data) => write(self, data),
    }),
    method('write_json', {
      ...common,
      summary: 'Writes a value as JSON; the Content-Type is set where none is.',
      params: [any('value')],
      returns: ['boolean?', 'Error?'],
      fails: {
        Invalid: 'the answer has ended, or the value has no form in JSON',
        Internal: 'the client went away',
      },
      run: (call, self, value) => {
        const encoded = json(call, value);
        if ('problem' in encoded) return encoded.problem;
        if (!self.exchange.headersSent && self.exchange.responseHeader('content-type') === undefined)
          self.exchange.setHeader('Content-Type', CONTENT.JSON);
        return write(self, encoded.text);
      },
    }),
    method('write_event', {
      ...common,
      summary:
        'Sends a server-sent event, its data as JSON. The first one makes the answer a stream of events.',
      params: [
        custom<{ name: string; data: LuaValue }>(
          'event',
          '{ name: string, data: any }',
          'Its name, one line, and its data.',
          (value) => {
            if (!(value instanceof LuaTable)) return expected('table', value);
            const name = value.get('name');
            if (typeof name !== 'string' || name === '') return new Refusal("the event has no 'name'");
            if (/[\r\n\0]/.test(name)) return new Refusal("the event's 'name' holds a line end");
            if (value.get('data') === undefined) return new Refusal("the event has no 'data'");
            return { name, data: value.get('data') };
          },
        ),
      ],
      returns: ['boolean?', 'Error?'],
      returnsWrongArguments: true,
      fails: {
        Invalid: `${sent} as another answer, or name or data are missing`,
        Internal: 'the client went away',
      },
      run: (call, self, { name, data }) => {
        const problem = toEvents(self);
        if (problem !== undefined) return problem;
        const encoded = json(call, data);
        if ('problem' in encoded) return encoded.problem;
        const written = write(self, `event: ${name}\ndata: ${encoded.text}\n\n`);
        return written === true ? flush() : written;
      },
    }),
    method('set_transfer', {
      ...common,
      summary:
        'How the body goes: `http.TRANSFER.CHUNKED` in pieces, `http.TRANSFER.SSE` as server-sent events.',
      params: [bytes('mode')],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: `${sent}, or the mode is unknown` },
      run: (_call, self, mode) => {
        if (mode === TRANSFER.SSE) return toEvents(self) ?? true;
        if (mode === TRANSFER.CHUNKED) return headSent(self) ?? true;
        return failure('Invalid', `unknown transfer '${mode}'; there are chunked, sse`);
      },
    }),
    method('flush', {
      ...common,
      summary: 'Sends what was written, and waits until the client takes more.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: { Internal: 'the client went away' },
      run: () => flush(),
    }),
    method('finish', {
      ...common,
      summary: 'Ends the answer; the program goes on. Without it the answer ends with the program.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: { Internal: 'the client went away' },
      run: () => ask({ type: 'http.finish' }, () => true),
    }),
  ],
);
