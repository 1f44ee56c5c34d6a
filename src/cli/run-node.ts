// A node, put together: boot in four phases, and its orderly stop.
// 1 infrastructure (the app is read and checked; context, bus, logger), 2 load (components, level by level),
// 3 activate (freeze, seal, start), 4 entries (one registry version, then services and workers).
// A command that is over soon (`call`, `test`) does not publish: its folder's changes stay its own, so that a node that runs
// is not rewired by them; only when it has to serve, because nobody else does, it publishes as any node.
// Nothing of Temporal is started before the app is known to be right; then it starts beside everything else.
import { hostname } from 'node:os';
import { AppContext } from '../core/app-context.js';
import { dataObject } from '../core/data.js';
import type { Program } from '../core/program.js';
import { ComponentSet } from '../core/components.js';
import { formatDiagnostic } from '../core/diagnostics.js';
import { EventBus } from '../core/event-bus.js';
import { canGenerateCode } from '../core/code-generation.js';
import type { EngineName } from '../lua/engine.js';
import { chooseEngine, engineNamed } from '../lua/engines.js';
import { changedId } from '../registry/model/changes.js';
import type { AppConfig } from '../registry/load/config.js';
import type { Outcome } from '../lua/step.js';
import { loadAppConfig } from '../registry/load/app.js';
import { Terminal } from '../modules/io/host.js';
import { openRegistry } from '../registry/service.js';
import type { Registry } from '../registry/service.js';
import { NodeCommandRunner, NodeFunctionRunner } from '../runtime/activity-runners.js';
import { manyListeners } from '../runtime/abortable.js';
import { baseComponents } from '../runtime/components.js';
import { keys } from '../runtime/keys.js';
import type { FillSecrets } from '../runtime/activity-runners.js';
import { Mocks } from '../runtime/mocks.js';
import { ProgramCache } from '../runtime/program-cache.js';
import { secretGuard } from '../runtime/secret-guard.js';
import { userOfHost } from '../runtime/user-of-host.js';
import { lazyHttpClient, lazyWebSocketClient } from '../services/http-client/lazy-client.js';
import { httpMetrics } from '../services/http/metrics.js';
import { MetricsCollector } from '../services/metrics/collector.js';
import { metricsService } from '../services/metrics/server.js';
import { NodeSupervision } from '../services/supervision/node-supervision.js';
import { processServiceStarter } from '../services/supervision/process-service.js';
import { unenforced } from '../services/supervision/service-security.js';
import { isService, serviceSpecs } from '../services/supervision/service-specs.js';
import { Serving } from '../services/temporal/serving.js';
import { needsTemporal } from '../services/temporal/worker-plan.js';
import { fillPlaceholders } from '../services/env/placeholders.js';
import { errorToErrorData } from '../temporal/failures.js';
import { controlComponent } from '../runtime/control/component.js';
import { httpCall, httpPlanOf, HttpServing } from './http-parts.js';
import { prepareLua } from './lua-support.js';
import { luaThreads } from './lua-thread-data.js';
import {
  groupsOf,
  kindHost,
  makeLogger,
  metricsAddress,
  nodeHandlers,
  openStore,
  peersOf,
  printLine,
  shutdownMs,
  workflowTier,
} from './node-parts.js';
import { makeEnvironment } from './app-environment.js';
import { identitySeal } from './identity-key.js';
import { prepareAppFolder } from './prepare-app.js';
import { Publishing } from './publishing.js';
import { isMemory, registryIdentity, registryPlace } from './registry-place.js';
import { assertSoleMachine } from './sole-machine.js';
import { UsageError } from './usage-error.js';
import { InterruptedError, onStopSignal } from './signals.js';
import type { StopSignal } from './signals.js';
import { stopNode } from './stop-node.js';
import { openStateFolder } from './state-folder.js';
import { workersListener } from './workers-listener.js';
import { processStarter, servicesListener, servicesOf } from './service-parts.js';
import { assertNamed, planOf, platformFor, settingsOf } from './temporal-parts.js';
import type { BootPhase, NodeOptions, RunningNode } from './running-node.js';

/** Grows when the costs of instructions change; recorded with each run. */
const COST_MODEL = 1;

/** Rejects with an InterruptedError, everything stopped again, when a signal comes before the node is whole. */
export async function runNode(options: NodeOptions): Promise<RunningNode> {
  const boot = new AbortController();
  let node: RunningNode | undefined;
  const forget =
    (options.signals ?? true)
      ? onStopSignal((signal) => {
          if (node === undefined) boot.abort(new InterruptedError(signal, 'while it was starting'));
          else stopOnSignal(node, signal);
        })
      : (): void => undefined;
  try {
    node = await bootNode(options, boot.signal);
  } catch (error) {
    forget();
    throw error;
  }
  node.stopped.then(forget, forget);
  return node;
}

function stopOnSignal(node: RunningNode, signal: StopSignal): void {
  node.logger.info('stopping; a second signal ends the process at once', { signal });
  node.stop(new InterruptedError(signal, 'before it was done')).catch((failure: unknown) => {
    for (const error of failure instanceof AggregateError ? (failure.errors as unknown[]) : [failure])
      node.logger.error('the node did not stop cleanly', { error });
    process.exitCode = 1;
  });
}

function engineOf({ lua }: AppConfig): EngineName {
  if (lua.engine === 'compiled' && !canGenerateCode())
    throw new UsageError(
      "moontide.yaml says 'lua.engine: compiled', but this process may not make code of strings; take the setting out, or leave --disallow-code-generation-from-strings out",
    );
  return chooseEngine(lua.engine);
}

/** `interrupted`: the boot ends where it is, with the signal's reason. */
async function bootNode(options: NodeOptions, interrupted: AbortSignal): Promise<RunningNode> {
  const environment = options.environment ?? process.env;
  prepareLua(environment);
  const phases: BootPhase[] = [];
  let begin = performance.now();
  const ended = (name: BootPhase['name']): void => {
    const now = performance.now();
    phases.push({ name, ms: now - begin });
    begin = now;
  };

  // 1 infrastructure
  const app = new AppContext();
  const bus = new EventBus();
  const loaded = await loadAppConfig(options.app); // what is wrong with it is told below
  const engine = engineNamed(engineOf(loaded.config));
  const programs = new ProgramCache({
    engine,
    engineNamed,
    load: (hash) => app.get(keys.registry).program(hash),
  });
  const source = {
    folder: options.app,
    overrides: options.overrides ?? [],
    check: (program: Program) => programs.check(program),
  };
  const prepared = await prepareAppFolder({ ...source, loaded });
  interrupted.throwIfAborted();
  programs.adopt(prepared.programs.values());
  const logger = makeLogger(options.log ?? {}, prepared, bus);
  for (const warning of prepared.warnings) logger.warn(formatDiagnostic(warning));
  const print = options.print ?? printLine;
  const state = openStateFolder(prepared.folder);
  const { path: stateFolder, problem: stateless } = state;
  // A node needs it; a command that is over soon keeps nothing, unless it comes to serve.
  if (stateless !== undefined && (options.publish ?? 'start') === 'start') throw stateless;
  const registryOf = (): Registry | undefined => {
    const registry = app.has(keys.registry) ? app.get(keys.registry) : undefined;
    return registry !== undefined && registry.current.version.number > 0 ? registry : undefined;
  };
  const variables = makeEnvironment(prepared, environment, registryOf, (value) => logger.redactor.add(value));
  const wishes = { ...options, environment, lookup: (name: string) => variables.value(name) };
  const settings = settingsOf(prepared, wishes);
  let plan = planOf(prepared.name, prepared.entries, settings, wishes);
  const fill = (text: string): string =>
    fillPlaceholders(text, (name) => variables.value(name) ?? environment[name]);
  httpPlanOf(prepared.entries, fill); // what is wrong with it is told before anything starts
  servicesOf(prepared, prepared.entries);
  for (const [told, ids] of unenforced(prepared.entries)) logger.warn(told, { entries: ids.join(', ') });
  const seal = identitySeal(prepared.name, stateFolder, environment);
  const publishing = new Publishing(options.publish ?? 'start', logger);
  const asked = options.temporal === 'asked';
  // A command that is over soon, or has queues of its own, keeps no services.
  const supervises = !asked && options.queueSuffix === undefined;
  const eager =
    !asked &&
    (options.temporal === 'always' ||
      needsTemporal(plan) ||
      (supervises && prepared.entries.some(isService)));
  const place = registryPlace(prepared, state, environment);
  if (stateless !== undefined) logger.warn(`nothing of this command is kept: ${stateless.message}`);
  if (eager || place.engine === 'postgres') assertNamed(prepared, settings, place);
  const temporal = platformFor(prepared, {
    registry: registryIdentity(place),
    settings,
    stateFolder,
    ...(stateless === undefined ? {} : { stateless }),
    logger,
    embedded: 'start',
    interrupted,
    plan: () => plan,
    onFirstUse: async (connection) => {
      assertNamed(prepared, settings);
      if (!asked || serving.serving) return;
      const mine =
        temporal.role === 'started' || temporal.role === 'adopted' || options.queueSuffix !== undefined;
      const { isServed } = await import('../services/temporal/pollers.js');
      if (mine || !(await isServed(connection, plan))) {
        // What others must be able to go on with cannot be in this process's memory alone.
        if (stateless !== undefined && isMemory(place) && options.publish !== 'never') throw stateless;
        await publishing.publish();
        await serving.start();
      } else publishing.warn();
    },
  });
  app.set(keys.bus, bus);
  app.set(keys.logger, logger);
  ended('infrastructure');
  // The slowest part of a boot begins first; whoever needs it awaits it, and hears of its failure.
  if (eager) temporal.connection(undefined).catch(() => undefined);

  // 2 load
  const drainMs = options.drainMs ?? shutdownMs(prepared);
  const node = options.node ?? `${hostname()}:${process.pid}`;
  const metrics = new MetricsCollector((why, name) =>
    logger.warn('a metric is dropped', { metric: name, why }),
  );
  const { security } = prepared.config;
  const reach = {
    privateNetworks: security.private_networks ?? [],
    unixSockets: security.unix_sockets ?? [],
  };
  const httpClient = lazyHttpClient(reach);
  const terminal =
    options.terminal === undefined
      ? undefined
      : new Terminal({
          input: process.stdin,
          output: options.terminal.onStderr ? process.stderr : process.stdout,
          errors: process.stderr,
          args: options.terminal.args,
          redact: (text) => logger.redactor.text(text),
        });
  const mocks =
    options.mocks === true
      ? new Mocks({
          registry: () => app.get(keys.registry),
          topology: () => app.get(keys.topology),
          temporal: () => temporal,
          toErrorData: errorToErrorData,
        })
      : undefined;
  const set = new ComponentSet(
    [
      ...baseComponents({
        node,
        openRegistry: async () => {
          const opened = await openRegistry({
            store: publishing.over(await openStore(prepared, place, state, logger)),
            log: logger,
            bus,
          });
          publishing.keepCopy(opened);
          return opened;
        },
        openPeers: () => peersOf(place, node, logger),
        joins: (options.publish ?? 'start') === 'start',
        groups: groupsOf,
        editor: { kinds: prepared.kinds, modules: prepared.moduleNames },
        handlers: (context) =>
          nodeHandlers(context, prepared, temporal, variables, logger, {
            node,
            seal,
            httpClient,
            webSockets: lazyWebSocketClient(reach),
            recordMetric: metrics.record,
            terminal,
            mocks,
            exit: (code) => {
              exitCode ??= code;
              void stop().catch((error: unknown) => logger.error('the node did not stop cleanly', { error }));
            },
          }),
        modules: prepared.modules,
        workflows: (context) => workflowTier(context, temporal, logger, seal),
        namesAreWorkflows: () => temporal.inUse,
        kind: (name) => prepared.kinds.get(name),
        kindHost: (registry) => kindHost(registry, prepared, stateFolder, variables, logger),
        programs,
        toErrorData: errorToErrorData,
        print: (line) => print(logger.redactor.text(line)),
        threads: luaThreads(prepared, environment),
        mocks,
        drainMs,
      }),
      ...(stateless === undefined && (options.publish ?? 'start') === 'start'
        ? [controlComponent(stateFolder, errorToErrorData)]
        : []),
      ...prepared.components,
    ],
    app,
    { now: () => performance.now() },
  );
  let exitCode: number | undefined;
  let stopping: Promise<void> | undefined;
  const begun = manyListeners();
  let settle: (stop: Promise<void>) => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const stop = (reason?: Error): Promise<void> => {
    if (stopping === undefined) {
      begun.abort(reason);
      stopping = stopNode({ app, set, temporal, supervision, drainMs }).finally(async () => {
        terminal?.[Symbol.dispose]();
        await httpClient[Symbol.asyncDispose]();
      });
      settle(stopping);
    }
    return stopping;
  };
  stopped.catch(() => undefined); // told to who called `stop`
  let serving: Serving;
  let http: HttpServing | undefined;
  let whole = false;
  let supervision: NodeSupervision | undefined;
  try {
    await set.load();
    interrupted.throwIfAborted();
    ended('load');

    // 3 activate
    app.get(keys.dispatcher).freeze();
    app.seal();
    await set.start();
    interrupted.throwIfAborted();
    ended('activate');

    // 4 entries
    const registry = app.get(keys.registry);
    await publishing.apply(app.get(keys.editor), registry, {
      entries: prepared.entries,
      files: prepared.embedded,
      programs: prepared.programs,
      dependencies: prepared.dependencies,
      comment: 'the app as its folder has it',
      author: userOfHost(),
      via: 'start',
    });
    const failed = (error: unknown): void =>
      logger.error('something failed that nobody waits for', { error });
    const fillSecrets: FillSecrets = (data, places) => variables.fillSecrets(data, places);
    const guard = secretGuard(logger.redactor);
    // A command that is over soon, or has queues of its own, starts nothing at set times.
    const schedules =
      asked || options.queueSuffix !== undefined
        ? undefined
        : new (await import('../services/temporal/schedules.js')).Schedules({
            app: prepared.name,
            temporal,
            plan: () => plan,
            fill,
            logger,
          });
    begun.signal.addEventListener('abort', () => schedules?.[Symbol.dispose](), { once: true });
    serving = new Serving({
      app: prepared.name,
      platform: temporal,
      registry,
      plan: () => plan,
      supervisor: app.get(keys.supervisor),
      programs,
      functions: new NodeFunctionRunner(app.get(keys.functions), fillSecrets, guard, seal),
      commands: new NodeCommandRunner({
        dispatcher: app.get(keys.dispatcher),
        resources: app.get(keys.resources),
        fillSecrets,
        guard,
        seal,
        failed,
      }),
      logger,
      engine: engine.name,
      costModel: COST_MODEL,
      seal,
      drainMs,
      schedules,
      admit: (connection) => assertSoleMachine(prepared.name, place, connection, plan),
    });
    if (supervises)
      supervision = new NodeSupervision({
        app: prepared.name,
        node,
        platform: temporal,
        artifacts: programs,
        starters: new Map([['process.service', processServiceStarter(() => registry, processStarter(app))]]),
        logger,
        current: () => ({
          services: serviceSpecs(registry.current.all(), prepared.kinds.values()),
          registryVersion: registry.current.version.number,
        }),
        changed: (id, state, reason) => app.get(keys.supervisor).note(id, state, reason),
        drainMs,
      });
    registry.listen(servicesListener(prepared));
    registry.listen(
      workersListener({
        plan: (next) => {
          planOf(prepared.name, next.all(), settings, wishes);
        },
        async committed(current, changes) {
          const clients = changes.map(changedId).filter((id) => current.get(id)?.kind === 'temporal.client');
          if (clients.length > 0)
            logger.warn('connections of temporal.client entries count from the next start on', {
              entries: clients.join(', '),
            });
          plan = planOf(prepared.name, current.all(), settings, wishes);
          await serving.replan(changes);
          if (serving.serving) void supervision?.declare();
        },
      }),
    );
    if (!asked) {
      http = new HttpServing(
        {
          app: prepared.name,
          appFolder: prepared.folder,
          fill,
          call: httpCall(() => app.get(keys.functions)),
          temporal,
          guard,
          relays: { router: app.get(keys.router), nextPid: (host) => app.get(keys.pids).next(host) },
          resources: () => app.get(keys.resources).user(),
          metrics: httpMetrics(metrics.record),
          logger,
        },
        httpPlanOf(registry.current.all(), fill),
      );
      registry.listen(http.listener());
      app.get(keys.supervisor).add(http);
    }
    plan = planOf(prepared.name, registry.current.all(), settings, wishes);
    interrupted.throwIfAborted();
    const listen = metricsAddress(prepared, environment);
    if (listen !== undefined && !asked)
      app
        .get(keys.supervisor)
        .add(
          metricsService(metrics, listen, () => [
            ...(begun.signal.aborted ? ['the node is stopping'] : whole ? [] : ['the node is starting']),
            ...(serving.serving || !eager ? [] : ['its workers do not run']),
          ]),
        );
    if (eager) await serving.start();
    await app.get(keys.lifecycle).serve();
    if (eager) void supervision?.start(); // nothing waits for services
    interrupted.throwIfAborted();
    whole = true;
    ended('entries');
  } catch (thrown) {
    // What was interrupted fails in its own words.
    const error: unknown = interrupted.aborted ? interrupted.reason : thrown;
    await stop().catch((failure: unknown) =>
      logger.error('stopping after the failed start failed too', { error: failure }),
    );
    throw error;
  }
  /** Errors are printed and logged by whoever called. */
  const redacted = (outcome: Outcome): Outcome =>
    outcome.ok ? outcome : { ok: false, error: logger.redactor.error(outcome.error) };
  return {
    app: prepared,
    registry: app.get(keys.registry),
    temporal,
    logger,
    plan: () => plan,
    phases,
    get timings() {
      return set.timings;
    },
    find: (filter) => app.get(keys.finder).find(filter),
    get serving() {
      return serving.serving;
    },
    listening: () => http?.addresses() ?? new Map(),
    call: async (entry, args, { timeoutMs, signal, values } = {}) => {
      const outcome = await app.get(keys.functions).call({
        entry,
        args,
        ...(values === undefined ? {} : { values }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(signal === undefined ? {} : { signal }),
      });
      return redacted(outcome);
    },
    runProcess: async (target, host, args) => {
      const start = processStarter(app);
      const process = await start({
        process: target,
        host,
        args,
        values: dataObject({}),
        signal: begun.signal,
      });
      return redacted(await process.ended);
    },
    reload: async (note) => {
      const newer = await prepareAppFolder(source);
      programs.adopt(newer.programs.values());
      const { entries, embedded: files, programs: pinned, dependencies } = newer;
      const wanted = { ...note, entries, files, programs: pinned, dependencies };
      const result = await app.get(keys.editor).publish(wanted);
      return { ...result, app: newer };
    },
    get exitCode() {
      return exitCode;
    },
    mocks,
    stop,
    stopping: begun.signal,
    stopped,
  };
}
