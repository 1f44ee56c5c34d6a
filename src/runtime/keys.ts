// What the base components offer each other and extensions, by key of the app context.
import { contextKey } from '../core/app-context.js';
import type { EventBus } from '../core/event-bus.js';
import type { Logger } from '../core/logger.js';
import type { RegistryEditor } from '../registry/editor.js';
import type { Registry } from '../registry/service.js';
import type { GroupService } from '../modules/pg/host.js';
import type { Dispatcher } from './dispatcher.js';
import type { Factory } from './factory.js';
import type { Finder } from './finder.js';
import type { FunctionPool } from './function-pool.js';
import type { NodeLifecycle } from './lifecycle.js';
import type { NodePids } from './node-pids.js';
import type { ProgramCache } from './program-cache.js';
import type { ProcessHosts } from './process-hosts.js';
import type { Cluster } from './relay/cluster.js';
import type { Peers } from './relay/peers.js';
import type { Resources } from './resources.js';
import type { Router } from './router.js';
import type { SupervisorClient } from './supervisor-client.js';
import type { Topology } from './topology.js';
import type { WorkflowTier } from './workflow-tier.js';

export const keys = {
  bus: contextKey<EventBus>('bus'),
  logger: contextKey<Logger>('logger'),
  pids: contextKey<NodePids>('pids'),
  dispatcher: contextKey<Dispatcher>('dispatcher'),
  registry: contextKey<Registry>('registry'),
  editor: contextKey<RegistryEditor>('editor'),
  finder: contextKey<Finder>('finder'),
  supervisor: contextKey<SupervisorClient>('supervisor'),
  peers: contextKey<Peers>('peers'),
  cluster: contextKey<Cluster>('cluster'),
  groups: contextKey<GroupService>('groups'),
  topology: contextKey<Topology>('topology'),
  router: contextKey<Router>('router'),
  /** Runs on Temporal, as processes reach them. */
  workflows: contextKey<WorkflowTier>('workflows'),
  processes: contextKey<ProcessHosts>('processes'),
  lifecycle: contextKey<NodeLifecycle>('lifecycle'),
  programs: contextKey<ProgramCache>('programs'),
  resources: contextKey<Resources>('resources'),
  factory: contextKey<Factory>('factory'),
  functions: contextKey<FunctionPool>('functions'),
} as const;
