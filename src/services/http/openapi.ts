// A server's routes as an OpenAPI 3.1 document. Pure: everything in it is from the entries.
// O1: schemas are components, so that a `$ref: '#/...'` within one can be made to mean itself.
// O2: paths that differ in the names of their parameters only are one path, with the names of the first.
// O3: of a function only its entry's words are known: it may answer anything, so `default` is anything. What workflows' routes
//     answer is known, and nothing else is allowed.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { toBytes } from '../../core/text.js';
import type { PlannedEndpoint, PlannedServer } from './plan.js';
import type { PlannedWorkflow } from './planned-workflow.js';

export const OPENAPI_VERSION = '3.1.1';

/** `app`: the title where the server's entry has none. Strings of the document are byte strings. */
export function openApiOf({ entry, routers }: PlannedServer, app: string): DataObject {
  const schemas = new Map<string, Data>([['Error', ERROR_SCHEMA]]);
  const paths = new Map<string, { readonly template: string; readonly item: Record<string, Data> }>();
  const tags: Data[] = [];
  for (const { id, meta, endpoints } of routers) {
    const shown = endpoints.filter((one) => one.meta['openapi'] !== false);
    if (shown.length === 0) continue;
    const tag = wordOf(meta['title']) ?? toBytes(id);
    tags.push(dataObject({ name: tag, ...description(meta) }));
    for (const endpoint of shown) {
      const shape = endpoint.pattern.replaceAll(/\{[^}]*\}/g, '{}'); // O2
      const path = paths.get(shape) ?? { template: endpoint.pattern.replaceAll('...}', '}'), item: {} };
      paths.set(shape, path);
      path.item[endpoint.method.toLowerCase()] = operationOf(endpoint, tag, path.template, schemas);
    }
  }
  return dataObject({
    openapi: OPENAPI_VERSION,
    info: dataObject({
      title: wordOf(entry.meta['title']) ?? toBytes(app),
      version: wordOf(entry.meta['version']) ?? '0',
      ...description(entry.meta),
    }),
    tags,
    paths: dataObject(
      Object.fromEntries(
        [...paths.values()].map(({ template, item }) => [toBytes(template), dataObject(item)]),
      ),
    ),
    components: dataObject({ schemas: dataObject(Object.fromEntries(schemas)) }),
  });
}

const wordOf = (value: Data | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? toBytes(value) : undefined;

const description = (meta: Readonly<DataObject>): Record<string, Data> => {
  const found = wordOf(meta['description']) ?? wordOf(meta['comment']);
  return found === undefined ? {} : { description: found };
};

function operationOf(
  endpoint: PlannedEndpoint,
  tag: string,
  template: string,
  schemas: Map<string, Data>,
): Data {
  const { id, meta, target, input, output } = endpoint;
  const name = toBytes(id.replaceAll(':', '.'));
  const workflow = 'workflow' in target ? target.workflow : undefined;
  const schema = (which: string, given: Data): Data => {
    const key = `${name}.${which}`;
    schemas.set(key, within(given, key));
    return reference(key);
  };
  const result = output === undefined ? true : schema('output', output);
  const parameters = [
    ...pathParameters(template, endpoint.pattern, workflow?.keyParam),
    ...(workflow === undefined ? [] : headersOf(workflow)),
  ];
  const title = wordOf(meta['title']);
  const takesBody = input !== undefined || (workflow !== undefined && TAKES_BODY.has(workflow.operation));
  return dataObject({
    operationId: name,
    tags: [tag],
    ...(title === undefined ? {} : { summary: title }),
    ...description(meta),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(takesBody && endpoint.method !== 'GET'
      ? {
          requestBody: dataObject({
            required: input !== undefined,
            content: json(input === undefined ? true : schema('input', input.schema)),
          }),
        }
      : {}),
    responses: workflow === undefined ? functionAnswers(output, result) : workflowAnswers(workflow, result),
  });
}

const TAKES_BODY: ReadonlySet<string> = new Set(['start', 'signal', 'update', 'query']);

const reference = (name: string): Data => dataObject({ $ref: `#/components/schemas/${name}` });
const json = (schema: Data): Data => dataObject({ 'application/json': dataObject({ schema }) });

/** `key`: the parameter that is the key of a run, by its name in the operation's own pattern (O2). */
function pathParameters(template: string, pattern: string, key: string | undefined): Data[] {
  const own = [...pattern.matchAll(/\{(\w+)/g)].map(([, name]) => name);
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name = ''], index) =>
    dataObject({
      name,
      in: 'path',
      required: true,
      schema: dataObject({
        type: 'string',
        ...(key !== undefined && own[index] === key ? { pattern: KEY_PATTERN } : { minLength: 1 }),
      }),
    }),
  );
}

const KEY_PATTERN = '^[!-~]{1,200}$';

function headersOf({ operation, keyHeader, keyRequired, keyParam }: PlannedWorkflow): Data[] {
  const header = (name: string, required: boolean, words: string, pattern: string): Data =>
    dataObject({
      name,
      in: 'header',
      required,
      description: words,
      schema: dataObject({ type: 'string', pattern }),
    });
  if (operation === 'events')
    return [
      header('Last-Event-ID', false, 'The last event that was heard.', '^[A-Za-z0-9-]{1,64}/[0-9]{1,9}$'),
    ];
  if (operation === 'signal' || operation === 'update' || (operation === 'start' && keyParam === undefined))
    return [
      header(
        keyHeader.replaceAll(
          /(^|-)([a-z])/g,
          (_all, dash: string, letter: string) => dash + letter.toUpperCase(),
        ),
        keyRequired,
        'What was done with a key is done once.',
        KEY_PATTERN,
      ),
    ];
  return [];
}

const answer = (words: string, schema?: Data): Data =>
  dataObject({ description: words, ...(schema === undefined ? {} : { content: json(schema) }) });

/** O3 */
const functionAnswers = (output: Data | undefined, result: Data): Data =>
  dataObject({
    ...(output === undefined ? {} : { 200: answer('What the function answers.', result) }),
    default: answer('As the function answers.'),
  });

function workflowAnswers({ operation, mode, status }: PlannedWorkflow, result: Data): Data {
  const errors = {
    '4XX': answer('The request is refused.', reference('Error')),
    '5XX': answer('It cannot be answered now.', reference('Error')),
  };
  switch (operation) {
    case 'start':
      return dataObject({
        ...(mode === 'wait'
          ? { 200: answer('What the run gives.', result) }
          : {
              202: dataObject({
                description: 'The run goes on.',
                ...(status === undefined
                  ? {}
                  : { headers: dataObject({ Location: dataObject({ schema: TEXT }) }) }),
                content: json(object({ id: TEXT, status: TEXT }, ['id'])),
              }),
            }),
        ...errors,
      });
    case 'status':
      return dataObject({ 200: answer('The state of the run.', statusSchema(result)), ...errors });
    case 'result':
    case 'query':
    case 'update':
      return dataObject({ 200: answer('The result.', result), ...errors });
    case 'signal':
    case 'cancel':
      return dataObject({ 202: answer('The run is told.', object({ id: TEXT }, ['id'])), ...errors });
    case 'events':
      return dataObject({
        200: dataObject({
          description: 'Server-sent events.',
          content: dataObject({ 'text/event-stream': dataObject({ schema: TEXT }) }),
        }),
        204: answer('There are no more events.'),
        ...errors,
      });
  }
}

const TEXT: Data = dataObject({ type: 'string' });
const TIME: Data = dataObject({ type: 'string', format: 'date-time' });
const object = (properties: Record<string, Data>, required: readonly string[]): Data =>
  dataObject({ type: 'object', properties: dataObject(properties), required: [...required] });
const ERROR: Data = object({ kind: TEXT, message: TEXT }, ['kind', 'message']);
const ERROR_SCHEMA: Data = object({ error: ERROR }, ['error']);
const statusSchema = (result: Data): Data =>
  object(
    {
      id: TEXT,
      status: dataObject({
        enum: [
          'running',
          'completed',
          'failed',
          'cancelled',
          'terminated',
          'timed_out',
          'continued_as_new',
          'paused',
        ],
      }),
      started_at: TIME,
      closed_at: TIME,
      result,
      error: ERROR,
    },
    ['id', 'status', 'started_at'],
  );

/** O1: what a schema refers to within itself, from the document's root. */
function within(schema: Data, key: string): Data {
  if (Array.isArray(schema)) return schema.map((item) => within(item, key));
  if (!isMap(schema)) return schema;
  return dataObject(
    Object.fromEntries(
      Object.entries(schema).map(([name, value]) => {
        if (name === '$ref' && typeof value === 'string' && value.startsWith('#'))
          return [name, `#/components/schemas/${key}${value.slice(1)}`];
        return [name, VALUES.has(name) ? value : within(value, key)];
      }),
    ),
  );
}

/** Keywords whose values are data, not schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'example']);
