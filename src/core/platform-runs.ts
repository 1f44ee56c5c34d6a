// Runs of the platform itself: no program sends to them or ends them, whatever it names. Sealed.
import { PlatformError } from './errors.js';

/** Supervisor, services, lives of nodes, deployments: ids of temporal/names.ts. */
const PLATFORM_RUN = /^moontide\.[a-z]+\//;

export class PlatformRunError extends PlatformError {
  override readonly name = 'PlatformRunError';
  readonly code = 'PLATFORM_RUN';
  override readonly kind = 'PermissionDenied' as const;
  constructor(workflowId: string) {
    super(
      `'${workflowId.slice(0, 100)}' is a run of the platform, which programs cannot reach; services are for \`moontide service\` and \`moontide node\``,
    );
  }
}

export const isPlatformRun = (workflowId: string): boolean => PLATFORM_RUN.test(workflowId);

/** Throws PlatformRunError. */
export function refusePlatformRun(workflowId: string): void {
  if (isPlatformRun(workflowId)) throw new PlatformRunError(workflowId);
}
