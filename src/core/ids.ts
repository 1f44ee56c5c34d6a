// Process ids: `{host|id}` on this node, `{node@host|id}` anywhere. Sealed.
// I1: the host is an entry id or a task queue's name; the id is what is unique on it (a workflow id for durable ones), and may
//     hold any char but control chars.
import { PlatformError } from './errors.js';

export interface Pid {
  /** Name of the node; absent: the node that reads it. */
  readonly node?: string;
  readonly host: string;
  readonly id: string;
}

export class PidError extends PlatformError {
  override readonly name = 'PidError';
  readonly code = 'PID_INVALID';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
}

const PID = /^\{(?:([^\0-\x1f@|{}]+)@)?([^\0-\x1f@|{}]+)\|([^\0-\x1f\x7f]+)\}$/;

export function formatPid({ node, host, id }: Pid): string {
  return node === undefined ? `{${host}|${id}}` : `{${node}@${host}|${id}}`;
}

/** The PID of a text, or undefined when it is none (it may be a registered name). */
export function tryPid(text: string): Pid | undefined {
  const match = PID.exec(text);
  if (match === null) return undefined;
  const [, node, host = '', id = ''] = match;
  return node === undefined ? { host, id } : { node, host, id };
}

/** A PID's text as other nodes know it: one without a node is of `node`. */
export function globalPid(pid: string, node: string): string {
  const parsed = tryPid(pid);
  return parsed === undefined || parsed.node !== undefined ? pid : formatPid({ ...parsed, node });
}

export function parsePid(text: string): Pid {
  const pid = tryPid(text);
  if (pid === undefined)
    throw new PidError(`expected '{host|id}' or '{node@host|id}', got '${text.slice(0, 200)}'`);
  return pid;
}

/** Makes the ids of one node: `0x00001`, `0x00002`, ... never twice in its life. */
export class PidGenerator {
  readonly #node: string | undefined;
  #last = 0;

  /** With a node's name the PIDs carry it. */
  constructor(node?: string) {
    this.#node = node;
  }

  next(host: string): Pid {
    const id = `0x${(++this.#last).toString(16).padStart(5, '0')}`;
    return this.#node === undefined ? { host, id } : { node: this.#node, host, id };
  }
}
