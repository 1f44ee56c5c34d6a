// Workflows that a workflow starts: `process.spawn`, `process.exec`, `workflow.exec`. Sealed.
// W1: a target on a worker (an entry, or a task queue by name) is a child workflow; on any other host a node starts it.
// W2: a spawned child lives on when its parent ends (ABANDON), an executed one is asked to cancel; an option says otherwise.
// W3: an id that is in use follows `id_conflict_policy`; the default gives the running one, and sends it the messages.
import {
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { WorkflowIdReusePolicy } from '@temporalio/common';
import type { Command } from '../../src/core/command.js';
import { dataObject } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { PlatformError } from '../../src/core/errors.js';
import { formatPid } from '../../src/core/ids.js';
import { field } from '../../src/core/optional-field.js';
import { toBytes, toTextLossy } from '../../src/core/text.js';
import type { Outcome } from '../../src/lua/step.js';
import type { MessageData, Route } from '../../src/temporal/contracts.js';
import { fromFailure } from '../../src/temporal/failures.js';
import { priorityOf } from '../../src/temporal/priority.js';
import { toResults } from '../../src/temporal/payload-converter.js';
import type { CheckedAttributes } from './attributes.js';
import type { Outgoing } from './context.js';
import type { Exits } from './exits.js';
import type { Outbox } from './messages.js';
import { asObject, flagOption, numberOption, optionsOf, retryPolicy, textOption } from './options.js';
import type { Options } from './options.js';
import type { Routes } from './routes.js';
import { endOrCancelled } from './open-calls.js';
import { Later, later } from './run.js';
import type { DurableHandler, DurableHandlers, Run, Scoped } from './run.js';
import { callSummary } from './summary.js';

class ChildOptionError extends PlatformError {
  override readonly name = 'ChildOptionError';
  readonly code = 'CHILD_OPTION';
  override readonly kind = 'Invalid' as const;
}

export interface ChildrenOptions {
  readonly run: Run;
  readonly outgoing: Outgoing;
  readonly outbox: Outbox;
  readonly exits: Exits;
  readonly routes: Routes;
  readonly general: DurableHandler;
  /** Context values of the run. */
  readonly values: Readonly<DataObject>;
  readonly attributes: CheckedAttributes;
}

const OPTION = 'temporal.workflow.';
/** Options that only a client can honour. */
const NOT_FOR_CHILDREN = ['start_delay', 'namespace'];

const CLOSE_POLICIES: Readonly<Record<string, ParentClosePolicy>> = {
  terminate: ParentClosePolicy.TERMINATE,
  abandon: ParentClosePolicy.ABANDON,
  request_cancel: ParentClosePolicy.REQUEST_CANCEL,
};
const REUSE_POLICIES: Readonly<Record<string, WorkflowIdReusePolicy>> = {
  allow_duplicate: 'ALLOW_DUPLICATE',
  allow_duplicate_failed_only: 'ALLOW_DUPLICATE_FAILED_ONLY',
  reject_duplicate: 'REJECT_DUPLICATE',
};

/** A start as its command says it. */
interface Start {
  readonly target: string;
  readonly args: readonly Data[];
  /** Host part of the PID, as given. */
  readonly host: string;
  readonly queue: string;
  readonly workflowId: string;
  readonly options: Options;
  readonly values: Readonly<DataObject> | undefined;
  readonly messages: readonly MessageData[];
}

interface Started {
  readonly pid: string;
  readonly result: Promise<unknown>;
}

export function childHandlers(parts: ChildrenOptions): DurableHandlers {
  const { routes, general } = parts;
  return {
    'process.spawn': (call) => {
      const start = parseStart(call.command, parts);
      const { monitored, linked } = call.command;
      const interest = { monitored: monitored === true, linked: linked === true };
      if (start === undefined) return onNode(general(call), interest, parts);
      return later((scoped) => spawn(start, interest, parts, scoped));
    },
    'process.exec': (call) => {
      const start = parseStart(call.command, parts);
      return start === undefined ? general(call) : later((scoped) => exec(start, parts, scoped));
    },
    'workflow.exec': ({ command: { target, args } }) => {
      if (typeof target !== 'string' || !Array.isArray(args))
        throw new TypeError("'workflow.exec' needs a target and args");
      return later(async (scoped) => {
        const route = startable(target, routes.known(target) ?? (await routes.find(target)));
        const queue = toTextLossy(route.queue ?? toBytes(workflowInfo().taskQueue));
        const workflowId = `${toTextLossy(target)}-${uuid4()}`;
        const plain = { options: {}, values: undefined, messages: [] };
        return exec({ target, args, host: toBytes(queue), queue, workflowId, ...plain }, parts, scoped);
      });
    },
  };
}

/** A start that a node does: the process tells this run of its end, of which it wants to hear. */
function onNode(
  asked: Data | Later,
  interest: { readonly monitored: boolean; readonly linked: boolean },
  { exits }: ChildrenOptions,
): Data | Later {
  if (!(asked instanceof Later) || (!interest.monitored && !interest.linked)) return asked;
  return later(async (scoped) => {
    const pid = await asked.start(scoped);
    if (typeof pid === 'string') Object.assign(exits.interest(pid), interest);
    return pid;
  });
}

/** Undefined when the host is no worker (W1). */
function parseStart(command: Command, { routes, values }: ChildrenOptions): Start | undefined {
  const { target, host, args, name, messages } = command;
  if (typeof target !== 'string' || typeof host !== 'string' || !Array.isArray(args))
    throw new TypeError(`'${command.type}' needs target, host and args`);
  const options = optionsOf(command['options']);
  const named = textOption(options, `${OPTION}task_queue`);
  const queue = named === undefined ? routes.queueOfHost(host) : routes.queueNamed(named);
  if (queue === undefined) return undefined;
  for (const option of NOT_FOR_CHILDREN)
    if (`${OPTION}${option}` in options)
      throw new ChildOptionError(
        `a workflow cannot start another with '${OPTION}${option}'; start it from a function`,
      );
  const given =
    textOption(options, `${OPTION}id`) ?? (typeof name === 'string' ? toTextLossy(name) : undefined);
  const added = asObject(command['context']);
  return {
    target,
    args,
    host,
    queue,
    workflowId: given ?? `${toTextLossy(target)}-${uuid4()}`,
    options,
    values: added === undefined ? undefined : dataObject({ ...values, ...added }),
    messages: (Array.isArray(messages) ? messages : []).map((message) => {
      const { topic, body } = asObject(message) ?? {};
      return { topic: typeof topic === 'string' ? topic : '', body: Array.isArray(body) ? body : [] };
    }),
  };
}

async function spawn(
  start: Start,
  interest: { monitored: boolean; linked: boolean },
  parts: ChildrenOptions,
  scoped: Scoped,
): Promise<string> {
  const { exits, outbox, routes, run } = parts;
  try {
    const { pid, result } = await startChildRun(start, ParentClosePolicy.ABANDON, parts, scoped);
    const policy = textOption(start.options, `${OPTION}parent_close_policy`) ?? 'abandon';
    exits.child(pid, interest, outcomeOf(result), policy === 'abandon' && routes.isOurs(start.host));
    return pid;
  } catch (error) {
    if (
      !(error instanceof WorkflowExecutionAlreadyStartedError) ||
      conflictPolicy(start.options) !== 'use_existing'
    )
      throw error;
  }
  // W3: the running one.
  const pid = pidOf(start);
  for (const { topic, body } of start.messages)
    await outbox.send(start.workflowId, routes.isOurs(start.host), topic, body);
  if (interest.monitored || interest.linked) {
    Object.assign(exits.interest(pid), interest);
    if (!exits.isChild(pid)) {
      if (interest.monitored) await run.shielded(() => exits.ask(pid, 'monitor'));
      if (interest.linked) await run.shielded(() => exits.ask(pid, 'link'));
    }
  }
  return pid;
}

async function exec(start: Start, parts: ChildrenOptions, scoped: Scoped): Promise<Data> {
  const { result } = await startChildRun(start, ParentClosePolicy.REQUEST_CANCEL, parts, scoped);
  return [...toResults(await result)];
}

/** Nobody would ever take up a function as a workflow. */
function startable(target: string, route: Route): Route {
  if (route.function === true)
    throw new ChildOptionError(
      `'${toTextLossy(target)}' is a function, no workflow; call it with funcs.call`,
    );
  return route;
}

const pidOf = ({ host, workflowId }: Start): string => formatPid({ host, id: toBytes(workflowId) });

async function startChildRun(
  start: Start,
  closePolicy: ParentClosePolicy,
  { outgoing, routes, general, run, attributes }: ChildrenOptions,
  scoped: Scoped,
): Promise<Started> {
  const { target, args, options, messages, values } = start;
  const search = asObject(options[`${OPTION}search_attributes`]);
  const searchAttributes = search === undefined ? undefined : await scoped(() => attributes.ofStart(search));
  // On a queue of others the target is any workflow type.
  const route = startable(
    target,
    routes.known(target) ?? (routes.isOurs(start.host) ? await scoped(() => routes.find(target)) : {}),
  );
  const headers = outgoing.headers({
    ...(values === undefined ? {} : { values }),
    ...(messages.length === 0 ? {} : { start: { messages } }),
  });
  const { children } = run.open;
  const type = toTextLossy(route.type ?? target);
  const waits = flagOption(options, `${OPTION}wait_for_cancellation`);
  const begin = () =>
    scoped(() =>
      children.make(
        () =>
          outgoing.send(headers, () =>
            startChild(type, {
              ...childOptions(options, closePolicy, waits || children.isCounted),
              ...field('searchAttributes', searchAttributes),
              args: [...args],
              taskQueue: start.queue,
              workflowId: start.workflowId,
              // The UI shows it in place of the type.
              ...field(
                'staticSummary',
                shown(options, 'summary') ?? callSummary(route.summary ?? target, args),
              ),
              ...field('staticDetails', shown(options, 'details')),
            }),
          ),
        (handle) => handle.result(),
      ),
    );
  let handle: Awaited<ReturnType<typeof begin>>;
  try {
    handle = await begin();
  } catch (error) {
    const terminate =
      error instanceof WorkflowExecutionAlreadyStartedError &&
      conflictPolicy(options) === 'terminate_existing';
    if (!terminate) throw error;
    const ended = general({ command: { type: 'process.terminate', to: pidOf(start) }, run });
    if (ended instanceof Later) await scoped(() => ended.start(scoped));
    handle = await begin();
  }
  const result = handle.result();
  return {
    pid: pidOf(start),
    result:
      !waits && children.isCounted ? scoped(() => endOrCancelled(result, `workflow '${type}'`)) : result,
  };
}

/** Passes the payload converter: a byte string. */
function shown(options: Options, what: 'summary' | 'details'): string | undefined {
  const text = options[`${OPTION}static_${what}`];
  return typeof text === 'string' ? text : undefined;
}

function conflictPolicy(options: Options): string {
  if (flagOption(options, `${OPTION}execution_error_when_already_started`)) return 'fail';
  return textOption(options, `${OPTION}id_conflict_policy`) ?? 'use_existing';
}

function childOptions(
  options: Options,
  closePolicy: ParentClosePolicy,
  waits: boolean,
): Partial<ChildWorkflowOptions> {
  const number = (name: string) => numberOption(options, OPTION + name);
  const memo = asObject(options[`${OPTION}memo`]);
  return {
    ...field('workflowExecutionTimeout', number('execution_timeout')),
    ...field('workflowRunTimeout', number('run_timeout')),
    ...field('workflowTaskTimeout', number('task_timeout')),
    ...field('retry', retryPolicy(options[`${OPTION}retry_policy`])),
    ...field('cronSchedule', textOption(options, `${OPTION}cron_schedule`)),
    ...field('workflowIdReusePolicy', REUSE_POLICIES[textOption(options, `${OPTION}id_reuse_policy`) ?? '']),
    ...field('memo', memo),
    ...field('priority', priorityOf(options, OPTION)),
    parentClosePolicy:
      CLOSE_POLICIES[textOption(options, `${OPTION}parent_close_policy`) ?? ''] ?? closePolicy,
    cancellationType: waits
      ? ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED
      : ChildWorkflowCancellationType.TRY_CANCEL,
  };
}

const outcomeOf = (result: Promise<unknown>): Promise<Outcome> =>
  result.then(
    (value) => {
      try {
        return { ok: true, values: toResults(value) };
      } catch (error) {
        return { ok: false, error: fromFailure(error) };
      }
    },
    (error: unknown) => ({ ok: false, error: fromFailure(error) }),
  );
