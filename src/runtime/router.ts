// Whatever is addressed to a process goes through here: by PID text or name, to the tier that the process is in.
// T1: `{host|id}` and `{this node@host|id}` are of this node's memory when their host runs processes here, else a run on Temporal;
//     `{another node@host|id}` is of that node, `{cluster/node@host|id}` of another cluster.
// T2: a name is one of this node, else a workflow's id where the app has anything to do with Temporal.
// T3: a bond is noted by the router on the watcher's side, and by the tier of the other on its side.
import type { ErrorData } from '../core/error-data.js';
import type { CommandContext } from '../core/handler.js';
import { formatPid, tryPid } from '../core/ids.js';
import type { Message } from '../lua/instance-context.js';
import { internodeTier, isOfOtherCluster } from './internode-tier.js';
import type { Asked, Bond, CancelRequest, Ending, Tier } from './tier.js';
import type { Topology } from './topology.js';

export interface RouterOptions {
  /** Name of this node, as PIDs have it. */
  readonly node: string;
  readonly local: Topology;
  readonly workflows: Tier;
  /** Whether processes of this host are in this node's memory. */
  readonly isLocalHost: (host: string) => boolean;
  /** Whether a name that nobody here has may be a workflow's id. */
  readonly namesAreWorkflows: () => boolean;
  /** Hears of errors that no caller waits for. */
  readonly failed: (error: unknown) => void;
}

interface Way {
  readonly tier: Tier;
  /** The PID (or a workflow's id) as the tier knows it. */
  readonly to: string;
}

export class Router {
  readonly #options: RouterOptions;
  /** Processes of other nodes, and names that all nodes know; set once, while the node is put together. */
  others: { readonly peers: Tier; readonly names: { find(name: string): string | undefined } } | undefined;

  constructor(options: RouterOptions) {
    this.#options = options;
    options.local.route({
      tell: (bond, watcher, ending) => this.tell(bond, watcher, ending),
      unbind: (bond, watcher, to) => this.#quietly(() => this.#unbind(bond, watcher, to)),
    });
  }

  get node(): string {
    return this.#options.node;
  }

  get local(): Topology {
    return this.#options.local;
  }

  /** The tier of a destination. */
  find(named: string): Way {
    const { local, workflows } = this.#options;
    // A name that all nodes know hides one of this node alone.
    const destination = named.startsWith('{') ? named : (this.others?.names.find(named) ?? named);
    const found = local.find(destination);
    if (found !== undefined) return { tier: local, to: found.pid };
    const pid = tryPid(destination);
    if (pid === undefined) {
      return { tier: this.#options.namesAreWorkflows() ? workflows : local, to: destination };
    }
    const { node, host, id } = pid;
    if (node !== undefined && node !== this.node) {
      if (isOfOtherCluster(node)) return { tier: internodeTier, to: destination };
      return { tier: this.others?.peers ?? local, to: destination };
    }
    const to = node === undefined ? destination : formatPid({ host, id });
    const isHere = this.#options.isLocalHost(host) || local.find(to) !== undefined;
    return { tier: isHere ? local : workflows, to };
  }

  send(destination: string, message: Message, context?: CommandContext): Asked<void> {
    const { tier, to } = this.find(destination);
    return tier.send(to, message, context);
  }

  bind(bond: Bond, watcher: string, destination: string, context?: CommandContext): Asked<void> {
    const { tier, to } = this.find(destination);
    const done = tier.bind(bond, watcher, to, context);
    if (tier === this.local) return done;
    const note = (): void => {
      this.local.note(bond, watcher, to); // T3
      // It has ended meanwhile: nobody would undo the bond.
      if (this.#isOfHere(watcher) && this.local.find(watcher) === undefined)
        this.#quietly(() => tier.unbind(bond, watcher, to));
    };
    return done instanceof Promise ? done.then(note) : note();
  }

  #isOfHere(pid: string): boolean {
    const parsed = tryPid(pid);
    return parsed?.node === undefined && parsed !== undefined && this.#options.isLocalHost(parsed.host);
  }

  unbind(bond: Bond, watcher: string, destination: string, context?: CommandContext): Asked<void> {
    const { to } = this.find(destination);
    this.local.forget(bond, watcher, to);
    return this.#unbind(bond, watcher, to, context);
  }

  #unbind(bond: Bond, watcher: string, destination: string, context?: CommandContext): Asked<void> {
    const { tier, to } = this.find(destination);
    return tier.unbind(bond, watcher, to, context);
  }

  cancel(destination: string, request: CancelRequest, context?: CommandContext): Asked<void> {
    const { tier, to } = this.find(destination);
    return tier.cancel(to, request, context);
  }

  terminate(destination: string, error: ErrorData, context?: CommandContext): Asked<void> {
    const { tier, to } = this.find(destination);
    return tier.terminate(to, error, context);
  }

  /** Never fails: who is gone need not be told. */
  tell(bond: Bond, watcher: string, ending: Ending): void {
    this.#quietly(() => {
      const { tier, to } = this.find(watcher);
      return tier.tell(bond, to, ending);
    });
  }

  #quietly(work: () => Asked<void>): void {
    try {
      const done = work();
      if (done instanceof Promise) done.catch(this.#options.failed);
    } catch (error) {
      this.#options.failed(error);
    }
  }
}
