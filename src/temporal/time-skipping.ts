// Runs whose time is skipped: while nothing of them is under way, the server moves their clock to the next timer. Host only.
// S1: experimental in Temporal (server 1.32, `frontend.WorkflowTimeSkippingEnabled`, which the embedded server has); everything
//     that knows of it is in this file, so that a change there is a change here.
// S2: a server that does not skip is found out at the first start, not by waiting for its timers.
import { Client } from '@temporalio/client';
import type { Connection } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';

export class TimeSkippingError extends PlatformError {
  override readonly name = 'TimeSkippingError';
  readonly code = 'TIME_SKIPPING';
  override readonly kind = 'Unavailable' as const;
  override readonly exitCode: ExitCode = 3;
}

type Service = Connection['workflowService'];
type Start = Service['startWorkflowExecution'];

/** A client like the given one, of whose runs, and the children of those, time is skipped. */
export function skippingClient(client: Client): Client {
  const connection = client.connection as Connection;
  const workflowService = overridden(connection.workflowService, {
    startWorkflowExecution: ((request: StartRequest) =>
      startSkipping(connection.workflowService, request)) as Start,
  });
  return new Client({ ...client.options, connection: overridden(connection, { workflowService }) });
}

type DescribeResponse = temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;
type StartRequest = Parameters<Start>[0];

async function startSkipping(service: Service, request: StartRequest): ReturnType<Start> {
  let started: Awaited<ReturnType<Start>>;
  try {
    started = await service.startWorkflowExecution({ ...request, timeSkippingConfig: { enabled: true } });
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    throw /time.?skipping/i.test(details) ? new TimeSkippingError(NOT_SKIPPED, { cause: error }) : error;
  }
  const { namespace = '', workflowId = '' } = request;
  const execution = { workflowId, runId: started.runId };
  const described: DescribeResponse = await service.describeWorkflowExecution({ namespace, execution });
  if (described.workflowExtendedInfo?.timeSkippingInfo) return started;
  // An older server does not know the setting and leaves it out.
  await service.terminateWorkflowExecution({
    namespace,
    workflowExecution: execution,
    reason: 'its time is not skipped',
  });
  throw new TimeSkippingError(NOT_SKIPPED);
}

const NOT_SKIPPED =
  'this Temporal server does not skip time (frontend.WorkflowTimeSkippingEnabled); run the tests on the embedded one, or this test without meta.skip_time';

/** The object, with some of its members replaced; its methods keep their own `this`. */
function overridden<T extends object>(object: T, members: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...args: never[]) => unknown).bind(target) : value;
    },
  });
}
