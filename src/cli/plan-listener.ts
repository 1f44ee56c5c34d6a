// A listener of the registry that keeps to a plan: a version whose entries would not make one is taken nowhere.
import type { ChangeListener } from '../registry/change-listeners.js';
import { RegistryChangesError } from '../registry/editor.js';
import { changedSides } from '../registry/model/changes.js';
import type { Change } from '../registry/model/changes.js';
import type { Entry } from '../registry/model/entry.js';
import type { RegistryView } from '../registry/model/registry.js';
import { AppErrors } from './prepare-app.js';

export interface PlanListenerOptions {
  /** For messages and logs. */
  readonly name: string;
  /** Whether the plan may be another one because of an entry. */
  readonly concerns: (entry: Entry) => boolean;
  /** Makes the plan of a version. Throws AppErrors. */
  readonly plan: (view: RegistryView) => unknown;
  /** What a version without a plan comes to, for people. */
  readonly otherwise: string;
  /** The version is live. */
  readonly committed?: (view: RegistryView, changes: readonly Change[]) => Promise<void>;
}

export function planListener({
  name,
  concerns,
  plan,
  otherwise,
  committed,
}: PlanListenerOptions): ChangeListener {
  return {
    name,
    accept(change, next) {
      if (!changedSides(change).some(concerns)) return;
      try {
        plan(next);
      } catch (error) {
        if (!(error instanceof AppErrors)) throw error;
        throw new RegistryChangesError(error.diagnostics, otherwise);
      }
    },
    ...(committed === undefined ? {} : { committed }),
  };
}
