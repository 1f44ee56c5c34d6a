// The `http_client` module: requests to other servers. Sealed; options.ts reads what a program says of a request.
// `http_client.request` { request } -> { status_code, body?, body_size, headers, cookies, url, stream? }
// `http_client.request_batch` { requests } -> list of { response } or { error }
// C1: nothing is asked before everything that is said of it is right: a workflow's history holds no request that nobody can send.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { decodeComponent, encodeComponent } from '../../core/form-encoding.js';
import { fromData, tryToData } from '../../lua/instance/convert.js';
import { errorDataFromData, errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { streamOf } from '../../lua/handles.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { bytes, optional, table } from '../../lua/parameters.js';
import { Stream, StreamType } from '../../lua/stream.js';
import { command } from '../../lua/suspend.js';
import { LuaTable } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { readRequest, RequestProblem } from './options.js';

/** Most bytes that the reader of one file gives. */
const MOST_FILE = 64 * 1024 * 1024;
const MOST_BATCH = 1000;
const MOST_FILES = 1000;

const FAILS = {
  Invalid: 'the URL or an option is wrong, or the answer is larger than `max_response_body`',
  PermissionDenied: 'a policy refuses the request, or the address is a private one',
  Internal: 'the network fails or the timeout is over (retryable), or redirects do not end',
} as const;

/** Reads what `reader` of each file gives into its `content`, one after the other. */
function withFilesRead(
  call: HostCall,
  options: LuaTable,
  then: (options: LuaTable) => HostResult,
): HostResult {
  const files = options.get('files');
  if (!(files instanceof LuaTable)) return then(options);
  const list = [...files.entries()].map(([, file]) => file);
  if (list.length > MOST_FILES) return failure('Invalid', `a form has at most ${MOST_FILES} files`);
  if (!list.some((file) => file instanceof LuaTable && file.get('reader') !== undefined))
    return then(options);
  const read = call.instance.newTable();
  const next = (at: number): HostResult => {
    if (at === list.length) {
      const copy = copyOf(call, options);
      copy.set('files', read);
      return then(copy);
    }
    const file = list[at];
    const reader = file instanceof LuaTable ? file.get('reader') : undefined;
    if (!(file instanceof LuaTable) || reader === undefined) {
      read.set(at + 1, file);
      return next(at + 1);
    }
    const stream = streamOf(reader);
    if (stream === undefined)
      return failure('Invalid', `the reader of file ${at + 1} is no stream and no open file`);
    return stream.rest(call, MOST_FILE, (content) => {
      const copy = copyOf(call, file);
      copy.set('reader', undefined);
      copy.set('content', content);
      read.set(at + 1, copy);
      return next(at + 1);
    });
  };
  return next(0);
}

function copyOf(call: HostCall, from: LuaTable): LuaTable {
  const copy = call.instance.newTable();
  for (const [key, value] of from.entries()) copy.set(key, value);
  return copy;
}

function prepared(
  call: HostCall,
  method: string,
  url: string,
  options: LuaTable | undefined,
  then: (request: DataObject) => HostResult,
): HostResult {
  const ready = (given: LuaTable | undefined): HostResult => {
    const plain = given === undefined ? { ok: true as const, data: dataObject() } : tryToData(given);
    if (!plain.ok) return [undefined, plain.error];
    let request: DataObject;
    try {
      request = readRequest(method, url, plain.data);
    } catch (error) {
      if (error instanceof RequestProblem) return failure('Invalid', error.message);
      throw error;
    }
    if (request['stream'] === true && call.instance.host.place === 'workflow')
      return failure(
        'Invalid',
        'a stream cannot be kept over the steps of a workflow; read it in a function.lua and call that with funcs.call',
      );
    return then(request);
  };
  return options === undefined ? ready(undefined) : withFilesRead(call, options, ready);
}

function responseOf(call: HostCall, value: Data): LuaValue {
  const { stream, ...facts } = value as DataObject;
  const response = fromData(dataObject(facts), () => call.instance.newTable()) as LuaTable;
  if (typeof stream === 'number') response.set('stream', StreamType.wrap(new Stream(stream, -1)));
  return response;
}

const send = (call: HostCall, method: string, url: string, options: LuaTable | undefined): HostResult =>
  prepared(call, method, url, options, (request) =>
    command({ type: 'http_client.request', request }, (answer) =>
      answer.ok ? responseOf(call, answer.value) : [undefined, errorFromData(answer.error)],
    ),
  );

const url = bytes('url', 'http or https.');
const options = optional(
  table(
    'options',
    'headers, query, body, form, files, cookies, auth, timeout (default 30 s), stream, max_response_body (default 64 MiB; none for streams), unix_socket, tls, overlay_network (id of a `network.socks5` entry).',
  ),
);

const verb = (name: string) =>
  define(name, {
    summary: `Sends a ${name.toUpperCase()} request and waits for the answer.`,
    params: [url, options],
    returns: ['Response?', 'Error?'],
    fails: FAILS,
    returnsWrongArguments: true,
    run: (call, to, given) => send(call, name, to, given),
  });

/** One of a batch: `{ method, url, options? }`. */
function ofBatch(
  call: HostCall,
  at: number,
  one: LuaValue,
  then: (request: DataObject) => HostResult,
): HostResult {
  if (!(one instanceof LuaTable))
    return failure('Invalid', `request ${at} is a table { method, url, options? }`);
  const [method, to, given] = [one.get(1), one.get(2), one.get(3)];
  if (
    typeof method !== 'string' ||
    typeof to !== 'string' ||
    !(given === undefined || given instanceof LuaTable)
  )
    return failure('Invalid', `request ${at} is a table { method, url, options? }`);
  return prepared(call, method, to, given, (request) =>
    request['stream'] === true
      ? failure('Invalid', `request ${at} of a batch cannot be streamed; send it alone`)
      : then(request),
  );
}

/** Lists by position: `false` stands where a request has no answer, or no error, so that `ipairs` sees them all. */
function batchResult(call: HostCall, answers: Data): HostResult {
  const responses = call.instance.newTable();
  const errors = call.instance.newTable();
  let failed = false;
  for (const [at, one] of (answers as DataObject[]).entries()) {
    const error = errorDataFromData(one['error']);
    failed ||= error !== undefined;
    responses.set(at + 1, error === undefined ? responseOf(call, one['response'] ?? null) : false);
    errors.set(at + 1, error === undefined ? false : errorFromData(error));
  }
  return failed ? [responses, errors] : responses;
}

export const httpClientSpec = defineModuleSpec({
  name: 'http_client',
  summary: 'Requests to other servers over HTTP',
  workflow: 'recorded',
  members: members(
    ...['get', 'post', 'put', 'patch', 'delete', 'head'].map(verb),
    define('request', {
      summary: 'Sends a request of any method and waits for the answer.',
      params: [bytes('method'), url, options],
      returns: ['Response?', 'Error?'],
      fails: FAILS,
      returnsWrongArguments: true,
      run: (call, method, to, given) => send(call, method, to, given),
    }),
    define('request_batch', {
      summary:
        'Sends requests at the same time, 32 at most, and waits for all. Answers and errors stand at the places of their requests, `false` where there is none; without an error the second result is nil.',
      params: [
        table('requests', `Each \`{ method, url, options? }\`; at most ${MOST_BATCH}. Streams are refused.`),
      ],
      returns: ['table?', 'table?|Error?'],
      fails: { Invalid: 'a request is wrong; none is sent then' },
      returnsWrongArguments: true,
      run: (call, given) => {
        const list = [...given.entries()].map(([, one]) => one);
        if (list.length > MOST_BATCH) return failure('Invalid', `a batch has at most ${MOST_BATCH} requests`);
        const requests: Data[] = [];
        const next = (at: number): HostResult =>
          at < list.length
            ? ofBatch(call, at + 1, list[at], (request) => {
                requests.push(request);
                return next(at + 1);
              })
            : command({ type: 'http_client.request_batch', requests }, (answer) =>
                answer.ok ? batchResult(call, answer.value) : [undefined, errorFromData(answer.error)],
              );
        return next(0);
      },
    }),
    define('encode_uri', {
      summary: 'Text as it stands in a query: a space is `+`, other bytes are `%XX`.',
      params: [bytes('text')],
      returns: ['string'],
      workflow: 'sealed',
      run: (_call, text) => encodeComponent(text),
    }),
    define('decode_uri', {
      summary: 'The text of what `encode_uri` gives.',
      params: [bytes('text')],
      returns: ['string?', 'Error?'],
      fails: { Invalid: 'a `%` is not followed by two hexadecimal digits' },
      workflow: 'sealed',
      run: (_call, text) =>
        decodeComponent(text) ?? failure('Invalid', "a '%' is not followed by two hexadecimal digits"),
    }),
  ),
});
