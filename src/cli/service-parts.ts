// The services of a prepared app, and how their processes start on a node.
import type { AppContext } from '../core/app-context.js';
import { dataObject } from '../core/data.js';
import type { Place } from '../core/diagnostics.js';
import { locate } from '../registry/load/located-entry.js';
import type { ChangeListener } from '../registry/change-listeners.js';
import type { Entry } from '../registry/model/entry.js';
import type { RegistryView } from '../registry/model/registry.js';
import { keys } from '../runtime/keys.js';
import type { ProcessStart, StartedProcess } from '../services/supervision/process-service.js';
import { securityProblems } from '../services/supervision/service-security.js';
import { circularServices, groupProblems, serviceSpecs } from '../services/supervision/service-specs.js';
import type { ServiceSpec } from '../temporal/service-contracts.js';
import { planListener } from './plan-listener.js';
import { AppErrors } from './prepare-app.js';
import type { PreparedApp } from './prepare-app.js';

/** Throws AppErrors where services require each other in a circle, a supervisor cannot have its children, or a policy group is none. */
export function servicesOf(
  { kinds }: Pick<PreparedApp, 'kinds'>,
  entries: Iterable<Entry>,
): readonly ServiceSpec[] {
  const all = [...entries];
  const specs = serviceSpecs(all, kinds.values());
  const placeOf = (id: string, pointer: string): Place =>
    locate(all.find((each) => each.id === id) as Entry).placeOf(pointer);
  const problems = [...groupProblems(all, placeOf), ...securityProblems(all, placeOf)];
  if (problems.length === 0) problems.push(...circularServices(specs, (id) => placeOf(id, '/lifecycle')));
  if (problems.length > 0) throw new AppErrors(problems);
  return specs;
}

/** The registry's listener that keeps to the services: whatever an entry refers to may make a circle of them. */
export function servicesListener(app: Pick<PreparedApp, 'kinds'>): ChangeListener {
  let checked: RegistryView | undefined;
  return planListener({
    name: 'services',
    concerns: () => true,
    plan: (view) => {
      if (view === checked) return; // once for all changes of a version
      servicesOf(app, view.all());
      checked = view;
    },
    otherwise: 'no node could start them',
  });
}

export const processStarter =
  (app: AppContext) =>
  ({ process, host, args, values, identity, signal, mayRun }: ProcessStart): Promise<StartedProcess> =>
    app
      .get(keys.processes)
      .start(
        { target: process, host, args, values, name: undefined, options: dataObject(), messages: [] },
        { asker: undefined, identity, signal, mayRun },
      );
