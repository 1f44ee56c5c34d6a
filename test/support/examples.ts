// The examples of the modules' pages: sections of src/modules/<name>/examples.lua, `--- base64.encode` each.
// A line `--> text` is what the section prints, in order.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { descriptionOf } from '../../src/lua/module.js';
import type { MemberSpec, ModuleSpec } from '../../src/lua/module.js';
import { compressHandlers } from '../../src/modules/compress/host.js';
import { cryptoHandlers } from '../../src/modules/crypto/host.js';
import { builtModules } from '../../src/modules/index.js';
import { envHandlers } from '../../src/modules/env/host.js';
import { fsHandlers } from '../../src/modules/fs/host.js';
import { metricsHandlers } from '../../src/modules/metrics/host.js';
import { storeHandlers } from '../../src/modules/store/host.js';
import { systemHandlers } from '../../src/modules/system/host.js';
import { templatesHandlers } from '../../src/modules/templates/host.js';
import type { Entry, EntryId } from '../../src/registry/model/entry.js';
import type { KindSpec } from '../../src/registry/model/kind.js';
import { Holdings } from '../../src/runtime/command-context.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import { SoleCluster } from '../../src/runtime/relay/sole-cluster.js';
import { Resources } from '../../src/runtime/resources.js';
import { Environment } from '../../src/services/env/environment.js';
import { kinds } from '../../src/services/kinds.js';
import { MetricsCollector } from '../../src/services/metrics/collector.js';
import { nodeAnswers } from './instance.js';

export interface Example {
  /** `base64.encode`, `Regexp:find_string`. */
  readonly title: string;
  readonly code: string;
  readonly prints: readonly string[];
}

interface ModuleExamples {
  readonly spec: ModuleSpec;
  readonly examples: readonly Example[];
  /** They need the app of src/modules/examples-app.yaml around them. */
  readonly needApp: boolean;
}

function examplesOf(spec: ModuleSpec): ModuleExamples {
  const file = fileURLToPath(new URL(`../../src/modules/${spec.name}/examples.lua`, import.meta.url));
  const [head = '', ...sections] = readFileSync(file, 'latin1').split(/^--- /m);
  const examples = sections.map((section) => {
    const [title = '', ...lines] = section.trimEnd().split('\n');
    const prints = lines.filter((line) => line.startsWith('-->')).map((line) => line.slice(4));
    return { title: title.trim(), code: lines.filter((line) => !line.startsWith('-->')).join('\n'), prints };
  });
  return { spec, examples, needApp: head.includes('examples-app.yaml') };
}

const allExamples = builtModules.map(examplesOf);
export const modulesWithExamples = allExamples.filter(({ needApp }) => !needApp);
export const examplesWithApp = allExamples.filter(({ needApp }) => needApp);

export const entryOf = (
  id: string,
  kind: string,
  data: Record<string, Data> = {},
  meta: Record<string, Data> = {},
): Entry => ({ id: id as EntryId, kind, meta: dataObject(meta), data: dataObject(data) });

/** Whether a function of a module says that a workflow has to call a function for it. */
export function needsFunction(spec: ModuleSpec, { title }: Example): boolean {
  const [type, method] = title.split(':');
  if (method !== undefined) {
    const found = spec.types?.find((one) => one.name === type);
    const described = found === undefined ? undefined : descriptionOf(found)?.methods[method];
    return described?.workflow === 'function';
  }
  let members: ModuleSpec['members'] | undefined = spec.members;
  for (const name of title.split('.').slice(1)) {
    const member: MemberSpec | undefined = members?.[name];
    if (member?.is === 'function') return member.workflow === 'function';
    members = member?.is === 'table' ? member.members : undefined;
  }
  return false;
}

/** What real resources of these entries are, for handlers. */
export function resourcesOf(entries: readonly Entry[], appFolder = '/nowhere'): Resources {
  const known = new Map<string, KindSpec>(kinds.map((kind) => [kind.name, kind]));
  return new Resources({
    kinds: (kind) => known.get(kind),
    ids: () => entries.map(({ id }) => id),
    host: {
      appFolder,
      stateFolder: `${appFolder}/.moontide`,
      file: async () => undefined,
      env: () => undefined,
      get: (id) => entries.find((entry) => entry.id === id),
      ofKind: (kind) => entries.filter((entry) => entry.kind === kind),
      log: () => undefined,
    },
  });
}

const jet = (name: string, source: string): Entry =>
  entryOf(`app.views:${name}`, 'template.jet', { set: 'mails', source });
const views = resourcesOf([
  entryOf('app.views:mails', 'template.set'),
  jet('welcome', 'Hello {{ user.name }}, you have {{ len(messages) }} messages'),
  jet('layout', '<h1>{{ title }}</h1>{{ yield body() }}'),
  jet(
    'list',
    `{{ extends "layout" }}
{{ block body() }}{{ range i, item := items }}{{ i + 1 }}. {{ item.name }}
  {{- if item.sold }} (sold){{ end }}; {{ else }}nothing{{ end }}{{ end }}`,
  ),
]);

const stores = resourcesOf([entryOf('app:cache', 'store.memory')]);

// In the run's folder, which goes with the run: a worker of vitest is ended without a word.
const folder = mkdtempSync(join(process.env['MOONTIDE_TEST_RUN'] ?? tmpdir(), 'examples-'));
const volumes = resourcesOf(
  [entryOf('app:files', 'fs.directory', { directory: 'files', auto_init: true })],
  folder,
).user();
/** What the examples hold open; each closes its own. */
const handles = new Holdings(resourcesOf([]), (error) => {
  throw error;
});

const locks = new SoleCluster({ whenEnded: () => true, cancel: () => undefined });

const collector = new MetricsCollector((why, name) => {
  throw new Error(`${name}: ${why}`);
});

const port = entryOf('app:port', 'env.variable', { variable: 'PORT', default: 8080 });
const environment = new Environment({
  os: {},
  entries: () => ({
    get: (id) => (id === port.id ? port : undefined),
    ofKind: (kind) => (kind === port.kind ? [port] : []),
  }),
});

/** Answers for the examples of modules whose commands are recorded in workflows. */
export const recordedAnswers = {
  ...nodeAnswers(compressHandlers),
  ...nodeAnswers(cryptoHandlers(nativeSupport)),
  ...nodeAnswers(envHandlers(environment, () => true)),
  ...nodeAnswers(metricsHandlers(collector.record)),
  ...nodeAnswers(
    fsHandlers(() => true),
    {
      resource: (entry, kind) => volumes.use(entry, kind),
      own: (handle) => handles.own(handle),
      owned: (handle) => handles.owned(handle),
      release: (handle) => handles.release(handle),
    },
  ),
  ...nodeAnswers(
    storeHandlers(() => true),
    { resource: (entry, kind) => stores.user().use(entry, kind) },
  ),
  ...nodeAnswers(
    systemHandlers(
      {
        node: 'machine:4711',
        others: () => [],
        locks: () => locks,
        exit: () => undefined,
        running: () => 1,
        modules: () => builtModules,
        hosts: () => [],
        processes: () => undefined,
        services: () => [
          { id: 'app:worker', status: 'Running', desired: 'Running', lastUpdate: 1n, details: '' },
        ],
      },
      () => true,
    ),
    { pid: '{functions|1}' },
  ),
  ...nodeAnswers(
    templatesHandlers(() => true),
    { resource: (entry, kind) => views.user().use(entry, kind) },
  ),
};
