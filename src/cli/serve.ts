// `moontide dev` and `moontide run`: a node that stays up.
import { dataObject, LuaFloat } from '../core/data.js';
import type { DataObject } from '../core/data.js';
import { toBytes } from '../core/text.js';
import { commandPrefix } from './command-prefix.js';
import type { Globals } from './globals.js';
import { HotReload } from './hot-reload.js';
import { jsonText, say } from './output.js';
import { printLine } from './node-parts.js';
import { runNode } from './run-node.js';
import type { NodeOptions, RunningNode } from './running-node.js';

/** What every command that runs a node takes from the command line. */
export function nodeOptions(globals: Globals): NodeOptions {
  return {
    app: globals.app,
    overrides: globals.overrides,
    address: globals.address,
    namespace: globals.namespace,
    embedded: globals.embedded,
    log: { level: globals.logLevel, format: globals.logFormat },
    // With --json stdout holds one document and nothing else.
    ...(globals.json ? { print: printToStderr } : { print: printLine }),
  };
}

export const printToStderr = (line: string): void =>
  void process.stderr.write(Buffer.from(`${line}\n`, 'latin1'));

export async function serveDev(globals: Globals): Promise<number> {
  const node = await runNode({ ...nodeOptions(globals), temporal: 'always' });
  await using watching = await HotReload.start({
    app: node.app,
    logger: node.logger,
    reload: (note) => node.reload(note),
  });
  node.stopping.addEventListener('abort', () => void watching[Symbol.asyncDispose](), { once: true });
  if (globals.json) await sayReady(node);
  else await sayWelcome(node, globals);
  return await untilStopped(node);
}

export async function serveNode(
  globals: Globals,
  { explainBoot }: { readonly explainBoot: boolean },
): Promise<number> {
  const began = performance.now();
  const node = await runNode(nodeOptions(globals));
  if (globals.json) await sayReady(node, explainBoot);
  else {
    if (explainBoot) for (const line of bootTable(node)) say(line);
    const where = node.serving ? await temporalText(node) : 'without Temporal';
    const { workflows, functions } = counts(node);
    const total = Math.round(performance.now() - began);
    say(`ready: ${node.app.name}, ${where}, ${workflows} workflows, ${functions} functions, ${total} ms`);
  }
  return await untilStopped(node);
}

/** Milliseconds. */
const KEEP_ALIVE_MS = 60_000;

/** Keeps the process for work that waits for nothing of the system: a process for its messages, a node of functions for its end. */
export async function keptAlive<T>(work: Promise<T>): Promise<T> {
  const alive = setInterval(() => undefined, KEEP_ALIVE_MS);
  try {
    return await work;
  } finally {
    clearInterval(alive);
  }
}

/** Stays up until somebody stops the node. */
export async function untilStopped(node: RunningNode): Promise<number> {
  try {
    await keptAlive(node.stopped);
    return node.exitCode ?? 0;
  } catch {
    return 1; // why is told by who stopped it
  }
}

async function temporalText({ temporal }: RunningNode): Promise<string> {
  const { address, namespace } = await temporal.connection(undefined);
  return `Temporal ${address} (${namespace})`;
}

/** Where the UI shows the app's runs. */
export async function uiAddress({ temporal }: RunningNode): Promise<string | undefined> {
  if (temporal.ui === undefined) return undefined;
  const { namespace } = await temporal.connection(undefined);
  return `${temporal.ui}/namespaces/${namespace}/workflows`;
}

const idsOf = (node: RunningNode, kind: string): string[] =>
  node.registry.current
    .ofKind(kind)
    .map(({ id }) => id as string)
    .sort();

const counts = (node: RunningNode): { readonly workflows: number; readonly functions: number } => ({
  workflows: idsOf(node, 'workflow.lua').length,
  functions: idsOf(node, 'function.lua').length,
});

async function sayReady(node: RunningNode, explainBoot = false): Promise<void> {
  const connection = node.serving ? await node.temporal.connection(undefined) : undefined;
  const ui = await uiAddress(node);
  say(
    jsonText(
      dataObject({
        ready: true,
        app: node.app.name,
        folder: toBytes(node.app.folder),
        pid: process.pid,
        ...(connection === undefined
          ? {}
          : { address: toBytes(connection.address), namespace: toBytes(connection.namespace) }),
        ...(ui === undefined ? {} : { ui: toBytes(ui) }),
        ...(node.listening().size === 0 ? {} : { http: dataObject(Object.fromEntries(listening(node))) }),
        workflows: idsOf(node, 'workflow.lua'),
        functions: idsOf(node, 'function.lua'),
        registry_version: node.registry.current.version.number,
        ...(explainBoot ? { boot: bootData(node) } : {}),
      }),
      false,
    ),
  );
}

/** `host:port` of each HTTP server, by its entry. */
const listening = (node: RunningNode): [entry: string, address: string][] =>
  [...node.listening()].map(([id, { host, port }]) => [
    id,
    `${host === '::' || host === '0.0.0.0' ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`,
  ]);

async function sayWelcome(node: RunningNode, globals: Globals): Promise<void> {
  const role = { started: 'started', adopted: 'taken over', joined: 'joined' } as const;
  const how = node.temporal.role === undefined ? '' : `, ${role[node.temporal.role]}`;
  const tests = new Set(node.find({ 'meta.type': 'test' }).map(({ id }) => id as string));
  const workflows = idsOf(node, 'workflow.lua');
  const functions = idsOf(node, 'function.lua').filter((id) => !tests.has(id));
  const ui = await uiAddress(node);
  say(`${node.app.name} is running (${await temporalText(node)}${how})`);
  if (ui !== undefined) say(`  UI         ${ui}`);
  for (const [id, address] of listening(node)) say(`  HTTP       ${address} (${id})`);
  say(`  workflows  ${listed(workflows.map((id) => `${id} on '${node.plan().queueOf.get(id) ?? ''}'`))}`);
  say(`  functions  ${listed(functions)}`);
  if (tests.size > 0) say(`  tests      ${tests.size}`);
  say('');
  say('Try next, in another terminal:');
  const prefix = commandPrefix(node.app.folder);
  const [workflow] = workflows;
  const [callable] = functions;
  if (workflow !== undefined) say(`  ${prefix} start ${workflow} '{}' --id my-first`);
  if (callable !== undefined) say(`  ${prefix} call ${callable}`);
  if (tests.size > 0) say(`  ${prefix} test`);
  if (workflow === undefined && callable === undefined)
    say('  add a function.lua or a workflow.lua to the app');
  say('What is saved in the folder is taken at once.');
  say(`Ctrl-C stops it${globals.embedded ? '; its state stays in .moontide/' : ''}.`);
}

const SHOWN = 8;
const listed = (names: readonly string[]): string => {
  if (names.length === 0) return 'none';
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names.slice(0, SHOWN).join(', ')}${more}`;
};

/** What the table shows, as data: components by level and phases, with milliseconds. */
function bootData({ timings, phases }: RunningNode): DataObject {
  return dataObject({
    components: timings.map(({ level, name, loadMs, startMs, dependsOn }) =>
      dataObject({
        level,
        name: toBytes(name),
        load_ms: loadMs === undefined ? null : new LuaFloat(loadMs),
        start_ms: startMs === undefined ? null : new LuaFloat(startMs),
        after: dependsOn.map(toBytes),
      }),
    ),
    phases: phases.map(({ name, ms }) => dataObject({ name, ms: new LuaFloat(ms) })),
  });
}

function bootTable(node: RunningNode): string[] {
  const time = (milliseconds: number | undefined): string =>
    (milliseconds === undefined ? '-' : milliseconds.toFixed(1)).padStart(9);
  return [
    'level  component               load ms  start ms  after',
    ...node.timings.map(({ level, name, loadMs, startMs, dependsOn }) =>
      `${String(level).padStart(5)}  ${name.padEnd(20)}${time(loadMs)} ${time(startMs)}  ${dependsOn.join(', ')}`.trimEnd(),
    ),
    ...node.phases.map(({ name, ms }) => `phase  ${name.padEnd(20)}${time(ms)}`),
  ];
}
