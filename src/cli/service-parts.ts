// The services of a prepared app, and how their processes start on a node.
import type { AppContext } from '../core/app-context.js';
import { dataObject } from '../core/data.js';
import { locate } from '../registry/load/located-entry.js';
import type { Entry } from '../registry/model/entry.js';
import { keys } from '../runtime/keys.js';
import type { ProcessStart, StartedProcess } from '../services/supervision/process-service.js';
import { circularServices, serviceSpecs } from '../services/supervision/service-specs.js';
import type { ServiceSpec } from '../temporal/service-contracts.js';
import { AppErrors } from './prepare-app.js';
import type { PreparedApp } from './prepare-app.js';

/** Throws AppErrors where services require each other in a circle. */
export function servicesOf(
  { kinds }: Pick<PreparedApp, 'kinds'>,
  entries: Iterable<Entry>,
): readonly ServiceSpec[] {
  const all = [...entries];
  const specs = serviceSpecs(all, kinds.values());
  const circles = circularServices(specs, (id) => {
    const entry = all.find((each) => each.id === id) as Entry;
    return locate(entry).placeOf('/lifecycle');
  });
  if (circles.length > 0) throw new AppErrors(circles);
  return specs;
}

export const processStarter =
  (app: AppContext) =>
  ({ process, host, args, values, signal, mayRun }: ProcessStart): Promise<StartedProcess> =>
    app
      .get(keys.processes)
      .start(
        { target: process, host, args, values, name: undefined, options: dataObject(), messages: [] },
        { asker: undefined, signal, mayRun },
      );
