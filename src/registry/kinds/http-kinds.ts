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
  filledText(
    `${what}: PEM, \`\${env:NAME}\`, or the \`file://\` path of a file of the app, relative to the YAML file. Files are read when the server starts.`,
  );

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
      openapi: filledText(
        'Path under which the routes are described as an OpenAPI 3.1 document. Default: none.',
        {
          pattern: '^/[^{}]*$',
          'x-expected': "a path that begins with '/'",
          examples: ['/openapi.json'],
        },
      ),
      access_log: flag('Log each request. Default: false.'),
      lifecycle,
    },
    { required: ['addr'] },
  ),
  files: ['tls.cert', 'tls.key', 'tls.client_ca'],
  references: [{ pointer: '/network', kinds: ['network', 'network.*'] }, ...lifecycleReferences],
  checkFields: (entry) => [...checkTls(entry), ...checkNetwork(entry)],
});

/** Those that are built only go out. */
function checkNetwork({ data }: Entry): readonly FieldProblem[] {
  if (data['network'] === undefined) return [];
  return [
    {
      pointer: '/network',
      message: 'a server cannot listen on a network: those of this version only go out',
      fix: 'take it away, and let what is in front of the server listen there',
    },
  ];
}

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

/** What an endpoint with a workflow does, with the methods that it may have. */
export const OPERATIONS = {
  start: ['POST', 'PUT', 'PATCH'],
  signal: ['POST', 'PUT', 'PATCH', 'DELETE'],
  update: ['POST', 'PUT', 'PATCH', 'DELETE'],
  cancel: ['POST', 'DELETE'],
  query: ['GET', 'POST'],
  status: ['GET'],
  result: ['GET'],
  events: ['GET'],
} as const;
export type Operation = keyof typeof OPERATIONS;

/** Operations that are named by a field of their own. */
const MESSAGES = ['signal', 'query', 'update'] as const;
const isMessage = (name: string): boolean => (MESSAGES as readonly string[]).includes(name);

const jsonSchema = (what: string): JsonSchema => ({
  type: ['object', 'boolean'],
  description: `JSON Schema of ${what}.`,
});

export const httpEndpoint = defineKind({
  name: 'http.endpoint',
  summary: 'A route that calls a function, or starts or asks a workflow.',
  state: 'full',
  metaSchema: open({ router: reference('The http.router.') }, { required: ['router'] }),
  schema: closed(
    {
      method: oneOf('Method.', ...METHODS),
      path,
      func: reference('The function that answers.'),
      workflow: reference('The workflow that is started or asked, in place of a function.'),
      operation: oneOf(
        'What is done with the workflow. Default: start.',
        ...Object.keys(OPERATIONS).filter((one) => !isMessage(one)),
      ),
      signal: filledText('Name of the signal that the run is sent.'),
      query: filledText('Name of the query that the run is asked.'),
      update: filledText('Name of the update that the run is asked for.'),
      mode: oneOf(
        "Of a start: 'wait' answers with the result, 'accepted' with 202 and where the run can be asked. Default: wait.",
        'wait',
        'accepted',
      ),
      timeout: duration('How long a result is waited for: then 504, and the run goes on. Default: 30s.'),
      idempotency: closed({
        header: filledText('Header with the key of a request. Default: Idempotency-Key.', {
          pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
          'x-expected': "the name of a header, such as 'Idempotency-Key'",
        }),
        required: flag('Refuse requests without it. Default: false.'),
      }),
      input: jsonSchema(
        "the body; what does not fit is answered with 422. Default: the target's meta.input_schema",
      ),
      output: jsonSchema("the answer, for OpenAPI. Default: the target's meta.output_schema"),
      lifecycle,
    },
    { required: ['method', 'path'] },
  ),
  references: [
    { pointer: '/meta/router', kinds: ['http.router'] },
    { pointer: '/func', kinds: ['function.*'] },
    { pointer: '/workflow', kinds: ['workflow.lua'] },
    ...lifecycleReferences,
  ],
  checkFields: ({ data }) => [...pathProblems(data['path']), ...targetProblems(data)],
});

/** Fields that only a workflow's routes have, by the operations that use them. */
const OF_OPERATIONS: Readonly<Record<string, readonly Operation[]>> = {
  mode: ['start'],
  timeout: ['start', 'result', 'update'],
  idempotency: ['start', 'signal', 'update'],
};

/** What an endpoint does with its workflow. */
export const operationOf = (data: Entry['data']): Operation =>
  MESSAGES.find((one) => data[one] !== undefined) ?? ((data['operation'] ?? 'start') as Operation);

function targetProblems(data: Entry['data']): FieldProblem[] {
  if ((data['func'] === undefined) === (data['workflow'] === undefined))
    return [
      {
        pointer: data['func'] === undefined ? '' : '/workflow',
        message: "an endpoint has either 'func' or 'workflow'",
        fix: 'name the function that answers, or the workflow that is started',
      },
    ];
  const own = ['operation', ...MESSAGES].filter((field) => data[field] !== undefined);
  if (data['workflow'] === undefined)
    return [...own, ...Object.keys(OF_OPERATIONS).filter((field) => data[field] !== undefined)].map(
      (field) => ({ pointer: `/${field}`, message: `'${field}' is for endpoints with a 'workflow'` }),
    );
  if (own.length > 1)
    return [
      {
        pointer: `/${own[1]}`,
        message: `an endpoint does one thing with its workflow, and '${own[0]}' and '${own[1]}' are two`,
        fix: 'make an endpoint of each',
      },
    ];
  const operation = operationOf(data);
  const methods: readonly string[] = OPERATIONS[operation];
  const problems: FieldProblem[] = [];
  if (typeof data['method'] === 'string' && !methods.includes(data['method']))
    problems.push({
      pointer: '/method',
      message: `the operation '${operation}' has the method ${methods.join(' or ')}, got '${data['method']}'`,
    });
  for (const [field, operations] of Object.entries(OF_OPERATIONS))
    if (data[field] !== undefined && !operations.includes(operation))
      problems.push({
        pointer: `/${field}`,
        message: `'${field}' has no effect for the operation '${operation}'; take it out`,
      });
  const params =
    typeof data['path'] === 'string' ? [...data['path'].matchAll(/\{(\w+)\}/g)].map(([, name]) => name) : [];
  if (operation !== 'start' && params.length !== 1 && !params.includes('id'))
    problems.push({
      pointer: '/path',
      message: `the path of the operation '${operation}' names the run by a parameter`,
      fix: "write it as '{id}'",
    });
  return problems;
}

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
