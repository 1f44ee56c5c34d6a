// Talking to runs from a node or the command line: start, signal, query, update, result, all in plain data. Host only.
// C1: errors are ErrorData inside a RunError, so that what Lua failed with is told as Lua said it.
// C2: a query in a run's first moments answers NOT_READY; it is asked again for 5 s.
// C3: headers (context, identity, sender, start options) go with the one call they are given to.
// C4: the server calls a run that has ended not found, like one that never was; we look, and say which it is.
// C5: an update that a run cannot take any more, because it had its number or goes on as another, is left to the next run: it is
//     sent again under its id for 30 s. Which runs answered an id is theirs to know (workflows/durable/answers.ts).
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowContinuedAsNewError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  ActivityExecutionFailedError,
  ServiceError,
  WithStartWorkflowOperation,
} from '@temporalio/client';
import type {
  ActivityClientInterceptor,
  Client,
  WorkflowClientInterceptor,
  WorkflowStartOptions,
  ActivityOptions,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { encodeToPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { dataObject } from '../core/data.js';
import type { Data, DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';
import { toBytes, toTextLossy } from '../core/text.js';
import type { StartOptions } from './contracts.js';
import { fromFailure } from './failures.js';
import { GRPC, grpcCode } from './grpc.js';
import { HEADERS, NO_HANDLER, NOT_READY } from './names.js';
import { payloadConverter, toResults } from './payload-converter.js';

/** What a run, a query, an update or an activity failed with. */
export class RunError extends PlatformError {
  override readonly name = 'RunError';
  readonly code = 'RUN_FAILED';
  override readonly kind: ErrorData['kind'];
  override readonly retryable: boolean;
  /** The whole error, as Lua gave it. */
  readonly data: ErrorData;
  constructor(data: ErrorData, options?: ErrorOptions) {
    super(toTextLossy(data.message), options);
    this.data = data;
    this.kind = data.kind;
    this.retryable = data.retryable ?? false;
  }
}

export interface CallHeaders {
  readonly values?: Readonly<DataObject>;
  readonly identity?: string;
  /** PID of who asks. */
  readonly from?: string;
  readonly start?: StartOptions;
  readonly idempotencyKey?: string;
}

type Headers = Record<string, Payload>;
const current = new AsyncLocalStorage<Headers>();

const withCurrent = <T extends { readonly headers: Headers }>(input: T): T => {
  const headers = current.getStore();
  return headers === undefined ? input : { ...input, headers: { ...input.headers, ...headers } };
};

/** For `new Client({ interceptors: clientInterceptors })`. */
export const clientInterceptors: {
  readonly workflow: WorkflowClientInterceptor[];
  readonly activity: ActivityClientInterceptor[];
} = {
  workflow: [
    {
      startWithDetails: (input, next) => next(withCurrent(input)),
      signal: (input, next) => next(withCurrent(input)),
      signalWithStart: (input, next) => next(withCurrent(input)),
      query: (input, next) => next(withCurrent(input)),
      startUpdate: (input, next) => next(withCurrent(input)),
      startUpdateWithStart: (input, next) => {
        const headers = current.getStore();
        return next({
          ...input,
          workflowStartHeaders: { ...input.workflowStartHeaders, ...headers },
          updateHeaders: { ...input.updateHeaders, ...headers },
        });
      },
    },
  ],
  activity: [{ start: (input, next) => next(withCurrent(input)) }],
};

function encodeHeaders(headers: CallHeaders): Headers {
  const encode = (data: Data): Payload => payloadConverter.toPayload(data);
  const { values, identity, from, start, idempotencyKey } = headers;
  return {
    ...(values === undefined ? {} : { [HEADERS.context]: encode(values) }),
    ...(identity === undefined ? {} : { [HEADERS.identity]: encode(identity) }),
    ...(from === undefined ? {} : { [HEADERS.from]: encode(from) }),
    ...(start === undefined ? {} : { [HEADERS.start]: encode(dataObject(start as Record<string, Data>)) }),
    ...(idempotencyKey === undefined ? {} : { [HEADERS.key]: encode(idempotencyKey) }),
  };
}

/** Makes SDK calls with headers. */
export const withCallHeaders = <T>(headers: CallHeaders, call: () => Promise<T>): Promise<T> =>
  current.run(encodeHeaders(headers), call);

export interface StartRequest {
  /** Entry id, or the name that the workflow gives itself. */
  readonly type: string;
  readonly taskQueue: string;
  readonly args: readonly Data[];
  /** Default: the type and a random part. */
  readonly workflowId?: string;
  readonly headers?: CallHeaders;
  /** Anything else of the SDK's start options. */
  readonly options?: Partial<Omit<WorkflowStartOptions, 'taskQueue' | 'workflowId' | 'args'>>;
}

type NamedStartRequest = StartRequest & { readonly workflowId: string };

export interface RunReference {
  readonly workflowId: string;
  readonly runId?: string;
}

export async function startRun(client: Client, request: StartRequest): Promise<Required<RunReference>> {
  const workflowId = request.workflowId ?? `${request.type}-${randomUUID()}`;
  const handle = await told(() =>
    withCallHeaders(request.headers ?? {}, () =>
      client.workflow.start(request.type, {
        ...request.options,
        args: [...request.args],
        taskQueue: request.taskQueue,
        workflowId,
      }),
    ),
  );
  return { workflowId, runId: handle.firstExecutionRunId };
}

/** The results of a run, through all its continuations. Throws RunError. */
export async function resultOf(client: Client, run: RunReference): Promise<readonly Data[]> {
  const handle = client.workflow.getHandle(run.workflowId, run.runId, { followRuns: true });
  return toResults(await told(() => handle.result()));
}

export async function signalRun(
  client: Client,
  run: RunReference,
  topic: string,
  payloads: readonly Data[],
  headers: CallHeaders = {},
): Promise<void> {
  const handle = client.workflow.getHandle(run.workflowId, run.runId);
  await toldOf(client, run, () => withCallHeaders(headers, () => handle.signal(topic, ...payloads)));
}

/** A signal to a run that is started where none has the id, and joined where `options` do not say otherwise; gives the id of the run. Throws RunError. */
export async function signalWithStart(
  client: Client,
  { type, taskQueue, args, workflowId, headers = {}, options }: NamedStartRequest,
  topic: string,
  payloads: readonly Data[],
): Promise<string> {
  const { signaledRunId } = await told(() =>
    withCallHeaders(headers, () =>
      client.workflow.signalWithStart<() => Promise<unknown>, Data[]>(type, {
        ...options,
        args: [...args] as never,
        taskQueue,
        workflowId,
        signal: topic,
        signalArgs: [...payloads],
      }),
    ),
  );
  return signaledRunId;
}

/** A signal that a run takes once, however often it is sent with the same `requestId`. Throws RunError. */
export async function signalOnce(
  client: Client,
  { workflowId, runId = '' }: RunReference,
  topic: string,
  payloads: readonly Data[],
  requestId: string,
): Promise<void> {
  const { namespace, identity, loadedDataConverter } = client.options;
  const input = { payloads: (await encodeToPayloads(loadedDataConverter, ...payloads)) ?? null };
  // The SDK's own call makes a new id for each.
  const send = (): Promise<unknown> =>
    client.workflowService.signalWorkflowExecution({
      namespace,
      identity,
      workflowExecution: { workflowId, runId },
      signalName: topic,
      input,
      requestId,
    });
  try {
    await send();
  } catch (error) {
    if (grpcCode(error) !== GRPC.NOT_FOUND) throw asRunError(error);
    const end = await endOf(client, { workflowId });
    throw end === undefined
      ? asRunError(new WorkflowNotFoundError('not found', workflowId, undefined))
      : hasEnded({ workflowId }, end, error);
  }
}

const READY_TIMEOUT_MS = 5000;
const READY_POLL_MS = 50;

/** The results of a query. Throws RunError. */
export async function queryRun(
  client: Client,
  run: RunReference,
  name: string,
  args: readonly Data[],
  headers: CallHeaders = {},
): Promise<readonly Data[]> {
  const handle = client.workflow.getHandle(run.workflowId, run.runId);
  let deadline: number | undefined; // from when a worker first says so: until then there may be none
  for (;;) {
    try {
      return toResults(await withCallHeaders(headers, () => handle.query(name, ...args)));
    } catch (error) {
      // C2; the SDK tells every failed query as "not registered" with the handler's own message.
      const again = error instanceof QueryNotRegisteredError && error.message.includes(NOT_READY);
      if (!again || Date.now() > (deadline ??= Date.now() + READY_TIMEOUT_MS)) throw asRunError(error);
    }
    await sleep(READY_POLL_MS);
  }
}

/** The results of an update, once its handler has ended. Throws RunError. */
export async function updateRun(
  client: Client,
  run: RunReference,
  name: string,
  args: readonly Data[],
  options: { readonly updateId?: string; readonly headers?: CallHeaders } = {},
): Promise<readonly Data[]> {
  const handle = client.workflow.getHandle(run.workflowId, run.runId);
  const { updateId = randomUUID(), headers = {} } = options;
  const update = (): Promise<unknown> =>
    withCallHeaders(headers, () =>
      handle.executeUpdate<unknown, [Data, ...Data[]]>(name, {
        args: [...args] as [Data, ...Data[]],
        updateId,
      }),
    );
  return toResults(await toldOf(client, run, () => untilNextRun(update)));
}

export interface UpdateRequest {
  /** Of the update, as the workflow declares it. */
  readonly name: string;
  readonly args: readonly Data[];
  /** The same id again is the same update. Default: one of its own. */
  readonly updateId?: string;
}

/** The results of an update of a run that is started where none has the id, and joined where `options` do not say otherwise. Throws RunError. */
export async function updateWithStart(
  client: Client,
  { type, taskQueue, args, workflowId, headers = {}, options }: NamedStartRequest,
  { name, args: updateArgs, updateId = randomUUID() }: UpdateRequest,
): Promise<readonly Data[]> {
  const update = (): Promise<unknown> =>
    withCallHeaders(headers, () =>
      client.workflow.executeUpdateWithStart<() => Promise<unknown>, unknown, Data[]>(name, {
        args: [...updateArgs],
        updateId,
        startWorkflowOperation: new WithStartWorkflowOperation(type, {
          workflowIdConflictPolicy: 'USE_EXISTING',
          ...options,
          args: [...args] as never,
          taskQueue,
          workflowId,
        }),
      }),
    );
  return toResults(await toldOf(client, { workflowId }, () => untilNextRun(update)));
}

const NEXT_RUN_TIMEOUT_MS = 30_000;
const NEXT_RUN_POLL_MS = 200;

/** C5 */
async function untilNextRun<T>(call: () => Promise<T>): Promise<T> {
  for (const began = Date.now(); ; await sleep(NEXT_RUN_POLL_MS))
    try {
      return await call();
    } catch (error) {
      if (!isForNextRun(error) || Date.now() - began > NEXT_RUN_TIMEOUT_MS) throw error;
    }
}

function isForNextRun(error: unknown): boolean {
  if (error instanceof WorkflowUpdateFailedError)
    return error.cause instanceof ApplicationFailure && error.cause.type === 'UnprocessedUpdate';
  const refused = error instanceof ServiceError ? error.cause : error;
  return grpcCode(refused) === GRPC.FAILED_PRECONDITION && /number of distinct updates/.test(String(refused));
}

export interface ActivityRequest {
  /** Entry id of a function, or an activity type of any worker. */
  readonly type: string;
  readonly taskQueue: string;
  readonly args: readonly Data[];
  readonly activityId?: string;
  readonly headers?: CallHeaders;
  readonly options?: Partial<Omit<ActivityOptions, 'id' | 'taskQueue' | 'args'>>;
}

const DEFAULT_START_TO_CLOSE_MS = 600_000;

export interface ActivityReference {
  readonly activityId: string;
  readonly runId?: string | undefined;
}

/** Starts a function durably, as a standalone activity. Throws RunError. */
export async function startActivity(client: Client, request: ActivityRequest): Promise<ActivityReference> {
  const { activityId, runId } = await told(() =>
    withCallHeaders(request.headers ?? {}, () =>
      client.activity.start<unknown>(request.type, {
        startToCloseTimeout: DEFAULT_START_TO_CLOSE_MS,
        ...request.options,
        args: [...request.args],
        taskQueue: request.taskQueue,
        id: request.activityId ?? `${request.type}-${randomUUID()}`,
      }),
    ),
  );
  return { activityId, runId };
}

/** What a standalone activity gives once it has ended. Throws RunError. */
export async function activityResult(
  client: Client,
  { activityId, runId }: ActivityReference,
): Promise<readonly Data[]> {
  return toResults(await told(() => client.activity.getHandle<unknown>(activityId, runId).result()));
}

/** Runs a function durably, to its end. Throws RunError. */
export const executeActivity = async (client: Client, request: ActivityRequest): Promise<readonly Data[]> =>
  activityResult(client, await startActivity(client, request));

async function told<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asRunError(error);
  }
}

/** C4. As `told`, for what only a running workflow takes. */
async function toldOf<T>(client: Client, run: RunReference, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const end = error instanceof WorkflowNotFoundError ? await endOf(client, run) : undefined;
    throw end === undefined ? asRunError(error) : hasEnded(run, end, error);
  }
}

function hasEnded({ workflowId }: RunReference, end: string, cause: unknown): RunError {
  const message = `the workflow '${workflowId}' has ended (${end}); what has ended takes nothing any more`;
  return new RunError({ kind: 'NotFound', message: toBytes(message), retryable: false }, { cause });
}

/** How and when a run ended, for people; undefined: it runs, or never was. */
async function endOf(client: Client, run: RunReference): Promise<string | undefined> {
  try {
    const { status, closeTime } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
    if (status.name === 'RUNNING') return undefined;
    const how = status.name.toLowerCase().replaceAll('_', ' ');
    return closeTime === undefined ? how : `${how} at ${closeTime.toISOString()}`;
  } catch {
    return undefined; // the first error is the one to tell
  }
}

const GRPC_KINDS: Readonly<Record<number, ErrorData['kind']>> = {
  [GRPC.CANCELLED]: 'Canceled',
  [GRPC.INVALID_ARGUMENT]: 'Invalid',
  [GRPC.DEADLINE_EXCEEDED]: 'Timeout',
  [GRPC.NOT_FOUND]: 'NotFound',
  [GRPC.ALREADY_EXISTS]: 'AlreadyExists',
  [GRPC.PERMISSION_DENIED]: 'PermissionDenied',
  [GRPC.RESOURCE_EXHAUSTED]: 'RateLimited',
  [GRPC.ABORTED]: 'Conflict',
  [GRPC.UNAVAILABLE]: 'Unavailable',
  [GRPC.UNAUTHENTICATED]: 'PermissionDenied',
};
const RETRYABLE: ReadonlySet<ErrorData['kind']> = new Set(['Timeout', 'RateLimited', 'Unavailable']);

/** The server did not do what it was asked: the request is wrong, or it cannot now. */
export class TemporalRequestError extends RunError {
  override readonly exitCode: ExitCode;
  constructor(data: ErrorData, options?: ErrorOptions) {
    super(data, options);
    this.exitCode =
      data.kind === 'Invalid' ? 2 : data.kind === 'Unavailable' || data.kind === 'Timeout' ? 3 : 1;
  }
}

/** What a call of the SDK threw, as an error of ours. */
export function asRunError(error: unknown): unknown {
  // What the platform itself refused on the way to the server (time-skipping.ts), which the SDK takes for a broken call.
  if (error instanceof ServiceError && error.cause instanceof PlatformError) return error.cause;
  if (error instanceof PlatformError) return error;
  if (
    error instanceof WorkflowFailedError ||
    error instanceof WorkflowUpdateFailedError ||
    error instanceof ActivityExecutionFailedError
  )
    return new RunError(fromFailure(error.cause ?? error), { cause: error });
  if (error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError)
    return new RunError(fromFailure(error), { cause: error });
  if (error instanceof WorkflowContinuedAsNewError)
    return new RunError({ kind: 'Conflict', message: 'the run went on as a new run' }, { cause: error });
  if (error instanceof QueryNotRegisteredError)
    return new RunError(
      {
        kind: error.message.includes(NO_HANDLER) ? 'NotFound' : 'Unknown',
        message: toBytes(error.message),
        retryable: false,
      },
      { cause: error },
    );
  const refused = error instanceof ServiceError ? error.cause : error;
  if (isGrpcServiceError(refused)) {
    const kind = GRPC_KINDS[grpcCode(refused) ?? 0] ?? 'Internal';
    return new TemporalRequestError(
      {
        kind,
        message: toBytes(`Temporal refused the call: ${refused.details || refused.message}`),
        retryable: RETRYABLE.has(kind),
      },
      { cause: error },
    );
  }
  return error;
}
