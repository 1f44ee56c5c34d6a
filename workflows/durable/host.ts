// What Lua asks of its host without waiting, inside a workflow: clock, chance and output, all the same at every replay. Sealed.
// H1: time is the time of the current task, chance is the SDK's seeded source.
// H2: print and log records go through the SDK's log sink, which is silent while history is replayed.
// H3: any other emitted command (events.send, metrics) is recorded as a local activity; the run ends only when it is done.
// H4: who only looks (a query, a validator) draws no chance and emits nothing: a replay would not do it again.
import { log, uuid4, workflowInfo } from '@temporalio/workflow';
import type { Command } from '../../src/core/command.js';
import { dataObject, LuaFloat } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { PlatformError } from '../../src/core/errors.js';
import type { Identity } from '../../src/core/identity.js';
import { toBytes, toTextLossy } from '../../src/core/text.js';
import { onlyLooks } from '../../src/lua/instance/describe.js';
import type { InstanceHost } from '../../src/lua/instance-context.js';

export interface HostOptions {
  readonly pid: string;
  readonly values: Readonly<DataObject>;
  /** Whom the run acts for. */
  readonly identity: Identity | undefined;
  readonly emit: (command: Command) => void;
  /** Whether a query or validator runs. */
  readonly isRead: () => boolean;
  /** Whether somebody asked the run to go on as new. */
  readonly isNextSuggested: () => boolean;
  /** A replay explains itself: steps tell where their commands come from. */
  readonly traced: boolean;
}

class ReaderError extends PlatformError {
  override readonly name = 'ReaderError';
  readonly code = 'READER_ACTS';
  override readonly kind = 'Invalid' as const;
}

const NANOSECONDS = 1_000_000n;

export function durableHost({
  pid,
  values,
  identity,
  emit,
  isRead,
  isNextSuggested,
  traced,
}: HostOptions): InstanceHost {
  const mustNotRead = (what: string): void => {
    if (isRead()) throw new ReaderError(onlyLooks(what));
  };
  return {
    now: () => BigInt(Date.now()) * NANOSECONDS,
    random() {
      mustNotRead('a random number');
      return Math.random();
    },
    randomBytes(n) {
      mustNotRead('random bytes');
      let bytes = '';
      for (let index = 0; index < n; index++) bytes += String.fromCharCode(Math.floor(Math.random() * 256));
      return bytes;
    },
    uuid() {
      mustNotRead('a random id');
      return uuid4();
    },
    print: (line) => log.info(toTextLossy(line), { pid }),
    emit(command) {
      if (command.type === 'logger.write') return writeLog(pid, command);
      mustNotRead(command.type);
      return emit(command);
    },
    pid,
    context: values,
    identity,
    place: 'workflow',
    tracesCommands: traced,
    workflow: () => workflowFacts(isNextSuggested()),
  };
}

/** What `workflow.info()` gives. */
function workflowFacts(isNextSuggested: boolean): DataObject {
  const info = workflowInfo();
  return dataObject({
    workflow_id: toBytes(info.workflowId),
    run_id: info.runId,
    workflow_type: toBytes(info.workflowType),
    task_queue: toBytes(info.taskQueue),
    namespace: toBytes(info.namespace),
    attempt: info.attempt,
    history_length: info.historyLength,
    history_size: info.historySize,
    continue_as_new_suggested: info.continueAsNewSuggested || isNextSuggested,
    start_time_ms: info.startTime.getTime(),
    first_run_id: info.firstExecutionRunId,
    ...(info.continuedFromExecutionRunId === undefined
      ? {}
      : { continued_run_id: info.continuedFromExecutionRunId }),
    ...(info.parent === undefined ? {} : { parent_workflow_id: toBytes(info.parent.workflowId) }),
  });
}

function writeLog(pid: string, { level, message, fields, logger, where }: Command): void {
  const known = level === 'debug' || level === 'warn' || level === 'error' ? level : 'info';
  log[known](typeof message === 'string' ? toTextLossy(message) : '', {
    ...(typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? plainFields(fields) : {}),
    ...(typeof logger === 'string' ? { logger: toTextLossy(logger) } : {}),
    ...(typeof where === 'string' && where !== '' ? { at: toTextLossy(where) } : {}),
    pid,
  });
}

/** Data as every logger takes it: text, and numbers of JavaScript. */
function plain(data: Data): unknown {
  if (typeof data === 'string') return toTextLossy(data);
  if (typeof data === 'bigint') return data.toString();
  if (typeof data !== 'object' || data === null) return data;
  if (data instanceof LuaFloat) return data.n;
  return Array.isArray(data) ? data.map(plain) : plainFields(data);
}

function plainFields(fields: DataObject | LuaFloat): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [toTextLossy(key), plain(value as Data)]),
  );
}
