// What a traced replay tells of its run: every command with its Lua line, and where the coroutines are after each step. Sealed.
// T1: nothing here changes what the run does: it tells through a sink, which a history never sees.
// T2: a command belongs to the Lua command in whose cancellation scope, or during whose handler, it is made.
import { CancellationScope, proxySinks, workflowInfo } from '@temporalio/workflow';
import type { Sinks } from '@temporalio/workflow';
import type { coresdk } from '@temporalio/proto';
import { toTextLossy } from '../../src/core/text.js';
import type { LuaFrame } from '../../src/lua/engine.js';
import { parseFrames } from '../../src/lua/instance/traceback.js';
import type { CoroutineState } from '../../src/lua/step.js';
import type { RunStep, StepKind, TracedState, TracedStep } from '../../src/temporal/contracts.js';
import { TRACE_SINK } from '../../src/temporal/names.js';
import { payloadConverter } from '../../src/temporal/payload-converter.js';
import { observeCommands } from '../../src/temporal/sdk-internals.js';

type SdkCommand = coresdk.workflow_commands.IWorkflowCommand;

export interface TraceSinks extends Sinks {
  readonly [TRACE_SINK]: {
    step(step: TracedStep): void;
    /** A step is taken back; `by` is how the server hears of it where it has heard of that step. */
    takenBack(kind: StepKind, seq: number, by: TracedStep): void;
    /** Which version of a change the program has; the change as a byte string. */
    version(change: string, version: number): void;
    state(state: TracedState): void;
  };
}

const NOWHERE: readonly LuaFrame[] = Object.freeze([]);

export class CommandTrace {
  readonly #sink = proxySinks<TraceSinks>()[TRACE_SINK];
  readonly #places = new WeakMap<CancellationScope, readonly LuaFrame[]>();
  #now: readonly LuaFrame[] = NOWHERE;

  constructor() {
    observeCommands((command) => this.#seen(command));
  }

  /** Runs the handler of a Lua command that comes from there. */
  at<T>(frames: readonly LuaFrame[] | undefined, run: () => T): T {
    this.#now = frames ?? NOWHERE;
    try {
      return run();
    } finally {
      this.#now = NOWHERE;
    }
  }

  /** What is made in the scope from now on comes from there. */
  scope(scope: CancellationScope, frames: readonly LuaFrame[] | undefined): void {
    this.#places.set(scope, frames ?? NOWHERE);
  }

  version(change: string, version: number): void {
    this.#sink.version(change, version);
  }

  state(coroutines: readonly CoroutineState[]): void {
    this.#sink.state({ coroutines: coroutines.map(plainState) });
  }

  #seen(command: SdkCommand): void {
    const task = workflowInfo().historyLength;
    const taken = takesBack(command);
    if (taken !== undefined) {
      const frames = this.#frames().map(plainFrame);
      this.#sink.takenBack(...taken, { ...named('cancel', ''), task, seq: undefined, frames });
    }
    const step = stepOf(command);
    if (step === undefined) return;
    const summary = step.summary === '' ? summaryOf(command) : step.summary;
    const frames = step.kind === 'fail' ? framesOfFailure(command) : this.#frames().map(plainFrame);
    this.#sink.step({ ...step, summary, task, seq: seqOf(command), frames });
  }

  #frames(): readonly LuaFrame[] {
    if (this.#now !== NOWHERE) return this.#now;
    for (
      let scope: CancellationScope | undefined = CancellationScope.current();
      scope !== undefined;
      scope = scope.parent
    ) {
      const frames = this.#places.get(scope);
      if (frames !== undefined) return frames;
    }
    return NOWHERE;
  }
}

const plainFrame = ({ chunk, line, name }: LuaFrame): LuaFrame => ({
  chunk: toTextLossy(chunk),
  line,
  name: toTextLossy(name),
});

/** Its stack begins with its message, then come frames of Lua (failures.ts). */
function framesOfFailure({ failWorkflowExecution }: SdkCommand): readonly LuaFrame[] {
  const { message, stackTrace } = failWorkflowExecution?.failure ?? {};
  const text = stackTrace ?? '';
  const said = message ?? '';
  return parseFrames(text.startsWith(said) ? text.slice(said.length).trim() : text);
}

const plainState = ({ name, waits, frames }: CoroutineState): CoroutineState => ({
  name,
  waits: toTextLossy(waits),
  frames: frames.map(plainFrame),
});

const named = (kind: StepKind, name: string | null | undefined, summary = ''): RunStep => ({
  kind,
  name: name ?? '',
  summary,
});

/** Undefined for what leaves no event of its own: answers to queries and updates, and what is taken back. */
function stepOf(command: SdkCommand): RunStep | undefined {
  if (command.scheduleActivity != null) return named('activity', command.scheduleActivity.activityType);
  if (command.scheduleLocalActivity != null)
    return named('local', command.scheduleLocalActivity.activityType);
  if (command.startTimer != null) return named('timer', '');
  if (command.startChildWorkflowExecution != null)
    return named('child', command.startChildWorkflowExecution.workflowType);
  if (command.signalExternalWorkflowExecution != null)
    return named('signal', command.signalExternalWorkflowExecution.signalName);
  if (command.requestCancelExternalWorkflowExecution != null) return named('cancel', '');
  if (command.scheduleNexusOperation != null)
    return named('operation', command.scheduleNexusOperation.operation);
  if (command.setPatchMarker != null) return named('version', command.setPatchMarker.patchId);
  if (command.upsertWorkflowSearchAttributes != null) return named('attributes', '');
  if (command.modifyWorkflowProperties != null) return named('memo', '');
  if (command.completeWorkflowExecution != null) return named('complete', '');
  if (command.failWorkflowExecution != null)
    return named('fail', '', command.failWorkflowExecution.failure?.message ?? '');
  if (command.cancelWorkflowExecution != null) return named('canceled', '');
  if (command.continueAsNewWorkflowExecution != null) return named('continue', '');
  return undefined;
}

function takesBack(command: SdkCommand): [StepKind, number] | undefined {
  if (command.cancelTimer != null) return ['timer', command.cancelTimer.seq ?? 0];
  if (command.requestCancelActivity != null) return ['activity', command.requestCancelActivity.seq ?? 0];
  if (command.cancelChildWorkflowExecution != null)
    return ['child', command.cancelChildWorkflowExecution.childWorkflowSeq ?? 0];
  if (command.cancelSignalWorkflow != null) return ['signal', command.cancelSignalWorkflow.seq ?? 0];
  return undefined;
}

const seqOf = ({
  startTimer,
  scheduleActivity,
  scheduleLocalActivity,
  startChildWorkflowExecution,
  signalExternalWorkflowExecution,
}: SdkCommand): number | undefined =>
  (
    startTimer ??
    scheduleActivity ??
    scheduleLocalActivity ??
    startChildWorkflowExecution ??
    signalExternalWorkflowExecution
  )?.seq ?? undefined;

function summaryOf({ userMetadata }: SdkCommand): string {
  const payload = userMetadata?.summary;
  if (payload == null) return '';
  const text: unknown = payloadConverter.fromPayload(payload);
  return typeof text === 'string' ? toTextLossy(text) : '';
}
