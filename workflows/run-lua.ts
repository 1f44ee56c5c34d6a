// The dynamic workflow: runs the Lua program that the workflow type stands for. Sealed, replay-safe.
// W1: nothing of Lua runs before its program is pinned; signals and updates that come earlier wait, queries answer NOT_READY.
// W2: what leaves Lua is a result, an ApplicationFailure or a cancellation; only a missing program, nondeterminism and bugs of
//     the host fail a task.
// W3: before it ends a run tells its end to those who watch it, and waits for what it has sent.
import {
  CancellationScope,
  CancelledFailure,
  defineQuery,
  defineUpdate,
  setDefaultQueryHandler,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { dataObject } from '../src/core/data.js';
import type { Data, DataObject } from '../src/core/data.js';
import { formatPid } from '../src/core/ids.js';
import type { ErrorData } from '../src/core/error-data.js';
import { identityFromData } from '../src/core/identity.js';
import { toBytes, toTextLossy } from '../src/core/text.js';
import { createInstance } from '../src/lua/instance/instance.js';
import type { Outcome } from '../src/lua/step.js';
import { errorToErrorData, toFailure } from '../src/temporal/failures.js';
import { NOT_READY, PROGRAM_QUERY, RESUME, STATE_QUERY } from '../src/temporal/names.js';
import { encodedResults, toDataOrThrow } from '../src/temporal/payload-converter.js';
import { setBaseScope, setCurrentDetailsLazily, setStackTrace } from '../src/temporal/sdk-internals.js';
import { UpdateAnswers } from './durable/answers.js';
import { Declarations } from './durable/declarations.js';
import { wakeAwaiting } from './durable/awaits.js';
import { Outgoing, startContext } from './durable/context.js';
import type { RunContext } from './durable/context.js';
import { makeRun } from './durable/handlers.js';
import type { DurableParts } from './durable/handlers.js';
import { durableHost } from './durable/host.js';
import { Continuation, whole } from './durable/run.js';
import { moduleLookup } from './durable/modules.js';
import { pinProgram, showProgram } from './durable/program.js';
import type { PinnedRun } from './durable/program.js';
import { currentDetails, runState, stackTrace } from './durable/state.js';
import { CommandTrace } from './durable/trace.js';
import type { Session } from './session.js';

export async function runLua(session: Session, args: readonly unknown[]): Promise<unknown> {
  // Signals are taken by the interceptor; without a handler the SDK would keep them from it.
  setDefaultSignalHandler(() => undefined);
  setDefaultQueryHandler(() => {
    throw new Error(`${NOT_READY}: program not resolved`);
  });
  const cancelRequested = CancellationScope.current().cancelRequested;
  // The run goes on under its own rules when it is cancelled (Run.cancel).
  setBaseScope(new CancellationScope({ cancellable: false }));
  return whole(async () => {
    const { context, input } = readStart(session, args);
    const { start, identity } = context;
    const pinned = await pinProgram({ program: start.program, identity });
    if (pinned.reference.identity === false) throw toFailure(FORGED);
    const trace = pinned.traced ? new CommandTrace() : undefined;
    showProgram(pinned.reference);
    const parts = begin(pinned, { context, input, session, trace });
    cancelRequested.catch(() => parts.run.cancel(toBytes(session.cancellation.reason())));
    const outcome = await parts.run.outcome;
    if (outcome instanceof Continuation) return outcome.start();
    await parts.exits.tell(outcome);
    await parts.run.settled();
    return end(outcome, parts.run.cancelled);
  });
}

const FORGED: ErrorData = {
  kind: 'PermissionDenied',
  message: 'the actor that this run was started for is not signed by a node of its app',
  retryable: false,
};

const NOT_PARKED: ErrorData = {
  kind: 'Invalid',
  message: 'the run is not parked; nothing is there to go on with',
  retryable: false,
};

/** A start that no program could read fails the run, not its task. */
function readStart(
  session: Session,
  args: readonly unknown[],
): {
  readonly context: RunContext;
  readonly input: readonly Data[];
} {
  try {
    return { context: startContext(session.headers), input: args.map(toDataOrThrow) };
  } catch (error) {
    throw toFailure(errorToErrorData(error));
  }
}

interface Beginning {
  readonly context: RunContext;
  readonly input: readonly Data[];
  readonly session: Session;
  readonly trace: CommandTrace | undefined;
}

/** Makes the instance, lets it run until it waits, and lets in what waited for it. */
function begin(
  { reference, loaded }: PinnedRun,
  { context, input, session, trace }: Beginning,
): DurableParts {
  const pid = formatPid({ host: reference.host, id: toBytes(workflowInfo().workflowId) });
  const answers = new UpdateAnswers(context.start.carried?.answers);
  session.answers = answers;
  const parts = makeRun({
    reference,
    context,
    outgoing: new Outgoing(context, pid, session),
    pid,
    trace,
    answers,
  });
  const { run, inbox, emit } = parts;
  const host = durableHost({
    pid,
    values: context.values,
    identity: typeof reference.identity === 'object' ? identityFromData(reference.identity) : undefined,
    isRead: () => run.isRead,
    isNextSuggested: () => run.nextSuggested,
    traced: trace !== undefined,
    emit: (command) =>
      run.keep(
        run.shielded(() => emit(command)),
        () => undefined,
      ),
  });
  const describe = (): string => (run.started ? stackTrace(runState(run)) : '');
  if (trace !== undefined) session.stepped = () => trace.state(run.started ? run.instance.coroutines() : []);
  setStackTrace(describe);
  setCurrentDetailsLazily(() => (run.started ? currentDetails(reference, runState(run)) : ''));
  setHandler(
    defineQuery<unknown>(STATE_QUERY),
    () => dataObject({ ...runState(run) } as unknown as DataObject),
    {
      description:
        'Where the run is: its coroutines with their Lua lines, what it waits for, messages that nobody has received.',
    },
  );
  setHandler(defineQuery<unknown>(PROGRAM_QUERY), () => reference, {
    description: 'The program that this run is pinned to.',
  });
  setHandler(defineUpdate(RESUME), () => run.goOn(), {
    validator: () => {
      if (run.parked === undefined) throw toFailure(NOT_PARKED);
    },
    description: 'Lets a run go on that its budget has parked.',
  });

  const declarations = new Declarations(run, reference.declares);
  run.afterStep = () => {
    declarations.sync();
    // Conditions are asked of what a whole step left, not in the middle of one.
    if (!run.ended && run.parked === undefined) wakeAwaiting(run);
  };
  const letIn = (): void => session.updates.open((name) => declarations.expect(name));
  let isContinuing = false;
  run.continuing = () => {
    isContinuing = true;
    declarations.leave();
    session.updates.close();
  };
  run.staying = () => {
    isContinuing = false;
    declarations.stay();
    letIn();
  };
  answers.repeated = () => run.turn();
  void run.outcome.then(
    () => declarations.close(),
    () => undefined, // told to who awaits the outcome
  );
  run.start(() => createInstance(loaded, host, moduleLookup), input);
  declarations.open();
  for (const { topic, from, body } of context.start.messages ?? [])
    run.deliver({ topic, from, payloads: body });
  session.receive = (signal) => inbox.receive(signal);
  for (const signal of session.early.splice(0)) inbox.receive(signal);
  if (!isContinuing) letIn(); // else they are the next run's
  return parts;
}

function end(outcome: Outcome, cancelled: boolean): unknown {
  if (!outcome.ok) throw endFailure(outcome.error, cancelled);
  try {
    return encodedResults(outcome.values);
  } catch (error) {
    const { message, ...rest } = errorToErrorData(error);
    throw endFailure(
      { ...rest, message: toBytes(`the result of the run: ${toTextLossy(message)}`) },
      cancelled,
    );
  }
}

function endFailure(error: ErrorData, cancelled: boolean): Error {
  if (cancelled && error.kind === 'Canceled') return new CancelledFailure(toTextLossy(error.message));
  return toFailure(error, { retryUnsaid: workflowInfo().retryPolicy !== undefined });
}
