// What a node tells about itself.
import { hostname, availableParallelism } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NotAuthorizedError } from '../../core/authorize.js';
import type { Authorize } from '../../core/authorize.js';
import { textIn } from '../../core/command.js';
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { toBytes, toTextLossy } from '../../core/text.js';

export interface ServiceFacts {
  readonly id: string;
  readonly status: string;
  readonly desired: string;
  /** Nanoseconds since the epoch; of the last change. */
  readonly lastUpdate: bigint;
  readonly details: string;
}

export interface HostFacts {
  readonly id: string;
  readonly workers: number;
  readonly processes: number;
  /** Starts that wait. */
  readonly queued: number;
}

export interface ProcessFacts {
  readonly pid: string;
  readonly entry: string;
  readonly state: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Locks that one process of all nodes holds. */
export interface Locks {
  /** Throws AlreadyExists when anybody holds it. */
  lock(name: string, pid: string): Promise<void>;
  /** False: the process does not hold it. */
  unlock(name: string, pid: string): Promise<boolean>;
}

/** What the module asks of its node. */
export interface SystemAccess {
  /** Stops the node in order; the process ends with the code. Returns at once. */
  exit(code: number): void;
  readonly node: string;
  /** Names of the other nodes. */
  others(): readonly string[];
  locks(): Locks;
  modules(): readonly { readonly name: string; readonly summary: string; readonly workflow: string }[];
  services(): readonly ServiceFacts[];
  /** The process hosts of the node. */
  hosts(): readonly HostFacts[];
  /** What runs on one of them; undefined: there is no such host. */
  processes(host: string): readonly ProcessFacts[] | undefined;
  /** Programs that run now. */
  running(): number;
}

class SystemError extends PlatformError {
  override readonly name = 'SystemError';
  readonly code = 'SYSTEM';
  override readonly kind: ErrorKind;
  constructor(kind: 'Invalid' | 'NotFound', message: string) {
    super(message);
    this.kind = kind;
  }
}

let collections = 0;
let watching = false;
/** Collections since the first question for them; V8 does not count. */
function countCollections(): number {
  if (!watching) {
    watching = true;
    const observer = new PerformanceObserver((list) => {
      collections += list.getEntries().length;
    });
    observer.observe({ entryTypes: ['gc'] });
  }
  return collections;
}

function memoryFacts(): DataObject {
  const { heapUsed, heapTotal, rss, external } = process.memoryUsage();
  return dataObject({
    alloc: heapUsed,
    heap_alloc: heapUsed,
    heap_in_use: heapUsed,
    heap_sys: heapTotal,
    heap_idle: heapTotal - heapUsed,
    sys: rss,
    external,
    num_gc: countCollections(),
  });
}

const serviceFacts = ({ id, status, desired, lastUpdate, details }: ServiceFacts): DataObject =>
  dataObject({
    id: toBytes(id),
    status: toBytes(status),
    desired: toBytes(desired),
    last_update: lastUpdate,
    ...(details === '' ? {} : { details: toBytes(details) }),
  });

/** Node keeps the function from programs unless a flag is set, which only new contexts see. */
let collector: (() => void) | undefined;
function collect(): void {
  if (collector === undefined) {
    setFlagsFromString('--expose-gc');
    collector = runInNewContext('gc') as () => void;
  }
  collector();
}

const RESOURCES: Readonly<Record<string, string>> = {
  allocated: 'memory',
  running: 'goroutines',
  cpus: 'cpu',
  service: 'supervisor',
  services: 'supervisor',
  role: 'node',
  processes: 'hosts',
  members: 'cluster',
  leader: 'cluster',
  size: 'cluster',
};

export function systemHandlers(system: SystemAccess, authorize: Authorize): HostHandlers {
  const reads: Readonly<Record<string, (command: Command) => Data>> = {
    memory: memoryFacts,
    allocated: () => process.memoryUsage().heapUsed,
    memory_limit: () => getHeapStatistics().heap_size_limit,
    running: () => system.running(),
    cpus: () => availableParallelism(),
    pid: () => process.pid,
    hostname: () => toBytes(hostname()),
    cwd: () => toBytes(process.cwd()),
    node: () => toBytes(system.node),
    role: () => 'non-member',
    members: () => [
      dataObject({ id: toBytes(system.node), is_local: true }),
      ...system.others().map((id) => dataObject({ id: toBytes(id), is_local: false })),
    ],
    leader: () => '',
    size: () => 1 + system.others().length,
    modules: () =>
      system
        .modules()
        .map(({ name, summary, workflow }) =>
          dataObject({ name: toBytes(name), description: toBytes(summary), class: [toBytes(workflow)] }),
        ),
    hosts: () =>
      system
        .hosts()
        .map(({ id, workers, processes, queued }) =>
          dataObject({ id: toBytes(id), workers, processes, stolen: 0, queue_depth: queued }),
        ),
    processes: (command) => {
      const host = toTextLossy(textIn(command, 'id'));
      const found = system.processes(host);
      if (found === undefined)
        throw new SystemError('NotFound', `there is no process.host '${host}' on this node`);
      return found.map(({ pid, entry, state, since }) =>
        dataObject({
          pid,
          host: toBytes(host),
          source: toBytes(entry),
          state,
          started_at: BigInt(since) * 1_000_000n,
        }),
      );
    },
    services: () => system.services().map(serviceFacts),
    service: (command) => {
      const wanted = toTextLossy(textIn(command, 'id'));
      const found = system.services().find((service) => service.id === wanted);
      if (found === undefined)
        throw new SystemError('NotFound', `there is no service '${wanted}' on this node`);
      return serviceFacts(found);
    },
  };
  const allow = (context: CommandContext, action: string, resource: string): void => {
    if (!authorize(context, action, resource)) throw new NotAuthorizedError(context, action, resource);
  };
  return {
    'system.read': (command, context) => {
      const what = textIn(command, 'what');
      const answer = Object.hasOwn(reads, what) ? reads[what] : undefined;
      if (answer === undefined) throw new SystemError('Invalid', `the node does not know '${what}'`);
      allow(context, 'system.read', RESOURCES[what] ?? what);
      return answer(command);
    },
    'system.collect': (_command, context) => {
      allow(context, 'system.gc', 'gc');
      collect();
      return true;
    },
    'system.lock': async (command, context) => {
      const name = textIn(command, 'name');
      allow(context, 'system.lock', toTextLossy(name));
      await system.locks().lock(name, holderOf(context));
      return true;
    },
    'system.unlock': (command, context) => {
      const name = textIn(command, 'name');
      allow(context, 'system.lock', toTextLossy(name));
      return system.locks().unlock(name, holderOf(context));
    },
    'system.exit': (command, context) => {
      allow(context, 'system.exit', '');
      system.exit(Number(command['code']));
      return true;
    },
  };
}

function holderOf({ pid }: CommandContext): string {
  if (pid === undefined) throw new SystemError('Invalid', 'a lock is held by a process; a workflow has none');
  return pid;
}
