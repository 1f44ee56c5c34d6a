// What the nodes of a cluster keep together: names of processes and locks. Where they keep it: cluster-rows.ts, sole-cluster.ts.
// C1: a name or a lock is one process's, and goes with it, with its node, and with nothing else.
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';

/** Consistent and strong names are one plane: whoever is told a name is its owner by either. */
export type Plane = 'eventual' | 'consistent';
export type NameScope = 'eventual' | 'consistent' | 'strong';
export const planeOf = (scope: NameScope): Plane => (scope === 'eventual' ? 'eventual' : 'consistent');

export class ClusterError extends PlatformError {
  override readonly name = 'ClusterError';
  readonly code = 'CLUSTER';
  override readonly kind: ErrorKind;
  override readonly retryable: boolean;
  constructor(kind: 'AlreadyExists' | 'NotFound' | 'Timeout' | 'Unavailable', message: string) {
    super(message);
    this.kind = kind;
    this.retryable = kind === 'Timeout' || kind === 'Unavailable';
  }
}

/** Names and PIDs are texts as Lua has them (byte strings). PIDs of this node come and go without its name. */
export interface Cluster {
  /** The owner of a name as far as this node knows: the consistent plane before the eventual one. */
  find(name: string): string | undefined;
  /** As `find`, once this node knows the names. */
  lookup(name: string): Promise<string | undefined>;
  /** Throws AlreadyExists, Timeout when a node did not agree to a strong name in time, NotFound for a process that is gone. */
  register(name: string, pid: string, scope: NameScope): Promise<void>;
  /** Whether it was there. With `owner` a consistent name is taken from that process alone. */
  unregister(name: string, scope: NameScope, owner: string | undefined): Promise<boolean>;
  /** Throws AlreadyExists when it is held, by whomever. */
  lock(name: string, pid: string): Promise<void>;
  /** False: the process does not hold it. */
  unlock(name: string, pid: string): Promise<boolean>;
}

export interface ProcessesOfNode {
  /** Calls back when a process of this node has ended; false: there is none. */
  whenEnded(pid: string, ended: () => void): boolean;
  /** Asks it to end; one that is gone need not be asked. */
  cancel(pid: string, reason: string): void;
}

export const nameTaken = (name: string, pid: string): ClusterError =>
  new ClusterError('AlreadyExists', `the name '${name}' belongs to ${pid}`);
export const lockTaken = (name: string, pid: string, own: string): ClusterError =>
  new ClusterError(
    'AlreadyExists',
    pid === own
      ? `the lock '${name}' is held by this process itself`
      : `the lock '${name}' is held by ${pid}`,
  );
export const nobody = (pid: string): ClusterError =>
  new ClusterError('NotFound', `no process '${pid}' runs here; it has ended, or it never was`);
