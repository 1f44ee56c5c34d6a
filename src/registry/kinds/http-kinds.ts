// HTTP servers and what they serve: the schemas. services/http runs them, and looks at what needs more than one entry.
import { mapIn } from '../../core/data-values.js';
import type { Entry } from '../model/entry.js';
import { defineKind } from '../model/kind.js';
import type { FieldProblem, JsonSchema } from '../model/kind.js';
import {
  closed,
  count,
  duration,
  filledText,
  flag,
  lifecycle,
  lifecycleReferences,
  listOf,
  oneOf,
  open,
  reference,
} from './common.js';

export const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE'] as const;

const middleware = listOf(
  filledText('A name, or the entry id of a function.lua.'),
  'What every request goes through, in this order.',
);
const options: JsonSchema = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
  description: 'Options of the middleware: `cors.allow.origins`.',
};
const path = filledText('Begins with `/`.', {
  pattern: '^/',
  'x-expected': "a path that begins with '/'",
  examples: ['/users/{id}'],
});
const pem = (what: string): JsonSchema =>
  filledText(`${what}: PEM, or \`\${env:NAME}\`.`, {
    not: { pattern: '^file://' },
    'x-refused': "is not read from files in this version; name a variable, as in '${env:tls_cert}'",
  });

export const httpService = defineKind({
  name: 'http.service',
  summary: 'An HTTP server.',
  state: 'full',
  schema: closed(
    {
      addr: filledText('Where it listens: `HOST:PORT`, or `:PORT` for every address.', {
        pattern: '(^|[^:]|\\]):\\d+$|\\$\\{',
        'x-expected': "an address such as ':8080' or '127.0.0.1:8080'",
        examples: [':8080'],
      }),
      timeouts: closed({
        read: duration('How long a request may take to come, with its body; 0: for ever. Default: 5m.'),
        write: duration('How long an answer may take; 0: for ever. Default: 0.'),
        idle: duration('How long a connection is kept without a request. Default: 60s.'),
      }),
      host: closed(
        {
          buffer_size: count('Messages that wait for one connection. Default: 1024.', 1),
          worker_count: count('Has no effect: one thread runs the Lua of a node.', 1),
        },
        { description: 'The relay of messages to connections.' },
      ),
      network: reference('A network overlay to listen on.'),
      tls: closed({
        mode: oneOf("'manual': with the certificate given here. Absent or empty: no TLS.", '', 'manual'),
        cert: pem('Certificate'),
        key: pem('Its key'),
        client_ca: pem('Certificates that sign those of clients'),
        client_auth: oneOf(
          'What is asked of clients.',
          'request',
          'require_any',
          'verify_if_given',
          'require_and_verify',
        ),
      }),
      access_log: flag('Log each request. Default: false.'),
      lifecycle,
    },
    { required: ['addr'] },
  ),
  references: [{ pointer: '/network', kinds: ['network', 'network.*'] }, ...lifecycleReferences],
  checkFields: checkTls,
});

export const httpRouter = defineKind({
  name: 'http.router',
  summary: 'Routes below a prefix.',
  state: 'full',
  metaSchema: open({ server: reference('The http.service. Default: the only one.') }),
  schema: closed({
    prefix: {
      type: 'string',
      pattern: '^(/|$)',
      'x-expected': "a path that begins with '/'",
      description: 'Begins the paths of its routes. Default: none.',
    },
    middleware,
    options,
    post_middleware: middleware,
    post_options: options,
    lifecycle,
  }),
  references: [{ pointer: '/meta/server', kinds: ['http.service'] }, ...lifecycleReferences],
});

export const httpEndpoint = defineKind({
  name: 'http.endpoint',
  summary: 'A route that calls a function.',
  state: 'full',
  metaSchema: open({ router: reference('The http.router.') }, { required: ['router'] }),
  schema: closed(
    {
      method: oneOf('Method.', ...METHODS),
      path,
      func: reference('The function that answers.'),
      lifecycle,
    },
    { required: ['method', 'path', 'func'] },
  ),
  references: [
    { pointer: '/meta/router', kinds: ['http.router'] },
    { pointer: '/func', kinds: ['function.*'] },
    ...lifecycleReferences,
  ],
  checkFields: ({ data }) => pathProblems(data['path']),
});

export const httpStatic = defineKind({
  name: 'http.static',
  summary: 'Files over HTTP.',
  state: 'full',
  metaSchema: open({ server: reference('The http.service. Default: the only one.') }),
  schema: closed(
    {
      path,
      fs: reference('The file system.'),
      static_options: closed({
        spa: flag('Every path without a file gives the index. Default: false.'),
        index: filledText('File that stands for a folder. Default: index.html.'),
        cache: filledText('Value of the Cache-Control header.'),
      }),
      middleware,
      options,
      lifecycle,
    },
    { required: ['path', 'fs'] },
  ),
  references: [
    { pointer: '/meta/server', kinds: ['http.service'] },
    { pointer: '/fs', kinds: ['fs.*'] },
    ...lifecycleReferences,
  ],
  checkFields({ data }) {
    const given = mapIn(data['static_options']);
    return given['spa'] === true && given['index'] === undefined
      ? [{ pointer: '/static_options', message: "'spa' needs 'index'", fix: 'add `index: index.html`' }]
      : [];
  },
});

/** What is wrong with a route's path. */
function pathProblems(given: unknown): FieldProblem[] {
  if (typeof given !== 'string') return [];
  const problem = (message: string, fix?: string): FieldProblem[] => [
    { pointer: '/path', message, ...(fix === undefined ? {} : { fix }) },
  ];
  const seen = new Set<string>();
  const segments = given.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    if (!/[{}]/.test(segment)) {
      if (/[:*?#]/.test(segment))
        return problem(`'${segment}' holds a character that a path of a route cannot`);
      continue;
    }
    const [, name, rest] = /^\{([A-Za-z_]\w*)(\.\.\.)?\}$/.exec(segment) ?? [];
    if (name === undefined)
      return problem(
        `'${segment}' is no parameter`,
        "a parameter is a whole part of the path: '/users/{id}'",
      );
    if (seen.has(name)) return problem(`the parameter '${name}' stands twice in the path`);
    seen.add(name);
    if (rest !== undefined && index < segments.length - 1)
      return problem(`'${segment}' takes all that is left, so it must be the last part of the path`);
  }
  return [];
}

function checkTls({ data }: Entry): FieldProblem[] {
  const tls = mapIn(data['tls']);
  if (tls['mode'] !== 'manual') return [];
  const missing = (['cert', 'key'] as const).filter((name) => tls[name] === undefined);
  const auth = tls['client_auth'];
  const verifies = auth === 'verify_if_given' || auth === 'require_and_verify';
  return [
    ...missing.map((name) => ({ pointer: '/tls', message: `TLS by hand needs '${name}'` })),
    ...(verifies && tls['client_ca'] === undefined
      ? [{ pointer: '/tls/client_auth', message: `'${auth}' needs 'client_ca'` }]
      : []),
  ];
}
