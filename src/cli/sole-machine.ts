// A registry in a SQLite file is one machine's: nodes of the app on two machines would run two registries behind one task queue.
import { hostname } from 'node:os';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';
import type { WorkerPlan } from '../services/temporal/worker-plan.js';
import type { TemporalConnection } from '../temporal/connection.js';
import type { RegistryPlace } from './registry-place.js';

class SecondMachineError extends PlatformError {
  override readonly name = 'SecondMachineError';
  readonly code = 'REGISTRY_SECOND_MACHINE';
  override readonly kind = 'Conflict';
  override readonly exitCode: ExitCode = 2;
  constructor(app: string, machine: string, path: string) {
    super(
      `the app '${app}' is served by a node on the machine '${machine}', and the registry here is the file '${path}', which is this machine's alone; give all nodes one registry in Postgres (DATABASE_URL), or stop the other node and wait a minute`,
    );
  }
}

/** Throws SecondMachineError. */
export async function assertSoleMachine(
  app: string,
  place: RegistryPlace,
  connection: TemporalConnection,
  plan: WorkerPlan,
): Promise<void> {
  if (place.engine !== 'sqlite') return;
  const { otherMachine } = await import('../services/temporal/pollers.js');
  const machine = await otherMachine(connection, plan, hostname());
  if (machine !== undefined) throw new SecondMachineError(app, machine, place.path);
}
