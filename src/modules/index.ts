// Every module that is built: what Lua sees. Sealed; their host handlers are in hosts.ts.
import type { ModuleSpec } from '../lua/module.js';
import { activitySpec } from './activity/spec.js';
import { archiveSpec } from './archive/spec.js';
import { base64Spec } from './base64/spec.js';
import { channelSpec } from './channel/spec.js';
import { compressSpec } from './compress/spec.js';
import { coroutineSpec } from './coroutine/spec.js';
import { cryptoSpec } from './crypto/spec.js';
import { ctxSpec } from './ctx/spec.js';
import { envSpec } from './env/spec.js';
import { errorsSpec } from './errors/spec.js';
import { eventsSpec } from './events/spec.js';
import { exprSpec } from './expr/spec.js';
import { fsSpec } from './fs/spec.js';
import { funcsSpec } from './funcs/spec.js';
import { hashSpec } from './hash/spec.js';
import { htmlSpec } from './html/spec.js';
import { httpSpec } from './http/spec.js';
import { httpClientSpec } from './http_client/spec.js';
import { ioSpec } from './io/spec.js';
import { jsonSpec } from './json/spec.js';
import { loggerSpec } from './logger/spec.js';
import { metricsSpec } from './metrics/spec.js';
import { osSpec } from './os/spec.js';
import { payloadSpec } from './payload/spec.js';
import { pgSpec } from './pg/spec.js';
import { processSpec } from './process/spec.js';
import { registrySpec } from './registry/spec.js';
import { securitySpec } from './security/spec.js';
import { sqlSpec } from './sql/spec.js';
import { storeSpec } from './store/spec.js';
import { streamSpec } from './stream/spec.js';
import { systemSpec } from './system/spec.js';
import { templatesSpec } from './templates/spec.js';
import { testSpec } from './test/spec.js';
import { textSpec } from './text/spec.js';
import { timeSpec } from './time/spec.js';
import { uuidSpec } from './uuid/spec.js';
import { websocketSpec } from './websocket/spec.js';
import { workflowSpec } from './workflow/spec.js';
import { yamlSpec } from './yaml/spec.js';

/** Always there, whether a program names them or not. */
export const globalModules: readonly ModuleSpec[] = [
  channelSpec,
  coroutineSpec,
  errorsSpec,
  osSpec,
  payloadSpec,
  processSpec,
];

/** There where a program's `modules:` or `imports:` name them. */
export const declaredModules: readonly ModuleSpec[] = [
  activitySpec,
  archiveSpec,
  base64Spec,
  compressSpec,
  cryptoSpec,
  ctxSpec,
  envSpec,
  eventsSpec,
  exprSpec,
  fsSpec,
  funcsSpec,
  hashSpec,
  htmlSpec,
  httpSpec,
  httpClientSpec,
  ioSpec,
  jsonSpec,
  loggerSpec,
  metricsSpec,
  pgSpec,
  registrySpec,
  securitySpec,
  sqlSpec,
  storeSpec,
  streamSpec,
  systemSpec,
  templatesSpec,
  testSpec,
  textSpec,
  timeSpec,
  uuidSpec,
  websocketSpec,
  workflowSpec,
  yamlSpec,
];

export const builtModules: readonly ModuleSpec[] = [...globalModules, ...declaredModules];
