// The base components of a node, in eight levels: PID generator; dispatcher; registry; finder and supervisor client;
// topology and router; lifecycle; factory (program and host to a running instance); functions and process hosts.
// B1: `load` makes and offers, `start` begins to act; nothing acts before every component is loaded and the dispatcher is frozen.
// B2: stopping is the exact reverse: functions drain first, the registry closes last.
import type { AppContext } from '../core/app-context.js';
import { defineComponent } from '../core/component.js';
import type { Component } from '../core/component.js';
import type { ErrorData } from '../core/error-data.js';
import type { HostHandlers } from '../core/handler.js';
import type { GroupService } from '../modules/pg/host.js';
import type { ModuleLookup } from '../lua/engine.js';
import type { KindSpec } from '../registry/model/kind.js';
import { RegistryEditor } from '../registry/editor.js';
import type { EditorOptions } from '../registry/editor.js';
import type { Registry } from '../registry/service.js';
import { Dispatcher } from './dispatcher.js';
import { Factory } from './factory.js';
import { Finder } from './finder.js';
import { FUNCTION_HOST, FunctionPool } from './function-pool.js';
import type { FunctionPoolOptions } from './function-pool.js';
import { keys } from './keys.js';
import type { ThreadSurroundings } from './threads/lua-threads.js';
import { NodeLifecycle } from './lifecycle.js';
import { NodePids } from './node-pids.js';
import type { ProgramCache } from './program-cache.js';
import type { Cluster, ProcessesOfNode } from './relay/cluster.js';
import { PeerTier } from './relay/peer-tier.js';
import type { Peers } from './relay/peers.js';
import { PostgresCluster } from './relay/postgres-cluster.js';
import { PostgresPeers } from './relay/postgres-peers.js';
import { SoleCluster } from './relay/sole-cluster.js';
import { Resources } from './resources.js';
import { isHostHere, ProcessHosts } from './process-hosts.js';
import type { NodeHost } from './resources.js';
import { Router } from './router.js';
import { SupervisorClient } from './supervisor-client.js';
import { Topology } from './topology.js';
import { Turns } from './turns.js';
import type { WorkflowTier } from './workflow-tier.js';

/** Peers as they are opened and closed with the node. */
export type OpenPeers = Peers & Partial<AsyncDisposable> & { start?(): Promise<void> };

export interface BaseOptions {
  /** The way to the other nodes of the app. */
  readonly openPeers: (app: AppContext) => OpenPeers;
  /** Whether this node is one of them from its start on; else from the first question to them on. */
  readonly joins: boolean;
  readonly groups: (app: AppContext) => GroupService;
  /** Name of the node, for events. */
  readonly node: string;
  readonly openRegistry: () => Promise<Registry>;
  /** What changes of entries are checked with. */
  readonly editor: Pick<EditorOptions, 'kinds' | 'modules'>;
  /** Handlers by owner; what they need of the node they get from the context when they are called. */
  readonly handlers: (app: AppContext) => Iterable<readonly [owner: string, handlers: HostHandlers]>;
  readonly modules: ModuleLookup;
  readonly kind: (name: string) => KindSpec | undefined;
  readonly kindHost: (registry: Registry) => NodeHost;
  /** What runs on Temporal. */
  readonly workflows: (app: AppContext) => WorkflowTier;
  /** Whether a name that nobody here has may be a workflow's id. */
  readonly namesAreWorkflows: () => boolean;
  readonly programs: ProgramCache;
  readonly toErrorData: (error: unknown) => ErrorData;
  /** Receives `print`: one line without its end, as a byte string. */
  readonly print: (line: string) => void;
  /** What threads of process hosts run. */
  readonly threads: Pick<ThreadSurroundings, 'script' | 'data'>;
  /** Default: nothing is mocked. */
  readonly mocks?: FunctionPoolOptions['mocks'];
  /** How long functions that run may go on when the node stops. Milliseconds. */
  readonly drainMs: number;
}

export function baseComponents(options: BaseOptions): readonly Component[] {
  return [
    defineComponent({
      name: 'pids',
      dependsOn: [],
      load: (app) => app.set(keys.pids, new NodePids()),
    }),
    defineComponent({
      name: 'dispatcher',
      dependsOn: ['pids'],
      load(app) {
        const dispatcher = new Dispatcher();
        for (const [owner, handlers] of options.handlers(app)) dispatcher.add(owner, handlers);
        app.set(keys.dispatcher, dispatcher);
      },
    }),
    defineComponent({
      name: 'registry',
      dependsOn: ['dispatcher'],
      async load(app) {
        const registry = await options.openRegistry();
        const { programs } = options;
        const editor = new RegistryEditor({
          ...options.editor,
          registry,
          log: app.get(keys.logger),
          compile: (program) => programs.check(program),
          adopt: (compiled) => programs.adopt(compiled),
          isReady: (hash) => programs.has(hash),
        });
        registry.listen({ name: 'the node', check: (changes, next) => editor.check(changes, next) });
        app.set(keys.registry, registry);
        app.set(keys.editor, editor);
      },
      async stop(app) {
        await app.get(keys.registry)[Symbol.asyncDispose]();
      },
    }),
    defineComponent({
      name: 'finder',
      dependsOn: ['registry'],
      load: (app) => app.set(keys.finder, new Finder(app.get(keys.registry))),
    }),
    defineComponent({
      name: 'supervisor-client',
      dependsOn: ['registry'],
      load: (app) => app.set(keys.supervisor, new SupervisorClient(app.get(keys.bus))),
    }),
    relayComponent(options),
    defineComponent({
      name: 'topology',
      dependsOn: ['finder', 'supervisor-client', 'relay'],
      load(app) {
        const topology = new Topology();
        const registry = app.get(keys.registry);
        const workflows = options.workflows(app);
        app.set(keys.topology, topology);
        app.set(keys.workflows, workflows);
        const router = new Router({
          node: options.node,
          local: topology,
          workflows,
          isLocalHost: (host) =>
            host === FUNCTION_HOST ||
            isHostHere(registry.current, host) ||
            registry.current.get(host)?.kind === 'http.service', // its connections
          namesAreWorkflows: options.namesAreWorkflows,
          failed: failedOf(app),
        });
        const cluster = clusterOf(app, topology);
        router.others = { peers: new PeerTier(app.get(keys.peers), topology), names: cluster };
        app.set(keys.router, router);
        app.set(keys.cluster, cluster);
        app.set(keys.groups, options.groups(app));
      },
    }),
    defineComponent({
      name: 'lifecycle',
      dependsOn: ['topology'],
      load: (app) =>
        app.set(keys.lifecycle, new NodeLifecycle(app.get(keys.bus), app.get(keys.supervisor), options.node)),
      start: (app) => app.get(keys.lifecycle).booted(),
      stop: (app) => app.get(keys.lifecycle).left(),
    }),
    factoryComponent(options),
    functionsComponent(options),
    processesComponent(options),
  ];
}

const failedOf = (app: AppContext) => {
  const logger = app.get(keys.logger);
  return (error: unknown): void => logger.error('something failed that nobody waits for', { error });
};

/** Other nodes: from the start of this one on until everything that could ask them has ended. */
function relayComponent({ openPeers, joins }: BaseOptions): Component {
  let opened: OpenPeers | undefined;
  return defineComponent({
    name: 'relay',
    dependsOn: ['registry'],
    load(app) {
      opened = openPeers(app);
      app.set(keys.peers, opened);
    },
    start: async () => {
      if (joins) await opened?.start?.();
    },
    stop: async () => {
      await opened?.[Symbol.asyncDispose]?.();
    },
  });
}

/** What the nodes of a cluster share, and the way to the processes of the others. */
function clusterOf(app: AppContext, topology: Topology): Cluster {
  const peers = app.get(keys.peers);
  const processes: ProcessesOfNode = {
    whenEnded(pid, ended) {
      const found = topology.find(pid);
      if (found === undefined) return false;
      void found.ended.then(ended);
      return true;
    },
    cancel(pid, reason) {
      if (topology.find(pid) !== undefined) topology.cancel(pid, { reason, from: undefined });
    },
  };
  return peers instanceof PostgresPeers
    ? new PostgresCluster({ peers, processes, logger: app.get(keys.logger) })
    : new SoleCluster(processes);
}

function factoryComponent(options: BaseOptions): Component {
  let watch: Disposable | undefined;
  return defineComponent({
    name: 'factory',
    dependsOn: ['lifecycle'],
    load(app) {
      const registry = app.get(keys.registry);
      const failed = failedOf(app);
      const resources = new Resources({
        kinds: options.kind,
        host: options.kindHost(registry),
        ids: () => [...registry.current.all()].map(({ id }) => id),
      });
      watch = registry.listen({ name: 'resources', committed: () => resources.changed() });
      app.set(keys.resources, resources);
      app.set(keys.programs, options.programs);
      app.set(
        keys.factory,
        new Factory({
          dispatcher: app.get(keys.dispatcher),
          resources,
          turns: new Turns(failed),
          toErrorData: options.toErrorData,
          failed,
          modules: options.modules,
          pids: app.get(keys.pids),
          topology: app.get(keys.topology),
          print: options.print,
        }),
      );
    },
    async stop(app) {
      watch?.[Symbol.dispose]();
      app.get(keys.factory).terminateAll({ kind: 'Canceled', message: 'the node is stopping' });
      await app.get(keys.resources)[Symbol.asyncDispose]();
    },
  });
}

function functionsComponent(options: BaseOptions): Component {
  return defineComponent({
    name: 'functions',
    dependsOn: ['factory'],
    load: (app) =>
      app.set(
        keys.functions,
        new FunctionPool({
          registry: app.get(keys.registry),
          programs: app.get(keys.programs),
          factory: app.get(keys.factory),
          toErrorData: options.toErrorData,
          clock: () => performance.now(),
          mocks: options.mocks,
        }),
      ),
    stop: (app) => app.get(keys.functions).drain(options.drainMs),
  });
}

function processesComponent(options: BaseOptions): Component {
  let watch: Disposable | undefined;
  return defineComponent({
    name: 'processes', // of one level they stop in the reverse of their names: before functions, which they may call
    dependsOn: ['factory'],
    load(app) {
      const registry = app.get(keys.registry);
      const hosts = new ProcessHosts({
        registry,
        programs: app.get(keys.programs),
        factory: app.get(keys.factory),
        router: app.get(keys.router),
        bus: app.get(keys.bus),
        threads: {
          ...options.threads,
          artifactOf: (loaded) => options.programs.artifactOf(loaded),
          print: options.print,
          failed: failedOf(app),
        },
      });
      watch = registry.listen({ name: 'processes', committed: (_view, changes) => hosts.changed(changes) });
      app.set(keys.processes, hosts);
    },
    async stop(app) {
      watch?.[Symbol.dispose]();
      await app.get(keys.processes).stop(options.drainMs);
    },
  });
}
