// The interceptors of one run, and its session. Sealed.
// I1: this module and index.ts are evaluated once for each run, everything else once for each worker thread (temporal/bundle.ts);
//     so they hold what is one run's and do nothing else.
import { workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { isSystemWorkflow } from '../src/temporal/names.js';
import { Session } from './session.js';

export const session = new Session();

/** The platform's own workflows declare their handlers themselves. */
export const interceptors = (): WorkflowInterceptors =>
  isSystemWorkflow(workflowInfo().workflowType) ? {} : session.interceptors;
