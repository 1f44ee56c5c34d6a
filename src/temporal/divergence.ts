// Where a replay went another way than its history, in the app's words. Host only.
// D1: the verdict is the SDK's; this only explains it, by comparing what the program did with what the history has, in order.
// D2: local activities are left out of that: their markers come when they end, not when they begin.
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { LuaFrame } from '../lua/engine.js';
import type { CoroutineState } from '../lua/step.js';
import { unreachable } from '../core/errors.js';
import type { RunStep, TracedState, TracedStep } from './contracts.js';
import { stepsOfHistory } from './history-steps.js';
import type { HistoryStep } from './history-steps.js';
import { INBOX_SIGNAL } from './names.js';

export interface Divergence {
  /** What the history has there; undefined: nothing. */
  readonly expected: HistoryStep | undefined;
  /** What the program does instead; undefined: nothing, it waits. */
  readonly found: RunStep | undefined;
  /** Of the program, innermost first; empty where no Lua can be blamed. */
  readonly frames: readonly LuaFrame[];
  /** The SDK's words. */
  readonly reason: string;
}

/** What a traced replay has told. */
export interface ReplayTrace {
  readonly steps: readonly TracedStep[];
  readonly state: TracedState;
  /** Of the changes that the program passed, by name. */
  readonly versions: Readonly<Record<string, number>>;
}

export function explainDivergence(
  history: History,
  { steps, state }: ReplayTrace,
  reason: string,
): Divergence {
  const recorded = stepsOfHistory(history).filter(isOrdered);
  const made = steps.filter(isOrdered);
  const differs = (by: (recorded: HistoryStep, made: TracedStep) => boolean): number => {
    const at = recorded.findIndex((step, index) => made[index] === undefined || by(step, made[index]));
    return at >= 0 || made.length === recorded.length ? at : recorded.length;
  };
  let at = differs((one, other) => one.kind !== other.kind || one.name !== other.name);
  // The same steps, but in other tasks: earlier or later than the history has them.
  if (at < 0 || at === recorded.length) {
    const late = differs((one, other) => one.task !== other.task);
    if (late >= 0 && late < recorded.length) at = late;
  }
  const expected = at < 0 ? undefined : recorded[at];
  const found = at < 0 ? undefined : made[at];
  return { expected, found, frames: found?.frames ?? waitingFrames(state.coroutines), reason };
}

/** D2 */
const isOrdered = ({ kind }: RunStep): boolean => kind !== 'local';

const waitingFrames = (coroutines: readonly CoroutineState[]): readonly LuaFrame[] =>
  coroutines[0]?.frames ?? [];

/** `order.lua:14`; '' where nothing of Lua is known. */
export function placeOf(frames: readonly LuaFrame[]): string {
  const known = frames.find(({ line }) => line > 0);
  return known === undefined ? '' : `${known.chunk}:${known.line}`;
}

/** `a call of app:charge (Charge card: o-1)` */
export const describeStep = (step: RunStep): string =>
  step.summary === '' ? wordsOf(step) : `${wordsOf(step)} (${step.summary})`;

function wordsOf({ kind, name }: RunStep): string {
  switch (kind) {
    case 'activity':
      return name.includes(':') ? `a call of ${name}` : `the command ${name}`;
    case 'local':
      return `the local call ${name}`;
    case 'timer':
      return 'a timer';
    case 'child':
      return `a start of the workflow ${name}`;
    case 'signal':
      return name === INBOX_SIGNAL ? 'a message to another workflow' : `a message '${name}'`;
    case 'cancel':
      return 'a cancellation of another workflow';
    case 'operation':
      return `the operation ${name}`;
    case 'version':
      return `the version of '${name}'`;
    case 'attributes':
      return 'search attributes';
    case 'memo':
      return 'a memo';
    case 'complete':
      return 'the end of the run';
    case 'fail':
      return 'the failure of the run';
    case 'canceled':
      return 'the end of the run as cancelled';
    case 'continue':
      return 'continue_as_new';
    default:
      return unreachable(kind);
  }
}
