// What the http entries of a version come to: servers with their routes, and what is wrong with them together. Pure.
// P1: two routes of one server that would answer the same requests are an error that names both entries.
// P2: a route's place among others is find-my-way's: fixed parts before parameters, parameters before what takes all that is left.
import { mapIn } from '../../core/data-values.js';
import type { Data, DataObject } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { didYouMean } from '../../core/nearest.js';
import type { Entry } from '../../registry/model/entry.js';
import { namespaceOf, resolveReference } from '../../registry/model/ids.js';
import { isMiddleware, middlewareProblems } from './middleware/known.js';
import type { Stage } from './middleware/known.js';
import { bodySchema, schemaOf } from './body-schema.js';
import type { BodySchema } from './body-schema.js';
import { plannedWorkflow } from './planned-workflow.js';
import type { PlannedWorkflow } from './planned-workflow.js';

/** A middleware with the options that its name begins: `allow.origins` of `cors.allow.origins`. */
export interface PlannedMiddleware {
  /** Its name, or the entry id of a function. */
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
}

export interface PlannedEndpoint {
  readonly id: string;
  readonly method: string;
  /** Below the router's prefix, as fastify has it: `/users/:id`. */
  readonly path: string;
  /** From the root, as it is written: `/api/users/{id}`. */
  readonly pattern: string;
  readonly target: { readonly func: string } | { readonly workflow: PlannedWorkflow };
  /** What a body must be, and what an answer is; JSON Schemas. */
  readonly input: BodySchema | undefined;
  readonly output: Data | undefined;
  /** About it, for people. */
  readonly meta: Readonly<DataObject>;
}

export interface PlannedRouter {
  readonly id: string;
  /** Without a slash at its end; '' for none. */
  readonly prefix: string;
  /** About it, for people. */
  readonly meta: Readonly<DataObject>;
  readonly before: readonly PlannedMiddleware[];
  readonly after: readonly PlannedMiddleware[];
  readonly endpoints: readonly PlannedEndpoint[];
}

export interface PlannedFiles {
  readonly id: string;
  /** Without a slash at its end; '' for the root. */
  readonly prefix: string;
  readonly fs: string;
  readonly spa: boolean;
  readonly index: string;
  readonly cache: string | undefined;
  readonly before: readonly PlannedMiddleware[];
}

export interface PlannedServer {
  readonly entry: Entry;
  readonly routers: readonly PlannedRouter[];
  readonly files: readonly PlannedFiles[];
  /** Path under which its routes are described. */
  readonly openapi: string | undefined;
}

export interface HttpPlan {
  readonly servers: readonly PlannedServer[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface HttpPlanInput {
  readonly entries: Iterable<Entry>;
  /** Fills the placeholders of a text (`${env:NAME}`). */
  readonly fill: (text: string) => string;
  readonly placeOf: (entry: Entry, pointer: string) => Place;
}

export const isHttpKind = (kind: string): boolean => kind.startsWith('http.');

/** Whether an entry has a part in a plan. */
export const concernsHttp = ({ kind, meta }: Entry): boolean =>
  isHttpKind(kind) ||
  kind === 'workflow.lua' ||
  meta['input_schema'] !== undefined ||
  meta['output_schema'] !== undefined;

interface Draft {
  readonly entry: Entry;
  readonly routers: PlannedRouter[];
  readonly files: PlannedFiles[];
  /** Who has a route, by method and pattern. */
  readonly taken: Map<string, Entry>;
}

export function planHttp({ entries, fill, placeOf }: HttpPlanInput): HttpPlan {
  const all: Entry[] = [];
  const targets = new Map<string, Entry>();
  for (const entry of entries)
    if (isHttpKind(entry.kind)) all.push(entry);
    else if (concernsHttp(entry)) targets.set(entry.id, entry);
  const diagnostics: Diagnostic[] = [];
  const problem = (entry: Entry, pointer: string, message: string, fix?: string): void => {
    diagnostics.push({
      severity: 'error',
      place: placeOf(entry, pointer),
      message,
      ...(fix === undefined ? {} : { fix }),
    });
  };
  const drafts = new Map<string, Draft>();
  for (const entry of all)
    if (entry.kind === 'http.service')
      drafts.set(entry.id, { entry, routers: [], files: [], taken: new Map() });
  const text = (data: Data | undefined): string | undefined =>
    typeof data === 'string' ? fill(data) : undefined;

  const serverOf = (entry: Entry): Draft | undefined => {
    const named = text(entry.meta['server']);
    if (named !== undefined) return drafts.get(qualified(named, entry)); // a wrong name is told with the references
    const [only, second] = drafts.values();
    if (only !== undefined && second === undefined) return only;
    problem(
      entry,
      '/meta',
      `'${entry.id}' does not say which http.service it belongs to`,
      'set `meta.server` to its entry id',
    );
    return undefined;
  };
  const take = (draft: Draft, entry: Entry, method: string, path: string): void => {
    const key = `${method} ${path.replaceAll(/:\w+/g, ':')}`;
    const other = draft.taken.get(key);
    if (other === undefined) draft.taken.set(key, entry);
    else
      problem(
        entry,
        '/path',
        `'${entry.id}' and '${other.id}' both answer ${method === '' ? 'the files below' : method} '${shown(path)}' of '${draft.entry.id}'`,
        'change the path or the method of one of them',
      );
  };
  const middleware = (entry: Entry, field: string, options: string, stage: Stage): PlannedMiddleware[] => {
    const names = entry.data[field];
    const given = entry.data[options];
    const values = new Map(
      Object.entries(mapIn(given)).map(
        ([name, value]) => [name, typeof value === 'string' ? fill(value) : plainText(value)] as const,
      ),
    );
    const planned: PlannedMiddleware[] = [];
    for (const [index, value] of (Array.isArray(names) ? names : []).entries()) {
      const name = text(value) ?? '';
      if (!name.includes(':') && !isMiddleware(name))
        problem(
          entry,
          `/${field}/${index}`,
          `there is no middleware '${name}'${didYouMean(name, middlewareProblems.names(stage))}`,
          'name one of the documentation, or the entry id of a function.lua',
        );
      else planned.push({ name, options: optionsOf(name, values) });
    }
    for (const [name, message] of middlewareProblems.of(planned, values, stage))
      problem(entry, name === '' ? `/${field}` : `/${options}/${name}`, message);
    return planned;
  };

  const routers = new Map<
    string,
    { readonly draft: Draft; readonly endpoints: PlannedEndpoint[]; readonly prefix: string }
  >();
  for (const entry of all) {
    if (entry.kind !== 'http.router') continue;
    const draft = serverOf(entry);
    if (draft === undefined) continue;
    const endpoints: PlannedEndpoint[] = [];
    const prefix = withoutEnd(text(entry.data['prefix']) ?? '');
    draft.routers.push({
      id: entry.id,
      prefix,
      meta: entry.meta,
      before: middleware(entry, 'middleware', 'options', 'before'),
      after: middleware(entry, 'post_middleware', 'post_options', 'after'),
      endpoints,
    });
    routers.set(entry.id, { draft, endpoints, prefix });
  }
  for (const entry of all) {
    if (entry.kind === 'http.endpoint') {
      const router = routers.get(qualified(text(entry.meta['router']) ?? '', entry));
      if (router === undefined) continue;
      const path = routed(text(entry.data['path']) ?? '/');
      const method = text(entry.data['method']) ?? 'GET';
      const workflow = text(entry.data['workflow']);
      const named = qualified(workflow ?? text(entry.data['func']) ?? '', entry);
      const target = targets.get(named);
      const schema = (which: 'input' | 'output'): Data | undefined =>
        schemaOf(entry.data[which] ?? target?.meta[`${which}_schema`], (message) =>
          problem(entry, entry.data[which] === undefined ? '' : `/${which}`, message),
        );
      const input = schema('input');
      router.endpoints.push({
        id: entry.id,
        method,
        path,
        pattern: withoutEnd(router.prefix + (text(entry.data['path']) ?? '/')) || '/',
        target:
          workflow === undefined
            ? { func: named }
            : { workflow: { ...plannedWorkflow(entry, path, named, target), status: undefined } },
        input: input === undefined ? undefined : bodySchema(input),
        output: schema('output'),
        meta: entry.meta,
      });
      take(router.draft, entry, method, withoutEnd(router.prefix + path) || '/');
    } else if (entry.kind === 'http.static') {
      const draft = serverOf(entry);
      if (draft === undefined) continue;
      const prefix = withoutEnd(text(entry.data['path']) ?? '/');
      const options = mapIn(entry.data['static_options']);
      draft.files.push({
        id: entry.id,
        prefix,
        fs: qualified(text(entry.data['fs']) ?? '', entry),
        spa: options['spa'] === true,
        index: text(options['index']) ?? 'index.html',
        cache: text(options['cache']),
        before: middleware(entry, 'middleware', 'options', 'before'),
      });
      take(draft, entry, '', `${prefix}/*`);
    }
  }
  for (const { entry, ...draft } of drafts.values()) {
    const path = text(entry.data['openapi']);
    if (path !== undefined) take({ entry, ...draft }, entry, 'GET', path);
  }
  const byId = new Map(all.map((entry) => [entry.id as string, entry]));
  return {
    servers: [...drafts.values()].map(({ entry, routers: planned, files }) => ({
      entry,
      routers: withStatusRoutes(planned, (id, message, fix) => {
        const endpoint = byId.get(id);
        if (endpoint !== undefined) problem(endpoint, '/mode', message, fix);
      }),
      files,
      openapi: text(entry.data['openapi']),
    })),
    diagnostics,
  };
}

/** Who starts a run tells where its state is: a route of the same server, with no parameter that the start has not. */
function withStatusRoutes(
  routers: readonly PlannedRouter[],
  problem: (endpoint: string, message: string, fix: string) => void,
): PlannedRouter[] {
  const routes = routers.flatMap(({ prefix, endpoints }) =>
    endpoints.flatMap(({ path, target }) =>
      'workflow' in target && target.workflow.operation === 'status'
        ? [{ ...target.workflow, path: prefix + path }]
        : [],
    ),
  );
  return routers.map((router) => ({
    ...router,
    endpoints: router.endpoints.map((endpoint) => {
      if (!('workflow' in endpoint.target)) return endpoint;
      const { workflow } = endpoint.target;
      const own = paramsOf(router.prefix + endpoint.path);
      const found = routes.find(
        ({ entry, path, keyParam = '' }) =>
          entry === workflow.entry && [...paramsOf(path)].every((name) => name === keyParam || own.has(name)),
      );
      if (found === undefined && workflow.mode === 'accepted')
        problem(
          endpoint.id,
          `'mode: accepted' tells where the run can be asked, and no route does`,
          `add an http.endpoint with \`workflow: ${workflow.entry}\`, \`operation: status\` and a path such as '/runs/{id}'`,
        );
      const { path = '', keyParam = '' } = found ?? {};
      const status = found === undefined ? undefined : { path, keyParam };
      return { ...endpoint, target: { workflow: { ...workflow, status } } };
    }),
  }));
}

const paramsOf = (path: string): ReadonlySet<string> =>
  new Set([...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? ''));

/** What no id can be is told with the references. */
const qualified = (id: string, entry: Entry): string => resolveReference(id, namespaceOf(entry.id)) ?? id;

const withoutEnd = (path: string): string => path.replace(/\/+$/, '').replaceAll(/\/{2,}/g, '/');

/** `/users/{id}/{rest...}` as fastify has it. */
const routed = (path: string): string =>
  path
    .replaceAll(/\/{2,}/g, '/')
    .replaceAll(/\{\w+\.\.\.\}$/g, '*')
    .replaceAll(/\{(\w+)\}/g, ':$1');
const shown = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

/** The options that begin with a middleware's name; `_` stands for `.` as well. */
function optionsOf(name: string, all: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const prefixes = [
    name,
    ...(name === 'websocket_relay' ? ['wsrelay'] : []),
    ...(name === 'sse_relay' ? ['sserelay'] : []),
  ];
  const own = new Map<string, string>();
  for (const [option, value] of all)
    for (const prefix of prefixes)
      if (option.startsWith(`${prefix}.`) || option.startsWith(`${prefix}_`))
        own.set(option.slice(prefix.length + 1).replaceAll('_', '.'), value);
  return own;
}

/** A number or a flag as its text; the schema lets nothing else through. */
const plainText = (value: Data): string =>
  typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint' ? `${value}` : '';
