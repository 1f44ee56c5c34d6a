// Replays of recorded runs, with what their programs did and, where one goes another way, why. Host only.
// R1: one history after the other, and each run alone: memory is that of one.
// R2: no server is needed: the history, the programs and the bundle are all there is.
import type { InjectedSinks, ReplayResult } from '@temporalio/worker';
import type { WorkflowInfo } from '@temporalio/workflow';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type {
  ArtifactSource,
  ProgramReference,
  ProgramTracing,
  StepKind,
  TracedState,
  TracedStep,
} from './contracts.js';
import { sandboxCode } from './bundle.js';
import { workerDataConverter } from './data-converter.js';
import { explainDivergence } from './divergence.js';
import type { Divergence, ReplayTrace } from './divergence.js';
import { TRACE_SINK } from './names.js';

export interface RecordedRun {
  readonly workflowId: string;
  readonly history: History;
  /** Another program to replay it on. */
  readonly instead?: Instead;
}

export interface Instead {
  readonly reference: ProgramReference;
  /** Whether that program asks for versions of changes: then the run's own program says which the run has. */
  readonly asksForVersions: boolean;
}

export interface ReplayOptions {
  readonly bundle: { readonly code: string };
  /** What the programs of the histories are replayed on. */
  readonly artifacts: ArtifactSource;
  /** Default 'steps'. */
  readonly tracing?: ProgramTracing;
}

export type ReplayOutcome =
  | { readonly is: 'same'; readonly trace: ReplayTrace }
  | { readonly is: 'diverged'; readonly divergence: Divergence }
  /** The program could not go on at all: it is missing, or the host is at fault. */
  | { readonly is: 'broken'; readonly reason: string };

export interface ReplayedRun<Run extends RecordedRun> {
  readonly run: Run;
  readonly outcome: ReplayOutcome;
}

interface Recording {
  readonly steps: TracedStep[];
  state: TracedState;
  readonly versions: Record<string, number>;
}

type Sinks = InjectedSinks<{
  [TRACE_SINK]: {
    step(step: TracedStep): void;
    takenBack(kind: StepKind, seq: number, by: TracedStep): void;
    version(change: string, version: number): void;
    state(state: TracedState): void;
  };
}>;

const newRecording = (): Recording => ({
  steps: [],
  state: { coroutines: [] },
  versions: {},
});

export async function* replayRuns<Run extends RecordedRun>(
  runs: AsyncIterable<Run> | Iterable<Run>,
  { bundle, artifacts, tracing = 'steps' }: ReplayOptions,
): AsyncGenerator<ReplayedRun<Run>> {
  let recording = newRecording();
  let current:
    | { readonly run: Run; readonly reference: ProgramReference | undefined; readonly isLast: boolean }
    | undefined;
  let isSame = true;
  const histories = async function* () {
    for await (const run of runs) {
      const { workflowId, history, instead } = run;
      recording = newRecording();
      if (instead?.asksForVersions === true) {
        current = { run, reference: undefined, isLast: false };
        yield { workflowId, history };
        if (!isSame) continue; // told below
      }
      const { versions } = recording;
      recording = newRecording();
      current = { run, reference: instead && { ...instead.reference, versions }, isLast: true };
      yield { workflowId, history };
    }
  };
  // Late: commands about runs seldom replay one, and the SDK's worker is most of what they would load.
  const { UntimedWorker } = await import('./worker.js');
  const source: ArtifactSource = {
    artifact: (hash, engine) => artifacts.artifact(hash, engine),
    instead: (recorded) => Promise.resolve(current?.reference ?? recorded),
  };
  const replayed = UntimedWorker.runReplayHistories(
    {
      workflowBundle: sandboxCode(bundle),
      dataConverter: workerDataConverter(source, tracing),
      sinks: sinks(() => recording),
      replayName: 'moontide-replay',
    },
    histories(), // R1
  );
  for await (const { error } of replayed) {
    if (current === undefined) continue;
    const { run, isLast } = current;
    isSame = error === undefined;
    if (isLast || !isSame) yield { run, outcome: outcomeOf(run.history, error, recording) };
  }
}

function sinks(recording: () => Recording): Sinks {
  const during = <Fn extends (info: WorkflowInfo, ...args: never[]) => void>(fn: Fn) => ({
    fn,
    callDuringReplay: true,
  });
  return {
    [TRACE_SINK]: {
      step: during((_info, step: TracedStep) => void recording().steps.push(step)),
      takenBack: during((_info, kind: StepKind, seq: number, by: TracedStep) => {
        const { steps } = recording();
        // What is taken back in the task that made it never reaches the history; later, a child's cancellation does.
        const at = steps.findIndex((step) => step.kind === kind && step.seq === seq && step.task === by.task);
        if (at >= 0) steps.splice(at, 1);
        else if (kind === 'child') steps.push(by);
      }),
      version: during(
        (_info, change: string, version: number) => void (recording().versions[change] = version),
      ),
      state: during((_info, state: TracedState) => void (recording().state = state)),
    },
  };
}

function outcomeOf(history: History, error: ReplayResult['error'], trace: ReplayTrace): ReplayOutcome {
  if (error === undefined) return { is: 'same', trace };
  const reason = reasonOf(error);
  if (error.name === 'DeterminismViolationError')
    return { is: 'diverged', divergence: explainDivergence(history, trace, reason) };
  return { is: 'broken', reason };
}

/** The SDK's own words without what it says every time. */
function reasonOf(error: Error): string {
  const details = /Details: ([\s\S]*)$/.exec(error.message)?.[1] ?? error.message;
  return nested(details) ?? details;
}

/** Of a failed task: its failure as the core prints it. */
function nested(details: string): string | undefined {
  const [, escaped] = /message: "((?:[^"\\]|\\.)*)"/.exec(details) ?? [];
  return escaped?.replaceAll(/\\(.)/g, '$1');
}

/** A recorded run on another program of its entry: what is recorded of where calls run stays, so that only the Lua differs. */
export const referenceInstead = (recorded: ProgramReference, other: ProgramReference): ProgramReference => ({
  ...recorded,
  program: other.program,
  routes: { ...other.routes, ...recorded.routes },
  ...(other.declares === undefined ? {} : { declares: other.declares }),
});
