// `workflow.await`: waits until a condition holds. Sealed.
// A1: the condition is looked at at once, and again after every step of the run (a message, an answer, a timer): nothing polls.
// A2: it only looks, as a query does; what it raises is raised where it is awaited.
import { readOptions } from '../../core/options.js';
import { tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { Background, HostCall } from '../../lua/instance-context.js';
import { fn } from '../../lua/module.js';
import type { Outcome } from '../../lua/step.js';
import { callLua, wait } from '../../lua/suspend.js';
import type { Wait, Wake } from '../../lua/suspend.js';
import { luaType } from '../../lua/values.js';
import type { HostResult, LuaFunction, LuaValue } from '../../lua/values.js';
import { awaitingOf } from './durable.js';
import type { Awaiting } from './durable.js';
import { inside } from './inside.js';

const NANOSECONDS = 1_000_000n;

class AwaitedCondition implements Awaiting, Wait {
  readonly condition: LuaFunction;
  readonly #wake: Wake;
  readonly #all: Set<Awaiting>;
  readonly #timer: Background | undefined;

  constructor({ instance }: HostCall, condition: LuaFunction, timeoutMs: number | undefined, wake: Wake) {
    this.condition = condition;
    this.#wake = wake;
    this.#all = awaitingOf(instance);
    this.#all.add(this);
    this.#timer =
      timeoutMs === undefined
        ? undefined
        : instance.background(
            { type: 'time.sleep', ns: BigInt(timeoutMs) * NANOSECONDS, purpose: 'await' },
            (answer) => {
              if (answer.ok) this.#end(() => this.#wake.done([false]));
            },
          );
  }

  settle(outcome: Outcome): boolean {
    const [holds] = outcome.ok ? outcome.values : [];
    if (outcome.ok && (holds === false || holds === null || holds === undefined)) return false;
    this.#end(() => {
      if (outcome.ok) this.#wake.done([true]);
      else this.#wake.fail(errorFromData(outcome.error));
    });
    this.#timer?.cancel();
    return true;
  }

  withdraw(): void {
    this.#all.delete(this);
    this.#timer?.cancel();
  }

  #end(tell: () => void): void {
    if (this.#all.delete(this)) tell();
  }
}

function awaitCondition(call: HostCall, [condition, timeout]: readonly LuaValue[]): HostResult {
  if (typeof condition !== 'function')
    return failure('Invalid', `the condition is a function, got ${luaType(condition)}`);
  const given = tryToData(timeout);
  if (!given.ok) return [undefined, given.error];
  const read = readOptions(given.data === null ? {} : { timeout: given.data }, {
    timeout: { is: 'duration' },
  });
  if (!read.ok) return failure('Invalid', read.problem.replace("option 'timeout'", 'the timeout'));
  const { timeout: timeoutMs } = read.options;
  return callLua(condition, [], ([holds]) =>
    holds !== undefined && holds !== false
      ? true
      : wait(
          'workflow.await',
          (wake) =>
            new AwaitedCondition(
              call,
              condition,
              typeof timeoutMs === 'number' ? timeoutMs : undefined,
              wake,
            ),
        ),
  );
}

export const await_ = fn(
  'Waits until the condition gives something else than nil and false, which it is asked at once and after everything that happens to the run. It only looks, as a query does. With a timeout it gives false when that is over first.',
  ['condition: function', 'timeout?: string|integer'],
  ['boolean?', 'Error?'],
  inside('await', (call, _facts, values) => awaitCondition(call, values)),
  ['Invalid'],
);
