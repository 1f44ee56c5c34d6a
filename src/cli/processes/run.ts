// What the commands about processes do: ask the nodes of this machine, and print what they say.
// R1: a PID that names a node is asked of that node, or where it is not of this machine of each until one reaches it; any other
//     of each node until one knows it. None is asked after one that may have done it.
import { join } from 'node:path';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { formatDuration, parseDurationMs } from '../../core/durations.js';
import { PlatformError } from '../../core/errors.js';
import { tryPid } from '../../core/ids.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import { connectToNodes, NodeUnreachableError } from '../../runtime/control/control-socket.js';
import type { NodeConnection } from '../../runtime/control/control-socket.js';
import { table } from '../columns.js';
import type { Columns } from '../columns.js';
import type { Globals } from '../globals.js';
import { whyNoApp } from '../no-app.js';
import { jsonText, say, tell } from '../output.js';
import { STATE_FOLDER } from '../state-folder.js';
import { UsageError } from '../usage-error.js';

async function withNodes<T>(
  { app }: Globals,
  work: (nodes: readonly NodeConnection[]) => Promise<T>,
): Promise<T> {
  const nodes = await connectToNodes(app, join(app, STATE_FOLDER)).catch(async (error: unknown) => {
    throw (await whyNoApp(app)) ?? error;
  });
  try {
    return await work(nodes);
  } finally {
    for (const node of nodes) node[Symbol.dispose]();
  }
}

/** What a node says of itself; `problem`: it did not answer. */
interface NodeList {
  readonly node: string;
  readonly count: number;
  readonly processes: readonly DataObject[];
  readonly problem: string | undefined;
}

export function listProcesses(globals: Globals, limit: string): Promise<number> {
  const most = Number(limit);
  if (!Number.isSafeInteger(most) || most < 1)
    throw new UsageError(`--limit is '${limit}'; it is how many processes to list, 1 or more`);
  return withNodes(globals, async (nodes) => {
    const lists = await listsOf(nodes, most);
    const problems = lists.filter(({ problem }) => problem !== undefined);
    const processes = lists.flatMap((list) => list.processes);
    const left = lists.reduce((sum, list) => sum + list.count - list.processes.length, 0);
    if (globals.json)
      say(
        jsonText(
          dataObject({
            processes,
            not_listed: left,
            unreachable: problems.map(({ node, problem = '' }) =>
              dataObject({ node: toBytes(node), problem }),
            ),
          }),
          false,
        ),
      );
    else {
      if (processes.length === 0) say('nothing runs');
      else for (const line of table(COLUMNS, processes)) say(line);
      if (left > 0) say(`... and ${left} more; --limit says how many of each node are listed`);
    }
    for (const { node, problem = '' } of problems)
      tell(`moontide: node '${node}' did not tell what runs there: ${toTextLossy(problem)}`);
    return problems.length > 0 ? 3 : 0;
  });
}

/** Of all nodes, each once, whoever of this machine knows it. */
async function listsOf(nodes: readonly NodeConnection[], limit: number): Promise<readonly NodeList[]> {
  const lists = new Map<string, NodeList>();
  for (const node of nodes) {
    const known = lists.get(node.node);
    if (known !== undefined && known.problem === undefined) continue;
    for (const list of await listsFrom(node, limit)) {
      if (list.problem === undefined || !lists.has(list.node)) lists.set(list.node, list);
    }
  }
  return [...lists.values()];
}

async function listsFrom(connection: NodeConnection, limit: number): Promise<readonly NodeList[]> {
  try {
    const answer = await connection.ask('list', dataObject({ limit }));
    return (Array.isArray(answer) ? answer : []).filter(isMap).map(readList);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind !== 'Unavailable') throw error;
    return [{ node: connection.node, count: 0, processes: [], problem: toBytes(error.message) }];
  }
}

function readList({ node, count, processes, problem }: DataObject): NodeList {
  return {
    node: typeof node === 'string' ? toTextLossy(node) : '',
    count: typeof count === 'number' ? count : 0,
    processes: (Array.isArray(processes) ? processes : []).filter(isMap),
    problem: typeof problem === 'string' ? problem : undefined,
  };
}

const text = (value: Data | undefined): string => (typeof value === 'string' ? toTextLossy(value) : '');
const number = (value: Data | undefined): number => (typeof value === 'number' ? value : 0);

const COLUMNS: Columns<DataObject> = [
  ['pid', ({ pid }) => text(pid)],
  ['entry', ({ entry }) => text(entry)],
  ['host', ({ host }) => text(host)],
  ['state', ({ state }) => text(state)],
  ['inbox', ({ inbox }) => String(number(inbox))],
  ['age', ({ age_ms: age }) => formatDuration(BigInt(Math.round(number(age) / 1_000)) * 1_000_000_000n)],
  ['names', ({ names }) => (Array.isArray(names) ? names.map(text).join(', ') : '')],
];

export const killProcess = (globals: Globals, pid: string): Promise<number> =>
  order(globals, 'kill', pid, dataObject(), `ended ${pid}`);

export function cancelProcess(
  globals: Globals,
  pid: string,
  { reason, deadline }: { readonly reason: string; readonly deadline?: string },
): Promise<number> {
  const body = dataObject({ reason: toBytes(reason) });
  if (deadline !== undefined) body['deadline_ms'] = Math.ceil(parseDurationMs(deadline));
  return order(globals, 'cancel', pid, body, `asked ${pid} to end`);
}

export const sendToProcess = (
  globals: Globals,
  pid: string,
  topic: string,
  payloads: readonly Data[],
): Promise<number> =>
  order(
    globals,
    'send',
    pid,
    dataObject({ topic: toBytes(topic), payloads: [...payloads] }),
    `sent '${topic}' to ${pid}`,
  );

async function order(
  globals: Globals,
  what: string,
  to: string,
  body: DataObject,
  did: string,
): Promise<number> {
  if (to === '') throw new UsageError('the PID is empty; `moontide ps` lists what runs');
  await withNodes(globals, (nodes) => askOwner(nodes, what, to, dataObject({ ...body, to: toBytes(to) })));
  if (globals.json) say(jsonText(dataObject({ ok: true, pid: toBytes(to) }), false));
  else say(did);
  return 0;
}

/** R1 */
async function askOwner(
  nodes: readonly NodeConnection[],
  what: string,
  to: string,
  body: DataObject,
): Promise<void> {
  const owner = tryPid(to)?.node;
  const named = nodes.find(({ node }) => node === owner);
  let unknown: unknown;
  for (const node of named === undefined ? nodes : [named])
    try {
      await node.ask(what, body);
      return;
    } catch (error) {
      if (!isSurelyUndone(error)) throw error;
      unknown = error;
    }
  throw unknown;
}

/** It knows no such process, was not asked, or reaches no such node. */
function isSurelyUndone(error: unknown): boolean {
  if (error instanceof NodeUnreachableError) return !error.mayHaveActed;
  if (!(error instanceof PlatformError)) return false;
  return error.kind === 'NotFound' || (error.kind === 'Unavailable' && error.retryable === false);
}
