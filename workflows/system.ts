// The platform's own workflows by type. Sealed.
import { LIFECYCLE_WORKFLOW, SERVICE_WORKFLOW, SUPERVISOR_WORKFLOW } from '../src/temporal/names.js';
import type { NodeLife, ServiceRun, SupervisorRun } from '../src/temporal/service-contracts.js';
import { lifecycle } from './lifecycle.js';
import { service } from './service.js';
import { supervisor } from './supervisor.js';

const WORKFLOWS: Readonly<Record<string, (input: unknown) => Promise<unknown>>> = {
  [SUPERVISOR_WORKFLOW]: (input) => supervisor(input as SupervisorRun),
  [SERVICE_WORKFLOW]: (input) => service(input as ServiceRun),
  [LIFECYCLE_WORKFLOW]: (input) => lifecycle(input as NodeLife),
};

export const systemWorkflow = (type: string): ((input: unknown) => Promise<unknown>) | undefined =>
  Object.hasOwn(WORKFLOWS, type) ? WORKFLOWS[type] : undefined;
