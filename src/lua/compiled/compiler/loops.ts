// The two for loops. Sealed.
// L1: a loop whose start and step are constant integers runs on a JavaScript number; its variable is known to be an integer.
// L2: any other numeric loop does so too when its bounds turn out to be small integers; else `planLoop` says how to go.
// L3: pairs and ipairs run on an iterator object; any other iterator is called.
import type { Expression, GenericForStatement, NumericForStatement, Variable } from '../../front/tree.js';
import { constantNumber } from './constants.js';
import { value } from './expressions.js';
import { isCellVariable } from './function-emitter.js';
import type { FunctionEmitter } from './function-emitter.js';
import { block } from './statements.js';
import { assignList, spreadResult } from './value-lists.js';
import { integerRange, MANY_PASSES, NUMBER } from './static-types.js';

/** Starts and steps beyond these are left to planLoop. */
const MAX_START = 2 ** 31;
const MAX_STEP = 1024;

export function numericFor(f: FunctionEmitter, s: NumericForStatement): void {
  const mark = f.top;
  const start = constantNumber(s.start);
  const step = s.step === undefined ? 1 : constantNumber(s.step);
  const isSmallStep =
    typeof step === 'number' && Number.isInteger(step) && step !== 0 && Math.abs(step) <= MAX_STEP;
  if (typeof start === 'number' && Number.isInteger(start) && Math.abs(start) < MAX_START && isSmallStep)
    constantFor(f, s, start, step);
  else generalFor(f, s, isSmallStep ? step : undefined);
  f.release(mark);
}

const assigned = (variable: Variable): boolean => variable.assigned || isCellVariable(variable);

function constantFor(f: FunctionEmitter, s: NumericForStatement, start: number, step: number): void {
  const counter = f.slot();
  const isUp = step > 0;
  const end = constantNumber(s.limit);
  let limit: string;
  if (typeof end === 'number') limit = end < 0 ? `(${end})` : String(end);
  else {
    limit = f.slot();
    const given = value(f, s.limit);
    const js = f.use(given);
    f.release(f.top);
    const otherwise = `loopLimit(${js},${isUp})`;
    if (given.type.is === 'integer') f.line(`${limit}=${js};`);
    else f.line(`if(typeof ${js}==='number')${limit}=${js};else ${limit}=${otherwise};`, s.doLine);
  }
  f.line(`${counter}=${start};`);
  const far =
    typeof end === 'number' && Number.isFinite(end) ? end : (isUp ? 1 : -1) * MANY_PASSES * Math.abs(step);
  const type = isUp
    ? integerRange(start, Math.max(start, Math.floor(far)))
    : integerRange(Math.min(start, Math.ceil(far)), start);
  const advance = step === 1 ? `${counter}++` : `${counter}+=${step}`;
  run(f, s, `${counter}${isUp ? '<=' : '>='}${limit}`, advance, () => {
    if (!assigned(s.variable)) f.declare(s.variable, counter, type);
    else {
      const slot = f.slot();
      f.line(`${slot}=${counter};`);
      f.declare(s.variable, slot, type);
    }
  });
}

function run(
  f: FunctionEmitter,
  s: NumericForStatement,
  test: string,
  advance: string,
  declare: () => void,
): void {
  const label = f.label();
  f.loops.push({ js: `break ${label}`, regions: f.regions.length });
  f.writer.loop(label, test, advance, () => {
    f.pass(s.line, () => {
      const mark = f.top;
      declare();
      block(f, s.body);
      f.release(mark);
    });
  });
  f.loops.pop();
}

/** `step`: a small constant one. */
function generalFor(f: FunctionEmitter, s: NumericForStatement, step: number | undefined): void {
  const [counter, limit, plan] = [f.slot(), f.slot(), f.slot()] as const;
  const stepSlot = step === undefined ? f.slot() : undefined;
  const mark = f.top;
  const start = f.use(value(f, s.start));
  const end = f.use(value(f, s.limit));
  const by = step === undefined && s.step !== undefined ? f.use(value(f, s.step)) : String(step);
  const numbers = [start, end, ...(step === undefined ? [by] : [])].map((js) => `typeof ${js}==='number'`);
  const small = [start, ...(step === undefined ? [by] : [])].map((js) => `(${js}|0)===${js}`);
  const planned = `${plan}=planLoop(${start},${end},${by});${counter}=${plan}.first;${limit}=${plan}.last;`;
  const steps = stepSlot === undefined ? ['', ''] : [`${stepSlot}=${by};`, `${stepSlot}=${plan}.step;`];
  f.line(
    `if(${[...numbers, ...small].join('&&')}){${plan}=null;${limit}=${end};${counter}=${start};${steps[0]}}` +
      `else{${planned}${steps[1]}}`,
    s.doLine,
  );
  f.release(mark);
  const up = `${counter}<=${limit}`;
  const down = `${counter}>=${limit}`;
  const test = stepSlot === undefined ? ((step ?? 1) > 0 ? up : down) : `${stepSlot}>0?${up}:${down}`;
  const advance = step === 1 ? `${counter}++` : `${counter}+=${stepSlot ?? step}`;
  run(f, s, test, advance, () => {
    const slot = f.slot();
    f.line(`if(${plan}===null)${slot}=${counter};else ${slot}=loopValue(${plan},${counter});`);
    f.declare(s.variable, slot, NUMBER);
  });
}

/** What builtins call themselves when a loop calls them; a value that cannot be called has no name (operand 1). */
const ITERATOR = ["iterator 'for iterator'"];

export function genericFor(f: FunctionEmitter, s: GenericForStatement): void {
  const mark = f.top;
  f.calls = true;
  const [callee, state, control] = [f.slot(), f.slot(), f.slot()] as const;
  assignList(f, s.values, [callee, state, control]);
  const iterator = f.slot();
  f.line(`${iterator}=iteratorOf(${callee},${state},${control});`);
  const label = f.label();
  f.loops.push({ js: `break ${label}`, regions: f.regions.length });
  const body = (): void => {
    const inner = f.top;
    const slots = s.variables.map(() => f.slot());
    const [first = '', second, ...others] = slots;
    f.writer.ifElse(
      `${iterator}!==null`,
      () => {
        f.line(
          `if(!${iterator}.step())break ${label};${first}=${iterator}.key;`,
          startLine(s.values[0]) ?? s.line,
        );
        if (second !== undefined) f.line(`${second}=${iterator}.value;`);
        if (others.length > 0) f.line(`${others.join('=')}=undefined;`);
      },
      () => {
        const call = `(typeof ${callee}==='function'?${callee}:callable(${callee},1))(${state},${control})`;
        f.site({
          line: startLine(s.values[0]) ?? s.line,
          operands: ITERATOR,
          call,
          target: first,
          live: inner,
        });
        spreadResult(f, first, slots.slice(1));
        f.line(`if(${first}===undefined)break ${label};${control}=${first};`);
      },
    );
    s.variables.forEach((variable, at) => f.declare(variable, slots[at] as string));
    block(f, s.body);
    f.release(inner);
  };
  f.writer.loop(label, '', '', () => f.pass(s.line, body));
  f.loops.pop();
  f.release(mark);
}

/** The line where an expression begins, which is the one PUC gives to calls of the iterator. */
function startLine(e: Expression | undefined): number | undefined {
  if (e === undefined) return undefined;
  return e.kind === 'binary' || e.kind === 'logical' ? startLine(e.left) : e.line;
}
