// The registry's listener that keeps to the workers: a version whose entries would not make a plan of workers is taken nowhere.
import type { ChangeListener } from '../registry/change-listeners.js';
import { RegistryChangesError } from '../registry/editor.js';
import type { Change } from '../registry/model/changes.js';
import type { RegistryView } from '../registry/model/registry.js';
import { AppErrors } from './prepare-app.js';

export interface WorkersListenerOptions {
  /** Makes the plan of a version. Throws AppErrors. */
  readonly plan: (view: RegistryView) => unknown;
  /** The version is live. */
  readonly committed?: (view: RegistryView, changes: readonly Change[]) => Promise<void>;
}

export function workersListener({ plan, committed }: WorkersListenerOptions): ChangeListener {
  return {
    name: 'workers',
    // Two entries that name one task queue must agree, and each route must have its worker.
    accept(change, next) {
      if (!concernsWorkers(change)) return;
      try {
        plan(next);
      } catch (error) {
        if (!(error instanceof AppErrors)) throw error;
        throw new RegistryChangesError(error.diagnostics, 'no node could serve it');
      }
    },
    ...(committed === undefined ? {} : { committed }),
  };
}

/** Whether a change may lead to another plan of workers. */
function concernsWorkers(change: Change): boolean {
  const sides = [
    change.op === 'create' ? undefined : change.before,
    change.op === 'delete' ? undefined : change.after,
  ];
  return sides.some(
    (entry) =>
      entry !== undefined && (entry.kind.startsWith('temporal.') || entry.meta['temporal'] !== undefined),
  );
}
