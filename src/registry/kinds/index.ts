// All kinds that this version knows. A kind that is built elsewhere (services, extensions) replaces the one of its name.
import type { KindSpec } from '../model/kind.js';
import {
  envStorageFile,
  envStorageMemory,
  envStorageOs,
  envStorageRouter,
  envStorageStatic,
  envVariable,
} from './env-kinds.js';
import { fsDirectory, fsEmbed } from './fs-kinds.js';
import { httpEndpoint, httpRouter, httpService, httpStatic } from './http-kinds.js';
import { pgScope } from './group-kinds.js';
import { networkSocks5 } from './network-kinds.js';
import { nexusService } from './nexus-kind.js';
import { knownKinds } from './known-kinds.js';
import { functionLua, libraryLua, moduleLua, processLua, workflowLua } from './lua-kinds.js';
import { moduleKinds } from './module-kinds.js';
import { processHost, terminalHost } from './process-kinds.js';
import { processService, processSupervisor } from './service-kinds.js';
import { registryEntry, sqlSqlite } from './resource-kinds.js';
import { storeMemory, storeSql } from './store-kinds.js';
import { templateJet, templateSet } from './template-kinds.js';
import { temporalSchedule } from './schedule-kind.js';
import { temporalClient, temporalWorker } from './temporal-kinds.js';

export { functionLua, libraryLua, moduleLua, processLua, workflowLua };
export { registryEntry, sqlSqlite };
export { envStorageFile, envStorageMemory, envStorageOs, envStorageRouter, envStorageStatic, envVariable };
export { processHost, terminalHost };
export { fsDirectory, fsEmbed };
export { networkSocks5 };
export { processService, processSupervisor };
export { storeMemory, storeSql };
export { templateJet, templateSet };
export { temporalClient, temporalWorker };

export const platformKinds: readonly KindSpec[] = [
  functionLua,
  workflowLua,
  processLua,
  processHost,
  terminalHost,
  libraryLua,
  moduleLua,
  registryEntry,
  temporalClient,
  temporalWorker,
  temporalSchedule,
  nexusService,
  networkSocks5,
  envVariable,
  envStorageOs,
  envStorageMemory,
  envStorageFile,
  envStorageStatic,
  envStorageRouter,
  sqlSqlite,
  storeMemory,
  storeSql,
  templateSet,
  templateJet,
  fsDirectory,
  fsEmbed,
  httpService,
  httpRouter,
  httpEndpoint,
  httpStatic,
  pgScope,
  processService,
  processSupervisor,
  ...moduleKinds,
  ...knownKinds,
];

/** The platform's kinds with others put in: one of the same name takes the place of the platform's. */
export function withKinds(...others: readonly KindSpec[]): readonly KindSpec[] {
  const byName = new Map(platformKinds.map((kind) => [kind.name, kind]));
  for (const kind of others) byName.set(kind.name, kind);
  return [...byName.values()];
}
