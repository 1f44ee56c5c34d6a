// What a node answers to the commands of the built modules. Host-only; the sealed half is index.ts.
import type { Authorize } from '../core/authorize.js';
import type { EventBus } from '../core/event-bus.js';
import type { HostHandlers } from '../core/handler.js';
import type { NativeSupport } from '../lua/instance-context.js';
import { activityHandlers } from './activity/host.js';
import { compressHandlers } from './compress/host.js';
import { cryptoHandlers } from './crypto/host.js';
import { envHandlers } from './env/host.js';
import type { EnvironmentAccess } from './env/host.js';
import { eventsHandlers } from './events/host.js';
import { fsHandlers } from './fs/host.js';
import { funcsHandlers } from './funcs/host.js';
import type { CallFunction } from './funcs/host.js';
import { httpHandlers } from './http/host.js';
import { httpClientHandlers } from './http_client/host.js';
import type { HttpClient } from './http_client/host.js';
import { ioHandlers } from './io/host.js';
import type { Terminal } from './io/host.js';
import { loggerHandlers } from './logger/host.js';
import type { WriteLog } from './logger/host.js';
import { metricsHandlers } from './metrics/host.js';
import type { RecordMetric } from './metrics/host.js';
import { pgHandlers } from './pg/host.js';
import type { GroupService } from './pg/host.js';
import { processHandlers } from './process/host.js';
import type { ProcessService } from './process/host.js';
import { registryHandlers } from './registry/host.js';
import type { RegistryAccess } from './registry/host.js';
import { sqlHandlers } from './sql/host.js';
import { storeHandlers } from './store/host.js';
import { streamHandlers } from './stream/host.js';
import { systemHandlers } from './system/host.js';
import type { SystemAccess } from './system/host.js';
import { templatesHandlers } from './templates/host.js';
import { testHandlers } from './test/host.js';
import type { MockAccess } from './test/host.js';
import { timeHandlers } from './time/host.js';
import { websocketHandlers } from './websocket/host.js';
import type { WebSocketClient } from './websocket/host.js';

/** What the handlers need of their node. */
export interface NodeServices {
  readonly callFunction: CallFunction;
  readonly processes: ProcessService;
  readonly environment: EnvironmentAccess;
  readonly registry: RegistryAccess;
  readonly authorize: Authorize;
  readonly bus: () => EventBus;
  readonly groups: () => GroupService;
  readonly httpClient: HttpClient;
  readonly webSockets: WebSocketClient;
  readonly writeLog: WriteLog;
  readonly native: NativeSupport;
  readonly recordMetric: RecordMetric;
  readonly system: SystemAccess;
  /** Absent where no test runs. */
  readonly mocks?: MockAccess | undefined;
  /** Absent where the programs of the node have none. */
  readonly terminal?: Terminal | undefined;
}

/** Handlers by module, for Dispatcher.add(owner, handlers). */
export function hostHandlers(services: NodeServices): Readonly<Record<string, HostHandlers>> {
  return {
    activity: activityHandlers,
    compress: compressHandlers,
    crypto: cryptoHandlers(services.native),
    env: envHandlers(services.environment, services.authorize),
    events: eventsHandlers(services.bus, services.authorize),
    fs: fsHandlers(services.authorize),
    funcs: funcsHandlers(services.callFunction),
    http: httpHandlers,
    http_client: httpClientHandlers(services.httpClient, services.authorize),
    io: ioHandlers(services.terminal),
    logger: loggerHandlers(services.writeLog),
    metrics: metricsHandlers(services.recordMetric),
    pg: pgHandlers(services.groups, services.authorize),
    process: processHandlers(services.processes),
    registry: registryHandlers(services.registry, services.authorize),
    sql: sqlHandlers,
    stream: streamHandlers,
    store: storeHandlers(services.authorize),
    system: systemHandlers(services.system, services.authorize),
    templates: templatesHandlers(services.authorize),
    test: testHandlers(services.mocks),
    time: timeHandlers,
    websocket: websocketHandlers(services.webSockets, services.authorize),
  };
}
