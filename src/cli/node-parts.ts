// Parts of a node that know its app: logger, variables, registry store, what kinds and handlers may use.
import { nativeSupport } from '../runtime/native-support.js';
import type { AppContext } from '../core/app-context.js';
import type { DataObject } from '../core/data.js';
import { globalPid } from '../core/ids.js';
import { parseDurationMs } from '../core/durations.js';
import { authorize } from '../core/authorize.js';
import type { EventBus } from '../core/event-bus.js';
import type { HostHandlers } from '../core/handler.js';
import type { IdentitySeal } from '../core/identity-host.js';
import { createHostLogger } from '../core/logger-host.js';
import type { HostLogger } from '../core/logger-host.js';
import type { LogLevel } from '../core/logger.js';
import { Redactor } from '../core/redaction.js';
import { hostHandlers } from '../modules/hosts.js';
import type { ProcessService } from '../modules/process/host.js';
import type { NodeServices } from '../modules/hosts.js';
import { builtModules } from '../modules/index.js';
import type { NodeHost } from '../runtime/resources.js';
import type { Registry } from '../registry/service.js';
import { registryAccess } from '../runtime/registry-access.js';
import { LISTEN } from '../registry/load/config-schema.js';
import type { RegistryStore } from '../registry/store/registry-store.js';
import { functionCaller } from '../runtime/function-caller.js';
import type { OpenPeers } from '../runtime/components.js';
import { keys } from '../runtime/keys.js';
import { NoPeers } from '../runtime/relay/peers.js';
import { PostgresPeers } from '../runtime/relay/postgres-peers.js';
import { Processes } from '../runtime/processes.js';
import { WorkflowTier } from '../runtime/workflow-tier.js';
import { secretGuard } from '../runtime/secret-guard.js';
import type { TemporalAccess } from '../runtime/temporal-access.js';
import type { Environment } from '../services/env/environment.js';
import { Groups } from '../services/pg/groups.js';
import { errorToErrorData } from '../temporal/failures.js';
import type { PreparedApp } from './prepare-app.js';
import { openPlace, secretsOf } from './registry-place.js';
import type { StateFolder } from './state-folder.js';
import { UsageError } from './usage-error.js';
import type { RegistryPlace } from './registry-place.js';

export interface LogWishes {
  /** Default: as moontide.yaml says, else 'info'. */
  readonly level?: LogLevel | 'silent' | undefined;
  /** Default: as moontide.yaml says, else 'text'. */
  readonly format?: 'text' | 'json' | undefined;
  /** Instead of 'info'. */
  readonly fallback?: LogLevel | undefined;
}

export function makeLogger(wishes: LogWishes, app: PreparedApp, bus: EventBus): HostLogger {
  const { log } = app.config;
  const level = wishes.level ?? log.level ?? wishes.fallback ?? 'info';
  const format = wishes.format ?? (log.format === 'json' ? 'json' : 'text');
  return createHostLogger({
    format: format === 'json' ? 'json' : 'console',
    level: level === 'silent' ? 'error' : level,
    redactor: new Redactor(),
    bus,
    colors: process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined,
    ...(level === 'silent' ? { write: () => undefined } : {}),
  });
}

/** The app's store; its password never reaches a log. */
export async function openStore(
  app: PreparedApp,
  place: RegistryPlace,
  state: StateFolder,
  logger: HostLogger,
): Promise<RegistryStore> {
  for (const secret of secretsOf(place)) logger.redactor.add(secret);
  return openPlace(place, { app: app.name, state, logger });
}

export function kindHost(
  registry: Registry,
  app: PreparedApp,
  stateFolder: string,
  variables: Environment,
  logger: HostLogger,
): NodeHost {
  return {
    appFolder: app.folder,
    stateFolder,
    env: (name) => variables.value(name),
    get: (id) => registry.current.get(id),
    ofKind: (kind) => registry.current.ofKind(kind),
    file: (hash) => registry.file(hash),
    log: (level, message, fields) => logger.log(level, message, fields),
  };
}

/** What the modules `system`, `metrics`, `io` and `test` ask of the node. */
export interface NodeParts extends Pick<
  NodeServices,
  'httpClient' | 'webSockets' | 'recordMetric' | 'terminal' | 'mocks'
> {
  readonly node: string;
  readonly seal: IdentitySeal;
  /** Stops the node; the process ends with the code. */
  readonly exit: (code: number) => void;
}

/** Handlers by owner; what they need of the node they look up when they are called. */
export function nodeHandlers(
  context: AppContext,
  app: PreparedApp,
  temporal: TemporalAccess,
  variables: Environment,
  logger: HostLogger,
  { node, exit, seal, httpClient, webSockets, recordMetric, terminal, mocks }: NodeParts,
): (readonly [string, HostHandlers])[] {
  const guard = secretGuard(logger.redactor);
  const callFunction = functionCaller({
    functions: () => context.get(keys.functions),
    registry: () => context.get(keys.registry),
    temporal,
    guard,
    seal,
  });
  let made: Processes | undefined;
  const service = (): Processes =>
    (made ??= new Processes({
      router: context.get(keys.router),
      hosts: context.get(keys.processes),
      workflows: context.get(keys.workflows),
      cluster: context.get(keys.cluster),
    }));
  return [
    ...Object.entries(
      hostHandlers({
        native: nativeSupport,
        callFunction,
        processes: lazyProcesses(service),
        environment: variables,
        httpClient,
        webSockets,
        registry: registryAccess(context),
        authorize,
        bus: () => context.get(keys.bus),
        groups: () => context.get(keys.groups),
        recordMetric,
        terminal,
        mocks,
        system: {
          node,
          others: () => context.get(keys.peers).others,
          locks: () => context.get(keys.cluster),
          exit,
          modules: () => [...builtModules, ...app.extensionModules.map(({ spec }) => spec)],
          running: () => context.get(keys.topology).running().length,
          hosts: () => context.get(keys.processes).facts(),
          processes: (host) => context.get(keys.processes).runningOn(host),
          services: () =>
            [...context.get(keys.supervisor).states()].map(([id, { state, since, reason, wanted }]) => ({
              id,
              status: state,
              desired: wanted ? 'Running' : 'Stopped',
              lastUpdate: BigInt(since) * 1_000_000n,
              details: reason,
            })),
        },
        writeLog: (level, name, message, fields) =>
          logger.log(level, message, { ...(name === '' ? {} : { logger: name }), ...plainFields(fields) }),
      }),
    ),
    ...app.extensionModules.flatMap(({ spec, host }) =>
      host === undefined ? [] : [[spec.name, host] as const],
    ),
  ];
}

/** The service, which is made when something first asks: its parts are loaded after the handlers. */
const lazyProcesses = (service: () => Processes): ProcessService => ({
  send: (request, asker) => service().send(request, asker),
  query: (request, asker) => service().query(request, asker),
  update: (request, asker) => service().update(request, asker),
  spawn: (request, asker) => service().spawn(request, asker),
  exec: (request, asker) => service().exec(request, asker),
  execUpdate: (request, asker) => service().execUpdate(request, asker),
  terminate: (to, asker) => service().terminate(to, asker),
  cancel: (to, request, asker) => service().cancel(to, request, asker),
  monitor: (to, asker) => service().monitor(to, asker),
  unmonitor: (to, asker) => service().unmonitor(to, asker),
  link: (to, asker) => service().link(to, asker),
  unlink: (to, asker) => service().unlink(to, asker),
  setOptions: (options, asker) => service().setOptions(options, asker),
  upgrade: (target, args, asker) => service().upgrade(target, args, asker),
  register: (name, pid, scope) => service().register(name, pid, scope),
  lookup: (name) => service().lookup(name),
  unregister: (name, scope, asker) => service().unregister(name, scope, asker),
});

/** The process groups of a node. */
export const groupsOf = (context: AppContext): Groups =>
  new Groups({
    peers: context.get(keys.peers),
    entry: (id) => context.get(keys.registry).current.get(id),
    whenEnded(pid, ended) {
      const process = context.get(keys.topology).find(pid);
      if (process === undefined) ended();
      else void process.ended.then(ended);
    },
    deliver: (pid, message) => context.get(keys.topology).find(pid)?.offer(message) ?? true,
    global: (pid) => globalPid(pid, context.get(keys.peers).node),
  });

/** The other nodes of the app: those that share its Postgres. */
export const peersOf = (place: RegistryPlace, node: string, logger: HostLogger): OpenPeers =>
  place.engine === 'sqlite'
    ? new NoPeers(node)
    : new PostgresPeers({
        node,
        url: place.url,
        schema: place.schema,
        logger,
        toErrorData: errorToErrorData,
      });

/** What runs on Temporal, for the router. */
export const workflowTier = (
  context: AppContext,
  temporal: TemporalAccess,
  logger: HostLogger,
  seal: IdentitySeal,
): WorkflowTier =>
  new WorkflowTier({
    registry: () => context.get(keys.registry),
    temporal,
    guard: secretGuard(logger.redactor),
    seal,
    toErrorData: errorToErrorData,
    failed: (error) => logger.error('something failed that nobody waits for', { error }),
    tell: (bond, watcher, ending) => context.get(keys.router).tell(bond, watcher, ending),
    whenEnded: (pid, then) => void context.get(keys.topology).find(pid)?.ended.then(then),
  });

/** Fields as JSON has them: exact integers beyond 2^53 as text. */
const plainFields = (fields: DataObject): Record<string, unknown> =>
  JSON.parse(
    JSON.stringify(fields, (_key, value: unknown) => {
      if (typeof value === 'bigint') return value.toString();
      if (typeof value === 'object' && value !== null && 'n' in value && Object.keys(value).length === 1)
        return value.n;
      return value;
    }),
  ) as Record<string, unknown>;

/** Where the node serves its metrics and probes; undefined: nowhere. Throws a UsageError for what is no address. */
export function metricsAddress(
  { config }: PreparedApp,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const wished = environment['MOONTIDE_METRICS'];
  if (wished === undefined || wished === '') return config.metrics.listen;
  if (!LISTEN.test(wished))
    throw new UsageError(`MOONTIDE_METRICS must be host:port, such as '127.0.0.1:9464', got '${wished}'`);
  return wished;
}

const DEFAULT_SHUTDOWN_MS = 30_000;

/** How long a stop may take in all. Milliseconds. */
export const shutdownMs = ({ config }: PreparedApp): number =>
  config.shutdown.timeout === undefined ? DEFAULT_SHUTDOWN_MS : parseDurationMs(config.shutdown.timeout);

/** `print` of Lua: a line as a byte string. */
export const printLine = (line: string): void =>
  void process.stdout.write(Buffer.from(`${line}\n`, 'latin1'));
