// The registry's listener that keeps to the workers: two entries that name one task queue must agree, and each route must have its worker.
import type { ChangeListener } from '../registry/change-listeners.js';
import { planListener } from './plan-listener.js';
import type { PlanListenerOptions } from './plan-listener.js';

export const workersListener = (options: Pick<PlanListenerOptions, 'plan' | 'committed'>): ChangeListener =>
  planListener({
    ...options,
    name: 'workers',
    concerns: ({ kind, meta }) => kind.startsWith('temporal.') || meta['temporal'] !== undefined,
    otherwise: 'no node could serve it',
  });
