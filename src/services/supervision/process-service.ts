// `process.service`: a process of this node's memory that a service's life is. The fencing token is `ctx.get("fence")` in its Lua,
// and `lifecycle.security` says whom it acts for (core/identity.ts).
import { mapIn } from '../../core/data-values.js';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import { identityFromData } from '../../core/identity.js';
import type { Identity } from '../../core/identity.js';
import { textDataToBytes, toBytes } from '../../core/text.js';
import type { Outcome } from '../../lua/step.js';
import type { RegistryService } from '../../registry/model/registry.js';
import { EntryUnknownError } from '../../runtime/errors.js';
import type { ServiceInstance, ServiceStarter } from './service-life.js';

/** A process as its runner offers it. */
export interface StartedProcess {
  readonly pid: string;
  readonly ended: Promise<Outcome>;
  /** CANCEL and some time, where it takes events; else its end. */
  withdraw(error: ErrorData, graceMs: number): void;
  terminate(error: ErrorData): void;
}

export interface ProcessStart {
  /** Entry id of the process. */
  readonly process: string;
  /** Entry id of its host. */
  readonly host: string;
  readonly args: readonly Data[];
  /** Context values. */
  readonly values: Readonly<DataObject>;
  /** Whom it acts for. */
  readonly identity?: Identity | undefined;
  readonly signal: AbortSignal;
  /** Asked before each of its turns, the first included; where it says false it has ended the process. */
  readonly mayRun?: (() => boolean) | undefined;
}

/** The context value that holds the fencing token. */
export const FENCE = 'fence';

const canceled = (reason: string): ErrorData => ({
  kind: 'Canceled',
  message: toBytes(reason),
  retryable: false,
});

export function processServiceStarter(
  registry: () => RegistryService,
  start: (request: ProcessStart) => Promise<StartedProcess>,
): ServiceStarter {
  return async (id, fence, signal, mayRun): Promise<ServiceInstance> => {
    const entry = registry().current.get(id);
    if (entry === undefined) throw new EntryUnknownError(id);
    const { process, host, input, lifecycle } = entry.data;
    const started = await start({
      process: textOf(process),
      host: textOf(host),
      args: argumentsOf(input),
      values: dataObject({ [FENCE]: fence }),
      identity: identityOf(mapIn(lifecycle)['security']),
      signal,
      mayRun,
    });
    return {
      ended: started.ended,
      stop: (reason, graceMs) => started.withdraw(canceled(reason), graceMs),
      kill: (reason) => started.terminate(canceled(reason)),
    };
  };
}

const textOf = (value: Data | undefined): string => (typeof value === 'string' ? value : '');

/** A list is the arguments, anything else the one argument. */
const argumentsOf = (input: Data | undefined): readonly Data[] => {
  const given = input === undefined || input === null ? [] : textDataToBytes(input);
  return Array.isArray(given) ? given : [given];
};

/** What `lifecycle.security` says; undefined: nothing. */
const identityOf = (security: Data | undefined): Identity | undefined =>
  security === undefined ? undefined : identityFromData(textDataToBytes(security));
