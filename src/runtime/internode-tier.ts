// The tier of processes in other clusters, `{cluster/node@host|id}`: a namespace of Temporal or a Postgres of its own. It is not built;
// this is where it goes, and what it says until then (E1 of tier.ts).
import { PlatformError } from '../core/errors.js';
import type { Tier } from './tier.js';

class OtherClusterError extends PlatformError {
  override readonly name = 'OtherClusterError';
  readonly code = 'OTHER_CLUSTER';
  override readonly kind = 'Unavailable' as const;
  constructor(destination: string) {
    super(
      `${destination} is of another cluster, which processes are not reached in; start or signal a workflow there, through a temporal.client of its namespace`,
    );
  }
}

const refuse = (destination: string): never => {
  throw new OtherClusterError(destination);
};

/** Whether the node of a PID is of another cluster. */
export const isOfOtherCluster = (node: string): boolean => node.includes('/');

export const internodeTier: Tier = Object.freeze({
  send: (to) => refuse(to),
  bind: (_bond, _watcher, to) => refuse(to),
  unbind: (_bond, _watcher, to) => refuse(to),
  cancel: (to) => refuse(to),
  terminate: (to) => refuse(to),
  tell: (_bond, watcher) => refuse(watcher),
} satisfies Tier);
