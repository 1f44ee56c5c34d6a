// What people may ask of the processes of a node from outside: who runs, and to send, cancel and end. Over its socket
// (control-socket.ts), and over the relay by the node that they have asked.
// C1: a question about all nodes is answered by those that answer in time; the others are named, never left out in silence.
import { textIn } from '../../core/command.js';
import { dataObject, LuaFloat } from '../../core/data.js';
import type { DataObject } from '../../core/data.js';
import { globalPid, tryPid } from '../../core/ids.js';
import { isMap } from '../../core/data-values.js';
import { toBytes } from '../../core/text.js';
import { within } from '../../core/within-host.js';
import type { PeerHandler, Peers } from '../relay/peers.js';
import type { Router } from '../router.js';
import type { Actor, Topology } from '../topology.js';

export interface ControlledNode {
  readonly topology: Topology;
  readonly router: Pick<Router, 'send' | 'cancel' | 'terminate'>;
  readonly peers: Peers;
}

/** How long another node may take to list its processes. Milliseconds. */
const LIST_MS = 3_000;
/** Processes of one node that an answer has at most: it crosses the relay in one packet. */
const MOST_LISTED = 10_000;
const LIST = 'control.list';

/** Handlers by question. */
export type ControlHandlers = ReadonlyMap<string, PeerHandler>;

export function nodeControl({ topology, router, peers }: ControlledNode): ControlHandlers {
  const thisNode = toBytes(peers.node);
  const own = (body: DataObject): DataObject => {
    const all = topology.running();
    const shown = all.slice(0, Math.min(numberIn(body, 'limit') ?? MOST_LISTED, MOST_LISTED));
    const now = Date.now();
    return dataObject({
      node: thisNode,
      count: all.length,
      processes: shown.map((one) => processData(one, thisNode, now)),
    });
  };
  peers.answer(LIST, own);
  return new Map<string, PeerHandler>([
    [
      'list',
      async (body) => {
        const answers = await Promise.all(
          peers.others.map(async (node): Promise<DataObject> => {
            try {
              const answer = await within(
                peers.request(node, LIST, body),
                LIST_MS,
                () => new Error(`no answer within ${LIST_MS} ms`),
              );
              return isMap(answer) ? answer : dataObject({ node: toBytes(node) });
            } catch (error) {
              return dataObject({
                node: toBytes(node),
                problem: toBytes(error instanceof Error ? error.message : String(error)),
              });
            }
          }),
        );
        return [own(body), ...answers];
      },
    ],
    [
      'send',
      async (body) => {
        const { payloads } = body;
        const message = {
          topic: textIn(body, 'topic'),
          from: undefined,
          payloads: Array.isArray(payloads) ? payloads : [],
        };
        await router.send(textIn(body, 'to'), message);
        return null;
      },
    ],
    [
      'cancel',
      async (body) => {
        const deadlineMs = numberIn(body, 'deadline_ms');
        await router.cancel(textIn(body, 'to'), {
          reason: textIn(body, 'reason'),
          from: undefined,
          ...(deadlineMs === undefined ? {} : { deadlineMs }),
        });
        return null;
      },
    ],
    [
      'kill',
      async (body) => {
        await router.terminate(textIn(body, 'to'), {
          kind: 'Canceled',
          message: 'terminated by `moontide kill`',
          retryable: false,
        });
        return null;
      },
    ],
  ]);
}

function processData(one: Actor, node: string, now: number): DataObject {
  return dataObject({
    pid: globalPid(one.pid, node),
    entry: one.entry,
    host: tryPid(one.pid)?.host ?? '',
    state: one.state,
    inbox: one.inboxLength,
    age_ms: Math.max(0, now - one.since),
    names: [...(one.names ?? [])],
  });
}

const numberIn = (body: DataObject, field: string): number | undefined => {
  const value = body[field];
  if (value instanceof LuaFloat) return value.n;
  return typeof value === 'number' ? value : undefined;
};
