// The request of the `http` module: what came, and its body by commands. Sealed.
// `http.body` { timeout, max } -> bytes; `http.stream` { timeout, max } -> { stream, size }
// `http.form` { timeout, max, memory } -> { values, files: list of { field, name, size, headers, file } }
// `http.open_file` { file } -> { stream, size }
//   timeout: milliseconds; max: bytes; size: bytes, -1 where unknown; file, stream: numbers of handles
import { isMap } from '../../core/data-values.js';
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { fromData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { decodeJson } from '../../lua/json/decode.js';
import { defineType, methodsOf } from '../../lua/module.js';
import { bytes, integer, optional } from '../../lua/parameters.js';
import { Stream, StreamType } from '../../lua/stream.js';
import type { HostResult, LuaTable, UserdataType } from '../../lua/values.js';
import { CONTENT, ERROR } from './constants.js';
import { ask, typed } from './parts.js';
import type { Held } from './parts.js';

export class Request implements Held {
  readonly exchange: Held['exchange'];
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes. */
  readonly maxBody: number;
  constructor(exchange: Held['exchange'], timeout: number, maxBody: number) {
    this.exchange = exchange;
    this.timeout = timeout;
    this.maxBody = maxBody;
  }
}

class UploadedFile {
  readonly handle: number;
  readonly name: string;
  readonly size: number;
  readonly headers: ReadonlyMap<string, string>;
  constructor(handle: number, name: string, size: number, headers: ReadonlyMap<string, string>) {
    this.handle = handle;
    this.name = name;
    this.size = size;
    this.headers = headers;
  }
}

const USUAL_MEMORY = 32 * 1024 * 1024;
const common = { workflow: 'function' } as const;
const NAME = bytes('name');
const bodyFails = {
  Invalid: 'the body is larger than `max_body`, or was read as a stream or form before',
  Internal: 'it did not come in time, or the client went away',
} as const;

const limited = (self: Request, type: string): Command => ({
  type,
  timeout: self.timeout,
  max: self.maxBody,
});
const body = (self: Request, then: (data: string) => HostResult): HostResult =>
  self.exchange.hasBody
    ? ask(limited(self, 'http.body'), (data) => then(typeof data === 'string' ? data : ''))
    : then('');

/** Media type without its parameters, in lower case. */
export const mediaType = (header: string | undefined): string =>
  (header?.split(';', 1)[0] ?? '').trim().toLowerCase();

const textTable = (call: HostCall, values: Iterable<readonly [string, string]>): LuaTable => {
  const table = call.instance.newTable();
  for (const [name, value] of values) table.set(name, value);
  return table;
};

const streamOf = (answer: Data): HostResult =>
  isMap(answer) && typeof answer['stream'] === 'number'
    ? StreamType.wrap(new Stream(answer['stream'], typeof answer['size'] === 'number' ? answer['size'] : -1))
    : failure('Internal', 'the node gave no stream');

const method = methodsOf<Request>();

const fact = (name: string, summary: string, of: (self: Request) => string | undefined) =>
  method(name, { ...common, summary, params: [], returns: ['string?'], run: (_call, self) => of(self) });

export const RequestType: UserdataType<Request> = defineType<Request>(
  'Request',
  'The request that is answered.',
  [
    fact('method', 'Its method, such as `GET`.', ({ exchange }) => exchange.method),
    fact('path', 'The path of its URL, decoded, without the query.', ({ exchange }) => exchange.path),
    fact('host', 'The Host header.', ({ exchange }) => exchange.host),
    fact('remote_addr', '`address:port` of the client.', ({ exchange }) => exchange.remoteAddress),
    fact('content_type', 'The Content-Type header.', ({ exchange }) => exchange.header('content-type')),
    method('content_length', {
      ...common,
      summary: 'Bytes of the body as the request says; -1 where it does not.',
      params: [],
      returns: ['integer'],
      run: (_call, { exchange }) => exchange.contentLength ?? (exchange.hasBody ? -1 : 0),
    }),
    method('header', {
      ...common,
      summary: 'A header, by its name in any case.',
      params: [NAME],
      returns: ['string?'],
      run: (_call, { exchange }, name) => exchange.header(name),
    }),
    method('query', {
      ...common,
      summary: 'The first value of a query parameter.',
      params: [NAME],
      returns: ['string?'],
      run: (_call, { exchange }, name) => exchange.query.get(name)?.[0],
    }),
    method('query_params', {
      ...common,
      summary: 'All query parameters; several values of a name are joined by commas.',
      params: [],
      returns: ['table'],
      run: (call, { exchange }) =>
        textTable(
          call,
          [...exchange.query].map(([name, values]) => [name, values.join(',')] as const),
        ),
    }),
    method('param', {
      ...common,
      summary: 'What stands in the path for `{name}` of the route.',
      params: [NAME],
      returns: ['string?'],
      run: (_call, { exchange }, name) => exchange.params.get(name),
    }),
    method('params', {
      ...common,
      summary: 'All parameters of the path.',
      params: [],
      returns: ['table'],
      run: (call, { exchange }) => textTable(call, exchange.params),
    }),
    method('cookie', {
      ...common,
      summary: 'The value of a cookie.',
      params: [NAME],
      returns: ['string?'],
      run: (_call, { exchange }, name) => exchange.cookies.get(name),
    }),
    method('cookies', {
      ...common,
      summary: 'All cookies.',
      params: [],
      returns: ['table'],
      run: (call, { exchange }) => textTable(call, exchange.cookies),
    }),
    method('has_body', {
      ...common,
      summary: 'Whether a body comes with it.',
      params: [],
      returns: ['boolean'],
      run: (_call, { exchange }) => exchange.hasBody,
    }),
    method('is_content_type', {
      ...common,
      summary: 'Whether its body is of a media type; parameters such as the charset do not count.',
      params: [bytes('type')],
      returns: ['boolean'],
      run: (_call, { exchange }, type) => mediaType(exchange.header('content-type')) === mediaType(type),
    }),
    method('accepts', {
      ...common,
      summary: 'Whether the client takes a media type (the Accept header); without the header it takes all.',
      params: [bytes('type')],
      returns: ['boolean'],
      run: (_call, { exchange }, type) => exchange.accepts(type),
    }),
    method('body', {
      ...common,
      summary: 'The whole body; empty where there is none. It is read once and kept.',
      params: [],
      returns: ['string?', 'Error?'],
      fails: bodyFails,
      run: (_call, self) => body(self, (data) => data),
    }),
    method('body_json', {
      ...common,
      summary: 'The body as JSON.',
      params: [],
      returns: ['any', 'Error?'],
      fails: { ...bodyFails, Invalid: `${bodyFails.Invalid}, or it is empty or no JSON` },
      run: (call, self) =>
        body(self, (data) => {
          if (data === '') return failure('Invalid', 'the request has no body');
          const decoded = decodeJson(
            data,
            () => call.instance.newTable(),
            () => call.charge(data.length * 2),
          );
          return decoded.ok ? decoded.value : failure('Invalid', decoded.problem);
        }),
    }),
    method('form', {
      ...common,
      summary:
        'The fields of a form without files (`application/x-www-form-urlencoded`); the first of several values.',
      params: [],
      returns: ['table?', 'Error?'],
      fails: { ...bodyFails, Invalid: `${bodyFails.Invalid}, or it is of another type` },
      run: (call, self) => {
        const type = mediaType(self.exchange.header('content-type'));
        if (type !== CONTENT.FORM)
          return typed('Invalid', ERROR.PARSE_FAILED, `the body is no ${CONTENT.FORM}, but '${type}'`);
        return body(self, (data) => {
          const form = call.instance.newTable();
          for (const pair of data.split('&')) {
            if (pair === '') continue;
            const at = pair.indexOf('=');
            const name = percentDecoded(at < 0 ? pair : pair.slice(0, at));
            if (form.get(name) === undefined)
              form.set(name, at < 0 ? '' : percentDecoded(pair.slice(at + 1)));
          }
          return form;
        });
      },
    }),
    method('parse_multipart', {
      ...common,
      summary:
        'A form with files: `values` by field (a list where one came more than once), `files` by field, each a list of File.',
      params: [
        optional(
          integer(
            'max_memory',
            `Bytes of files kept in memory; more goes to the disk. Default: ${USUAL_MEMORY}.`,
            {
              least: 0,
            },
          ),
        ),
      ],
      returns: ['table?', 'Error?'],
      fails: { ...bodyFails, Invalid: `${bodyFails.Invalid}, or it is no multipart/form-data` },
      run: (call, self, memory = USUAL_MEMORY) => {
        const type = mediaType(self.exchange.header('content-type'));
        if (type !== CONTENT.MULTIPART)
          return typed('Invalid', ERROR.PARSE_FAILED, `the body is no ${CONTENT.MULTIPART}, but '${type}'`);
        return ask({ ...limited(self, 'http.form'), memory }, (answer) => formTable(call, answer));
      },
    }),
    method('stream', {
      ...common,
      summary: 'The body as it comes, for large ones.',
      params: [],
      returns: ['Stream?', 'Error?'],
      fails: { Invalid: 'the body was read before' },
      run: (_call, self) => ask(limited(self, 'http.stream'), streamOf),
    }),
  ],
);

/** `%41` and `+` of forms and queries, as bytes. */
export const percentDecoded = (text: string): string =>
  /[%+]/.test(text)
    ? text
        .replaceAll('+', ' ')
        .replaceAll(/%([0-9A-Fa-f]{2})/g, (_whole, digits: string) =>
          String.fromCharCode(parseInt(digits, 16)),
        )
    : text;

function formTable(call: HostCall, answer: Data): HostResult {
  const form = call.instance.newTable();
  const files = call.instance.newTable();
  if (!isMap(answer)) return failure('Internal', 'the node gave no form');
  form.set(
    'values',
    fromData(answer['values'] ?? null, () => call.instance.newTable()) ?? call.instance.newTable(),
  );
  form.set('files', files);
  const given = answer['files'];
  for (const one of Array.isArray(given) ? given : []) {
    if (!isMap(one)) continue;
    const { field, name, size, headers, file } = one;
    if (typeof field !== 'string' || typeof name !== 'string' || typeof file !== 'number') continue;
    const known = new Map(
      Object.entries(headers !== undefined && isMap(headers) ? headers : {}).flatMap(([key, value]) =>
        typeof value === 'string' ? [[key, value] as const] : [],
      ),
    );
    let list = files.get(field) as LuaTable | undefined;
    if (list === undefined) files.set(field, (list = call.instance.newTable()));
    const uploaded = new UploadedFile(file, name, typeof size === 'number' ? size : 0, known);
    list.set(list.length() + 1, UploadedFileType.wrap(uploaded));
  }
  return form;
}

const file = methodsOf<UploadedFile>();
export const UploadedFileType: UserdataType<UploadedFile> = defineType<UploadedFile>(
  'UploadedFile',
  'A file of a form.',
  [
    file('name', {
      ...common,
      summary: 'Its name as the client gave it, without folders.',
      params: [],
      returns: ['string'],
      run: (_call, self) => self.name,
    }),
    file('size', {
      ...common,
      summary: 'Bytes.',
      params: [],
      returns: ['integer'],
      run: (_call, self) => self.size,
    }),
    file('header', {
      ...common,
      summary: 'A header of its part of the form, by name in any case.',
      params: [NAME],
      returns: ['string?'],
      run: (_call, self, name) => self.headers.get(name.toLowerCase()),
    }),
    file('stream', {
      ...common,
      summary: 'Its content, from the start.',
      params: [],
      returns: ['Stream?', 'Error?'],
      fails: { Internal: 'the file cannot be read' },
      run: (_call, self) => ask({ type: 'http.open_file', file: self.handle }, streamOf),
    }),
  ],
);
