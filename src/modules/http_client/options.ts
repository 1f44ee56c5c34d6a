// What a program says of a request, checked and made plain: the `request` of the commands. Sealed.
// R1: a request is `{ method, url, headers, body?, form?, files?, cookies?, auth?, timeout?, stream?, most?, unix_socket?, tls?, overlay? }`;
//     headers, query, form and cookies are lists of [name, value], so that a name may come more than once.
// R2: wherever a text may stand a workflow's secret may stand: it goes to the node by its name.
// R3: timeouts are seconds as numbers, or text in Go's syntax; in the command they are milliseconds.
import { isMap } from '../../core/data-values.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { DurationError, parseDurationMs } from '../../core/durations.js';
import { didYouMean } from '../../core/nearest.js';
import { numberOf, show } from '../../core/options.js';
import { SecretReference } from '../../core/secret.js';

/** What is wrong with a request. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
}
const wrong = (message: string): never => {
  throw new RequestProblem(message);
};

/** RFC 9110, 5.6.2: a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, 5.5, and no ends of lines. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e\x20\x80-\xff"]*$/;

/** Functions of the options by their names; each says what stands in the request. */
const OPTIONS: Readonly<Record<string, (value: Data, request: DataObject) => void>> = {
  headers: (value, request) => {
    request['headers'] = pairs(value, 'headers', (name, text) => {
      if (!TOKEN.test(name)) wrong(`'${name}' is no name of a header`);
      if (typeof text === 'string' && !HEADER_VALUE.test(text))
        wrong(`header '${name}' has an end of line or another control character in its value`);
    });
  },
  body: (value, request) => {
    request['body'] = text(value, 'body');
  },
  query: (value, request) => {
    request['query'] = pairs(value, 'query');
  },
  form: (value, request) => {
    request['form'] = pairs(value, 'form');
  },
  files: (value, request) => {
    if (!Array.isArray(value)) wrong('files are a list of tables');
    else request['files'] = value.map(file);
  },
  cookies: (value, request) => {
    request['cookies'] = pairs(value, 'cookies', (name, content) => {
      if (!TOKEN.test(name)) wrong(`'${name}' is no name of a cookie`);
      if (typeof content === 'string' && !COOKIE_VALUE.test(content))
        wrong(`cookie '${name}' has a ';', a ',' or a control character in its value`);
    });
  },
  auth: (value, request) => {
    const { user, pass } = fields(value, 'auth', ['user', 'pass']);
    request['auth'] = dataObject({
      user: text(user ?? '', 'auth.user'),
      pass: text(pass ?? '', 'auth.pass'),
    });
  },
  timeout: (value, request) => {
    const milliseconds = duration(value);
    if (milliseconds > 0) request['timeout'] = milliseconds;
  },
  stream: (value, request) => {
    request['stream'] = flag(value, 'stream');
  },
  max_response_body: (value, request) => {
    const most = numberOf(value);
    if (most === undefined || !Number.isSafeInteger(most) || most < 0)
      wrong(`max_response_body is a number of bytes, got ${show(value)}`);
    else if (most > 0) request['most'] = most;
  },
  unix_socket: (value, request) => {
    request['unix_socket'] = text(value, 'unix_socket');
  },
  tls: (value, request) => {
    const { insecure_skip_verify: insecure, ...texts } = fields(value, 'tls', [
      'cert',
      'key',
      'ca',
      'server_name',
      'insecure_skip_verify',
    ]);
    if ((texts['cert'] === undefined) !== (texts['key'] === undefined))
      wrong('tls.cert and tls.key are given together');
    const tls = dataObject();
    for (const [name, content] of Object.entries(texts)) tls[name] = text(content!, `tls.${name}`);
    if (insecure !== undefined) tls['insecure'] = flag(insecure, 'tls.insecure_skip_verify');
    request['tls'] = tls;
  },
  overlay_network: (value, request) => {
    if (typeof value !== 'string' || value === '')
      wrong(`overlay_network is the id of an entry such as 'app:proxy', got ${show(value)}`);
    request['overlay'] = value;
  },
};

/** Throws RequestProblem. `options` is plain data; readers of files have been read into `content`. */
export function readRequest(method: string, url: string, options: Data): DataObject {
  if (!TOKEN.test(method)) wrong(`'${method}' is no method of HTTP`);
  if (url === '') wrong('the URL is empty');
  const request = dataObject({ method: method.toUpperCase(), url });
  if (Array.isArray(options) && options.length === 0) return request;
  if (!isObject(options)) return wrong('options are a table with string keys');
  for (const [name, value] of Object.entries(options)) {
    const read = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (read === undefined) wrong(`unknown option '${name}'${didYouMean(name, Object.keys(OPTIONS))}`);
    else if (value !== null) read(value, request);
  }
  if (request['overlay'] !== undefined && request['unix_socket'] !== undefined)
    wrong('a request goes through a network or to a unix_socket');
  if (request['body'] !== undefined && (request['form'] ?? request['files']) !== undefined)
    wrong('a request has a body, or a form and files');
  return request;
}

/** [name, value] of a table; a list as a value is its name several times. */
function pairs(value: Data, what: string, check?: (name: string, value: Data) => void): Data[] {
  if (Array.isArray(value) && value.length === 0) return [];
  if (!isObject(value)) return wrong(`${what} are a table with string keys`);
  return Object.entries(value).flatMap(([name, given]) =>
    (Array.isArray(given) ? given : [given]).map((one): Data => {
      const content = text(one, `'${name}' of ${what}`);
      check?.(name, content);
      return [name, content];
    }),
  );
}

function file(value: Data): Data {
  const {
    name,
    filename,
    content,
    content_type: type,
  } = fields(value, 'a file', ['name', 'filename', 'content', 'content_type']);
  if (typeof name !== 'string' || name === '') return wrong('a file needs the name of its field as `name`');
  if (content === undefined)
    wrong(`file '${name}' needs its bytes as \`content\`, or a stream as \`reader\``);
  return dataObject({
    name,
    filename: filename === undefined ? name : text(filename, 'filename'),
    content: text(content!, `the content of '${name}'`),
    type: type === undefined ? 'application/octet-stream' : text(type, 'content_type'),
  });
}

function fields(value: Data, what: string, names: readonly string[]): Record<string, Data | undefined> {
  if (!isObject(value)) return wrong(`${what} is a table with string keys`);
  for (const name of Object.keys(value))
    if (!names.includes(name)) wrong(`unknown field '${name}' of ${what}${didYouMean(name, names)}`);
  return { ...value };
}

function text(value: Data, what: string): Data {
  if (typeof value === 'string' || isSecret(value)) return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  const number = numberOf(value);
  return number === undefined ? wrong(`${what} is a text, got ${show(value)}`) : String(number);
}

const flag = (value: Data, what: string): boolean =>
  typeof value === 'boolean' ? value : wrong(`${what} is true or false, got ${show(value)}`);

function duration(value: Data): number {
  if (typeof value === 'string')
    try {
      return Math.ceil(parseDurationMs(value));
    } catch (error) {
      if (error instanceof DurationError) return wrong(`the timeout is wrong: ${error.message}`);
      throw error;
    }
  const seconds = numberOf(value);
  if (seconds === undefined || !(seconds >= 0) || !Number.isFinite(seconds))
    return wrong(`the timeout is a number of seconds or text such as '30s', got ${show(value)}`);
  return Math.ceil(seconds * 1000);
}

const isSecret = (value: Data): boolean => (value as unknown) instanceof SecretReference;
const isObject = (value: Data): value is DataObject => isMap(value) && !isSecret(value);
