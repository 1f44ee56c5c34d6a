// What tests have put in the place of functions of the app: calls go to the instance or the run that owns the mock.
// M1: a mock takes no place in the pool of its function, and its owner's program answers as the function would: values, or an error.
// M2: a mock whose owner has ended is an error of the call: what it stood for is not called by mistake.
import type { Data } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import { PlatformError } from '../core/errors.js';
import { tryPid } from '../core/ids.js';
import { toBytes } from '../core/text.js';
import { mocksOf } from '../modules/test/spec.js';
import type { MockAccess } from '../modules/test/host.js';
import type { Outcome } from '../lua/step.js';
import type { RegistryService } from '../registry/model/registry.js';
import { MOCK_UPDATE } from '../temporal/names.js';
import { FUNCTION_HOST, callableEntry } from './function-pool.js';
import type { FunctionCall } from './function-pool.js';
import { InstanceRunner } from './instance-runner.js';
import { clientOfQueue, queueNamed } from './temporal-access.js';
import type { TemporalAccess } from './temporal-access.js';
import type { Topology } from './topology.js';

class MockGoneError extends PlatformError {
  override readonly name = 'MockGoneError';
  readonly code = 'MOCK_GONE';
  override readonly kind = 'Unavailable' as const;
  override readonly retryable = false;
  constructor(entry: string) {
    super(`'${entry}' is mocked, and the test that does it has ended`);
  }
}

/** Looked up when they are needed: mocks are made before the node is. */
export interface MocksOptions {
  readonly registry: () => RegistryService;
  readonly topology: () => Topology;
  readonly temporal: () => TemporalAccess;
  readonly toErrorData: (error: unknown) => ErrorData;
}

export class Mocks implements MockAccess {
  readonly #options: MocksOptions;
  /** PIDs of owners, by entry id. */
  readonly #owners = new Map<string, string>();

  constructor(options: MocksOptions) {
    this.#options = options;
  }

  mock(target: string, owner: string): void {
    this.#owners.set(callableEntry(this.#options.registry().current, target).id, owner);
  }

  restore(target: string | undefined): void {
    if (target === undefined) this.#owners.clear();
    else this.#owners.delete(target);
  }

  /** The answer of the mock; undefined: the function is not mocked. Never rejects. */
  answer(call: FunctionCall): Promise<Outcome> | undefined {
    const owner = this.#owners.get(call.entry);
    if (owner === undefined) return undefined;
    return this.#ask(owner, call).catch((error: unknown) => ({
      ok: false,
      error: this.#options.toErrorData(error),
    }));
  }

  async #ask(owner: string, { entry, args, signal, caller }: FunctionCall): Promise<Outcome> {
    const pid = tryPid(owner);
    if (pid === undefined) throw new MockGoneError(entry);
    if (pid.host === FUNCTION_HOST) {
      const runner = this.#options.topology().find(owner);
      if (!(runner instanceof InstanceRunner)) throw new MockGoneError(entry);
      return runner.invoke((instance) => mocksOf(instance).get(toBytes(entry)), args);
    }
    return { ok: true, values: await this.#askRun(pid, [toBytes(entry), ...args], signal ?? caller?.signal) };
  }

  async #askRun(
    { host, id }: { readonly host: string; readonly id: string },
    args: readonly Data[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Data[]> {
    const temporal = this.#options.temporal();
    const { updateRun } = await import('../temporal/client.js');
    const routes = temporal.routes();
    const client = await temporal.client(clientOfQueue(routes, queueNamed(routes, host)));
    const ask = () => updateRun(client, { workflowId: id }, MOCK_UPDATE, args);
    return signal === undefined ? ask() : client.withAbortSignal(signal, ask);
  }
}
