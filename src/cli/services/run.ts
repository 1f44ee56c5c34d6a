// What the commands about services and nodes do: ask the supervisor, and print what it says.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { toTextLossy } from '../../core/text.js';
import type { NodeView, ServiceView } from '../../temporal/service-contracts.js';
import { Supervisor } from '../../temporal/supervision.js';
import { table } from '../columns.js';
import type { Columns } from '../columns.js';
import { connectApp } from '../connect-app.js';
import type { Globals } from '../globals.js';
import { jsonText, say, tell } from '../output.js';
import { isService } from '../../services/supervision/service-specs.js';

/** How long a drain may take that somebody waits for. Milliseconds. */
const DRAIN_MS = 120_000;

interface Asked {
  readonly supervisor: Supervisor;
  /** Services that the app's folder has. */
  readonly inFolder: readonly string[];
}

async function withSupervisor<T>(globals: Globals, work: (asked: Asked) => Promise<T>): Promise<T> {
  await using connected = await connectApp(globals);
  const { app, temporal } = connected;
  const inFolder = app.entries.filter(isService).map(({ id }) => id as string);
  const { client } = await temporal.connection(undefined);
  return await work({ supervisor: new Supervisor(client, app.name), inFolder });
}

export const listServices = (globals: Globals): Promise<number> =>
  withSupervisor(globals, async ({ supervisor, inFolder }) => {
    const services = await supervisor.services();
    return showServices(globals, services ?? [], inFolder);
  });

function showServices(
  globals: Globals,
  services: readonly ServiceView[],
  inFolder: readonly string[],
): number {
  const hasFailed = services.some(({ state }) => state === 'Failed');
  if (globals.json) {
    say(jsonText(dataObject({ services: services.map(serviceData) }), false));
    return hasFailed ? 1 : 0;
  }
  if (services.length === 0)
    say(
      inFolder.length === 0
        ? 'the app has no services; a process.service is one, and a process.supervisor has several'
        : `no node with services has joined yet; the app has ${inFolder.join(', ')}`,
    );
  else for (const line of table(SERVICE_COLUMNS, services)) say(line);
  return hasFailed ? 1 : 0;
}

export const changeService = (
  globals: Globals,
  verb: 'start' | 'stop' | 'restart',
  id: string,
): Promise<number> =>
  withSupervisor(globals, async ({ supervisor }) => {
    const services = await supervisor.change(verb, id);
    const own = services.filter((each) => each.id === id);
    const wanted = verb === 'stop' ? ['Stopped', 'Exited', 'Unknown', 'Failed'] : ['Running'];
    const done = own.length > 0 && own.every(({ state }) => wanted.includes(state));
    if (globals.json) say(jsonText(dataObject({ ok: done, services: own.map(serviceData) }), false));
    else {
      for (const line of table(SERVICE_COLUMNS, own)) say(line);
      if (!done) tell(`moontide: '${id}' is not ${verb === 'stop' ? 'stopped' : 'running'}`);
    }
    return done ? 0 : 1;
  });

export const listNodes = (globals: Globals): Promise<number> =>
  withSupervisor(globals, async ({ supervisor }) => {
    const nodes = (await supervisor.nodes()) ?? [];
    if (globals.json) say(jsonText(dataObject({ nodes: nodes.map(nodeData) }), false));
    else if (nodes.length === 0) say('no node with services has joined yet');
    else for (const line of table(NODE_COLUMNS, nodes)) say(line);
    return 0;
  });

export const drainNode = (globals: Globals, node: string): Promise<number> =>
  withSupervisor(globals, async ({ supervisor }) => {
    await supervisor.drain(node, DRAIN_MS);
    if (globals.json) say(jsonText(dataObject({ ok: true, node }), false));
    else say(`node ${node} has no services any more`);
    return 0;
  });

const time = (at: number): string =>
  at === 0 ? '' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');

const SERVICE_COLUMNS: Columns<ServiceView> = [
  ['service', ({ id }) => id],
  ['state', ({ state }) => state],
  ['since (UTC)', ({ since }) => time(since)],
  ['node', ({ owner, node }) => toTextLossy(owner ?? node ?? '')],
  ['life', ({ token }) => (token === 0 ? '' : String(token))],
  ['failures', ({ attempts }) => (attempts === 0 ? '' : String(attempts))],
  [
    'tried next',
    ({ retryAt, state }) => (retryAt !== undefined ? time(retryAt) : state === 'Failed' ? 'never' : ''),
  ],
  ['why', ({ reason }) => toTextLossy(reason)],
];

const NODE_COLUMNS: Columns<NodeView> = [
  ['node', ({ node }) => toTextLossy(node)],
  ['state', ({ state }) => state],
  ['since (UTC)', ({ since }) => time(since)],
  ['registry', ({ registryVersion }) => String(registryVersion)],
  ['services', ({ services }) => services.map(toTextLossy).join(', ')],
];

const serviceData = ({ retryAt, node, owner, requires, ...view }: ServiceView): DataObject =>
  dataObject({
    id: view.id,
    kind: view.kind,
    state: view.state,
    wanted: view.wanted,
    since: view.since,
    reason: view.reason,
    life: view.token,
    failures: view.attempts,
    retry_at: retryAt ?? null,
    node: (owner ?? node ?? null) as Data,
    placement: view.placement,
    requires: [...requires],
  });

const nodeData = ({ node, state, since, startedAt, registryVersion, services }: NodeView): DataObject =>
  dataObject({
    node,
    state,
    since,
    started_at: startedAt,
    registry_version: registryVersion,
    services: [...services],
  });
