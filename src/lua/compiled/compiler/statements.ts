// Statements to JavaScript. Sealed.
import { unreachable } from '../../../core/errors.js';
import type {
  Block,
  Expression,
  IfStatement,
  LocalStatement,
  ReturnStatement,
  Statement,
} from '../../front/tree.js';
import { TAIL_CALL } from '../positions.js';
import { assignment, functionStatement } from './assignments.js';
import { blockStatements } from './blocks.js';
import { condition } from './conditions.js';
import {
  assign,
  assignRaw,
  callText,
  closureText,
  direct,
  isMultiple,
  listTexts,
  multiple,
  value,
} from './expressions.js';
import { literalOf } from './function-emitter.js';
import type { FunctionEmitter, Jump } from './function-emitter.js';
import { genericFor, numericFor } from './loops.js';
import { ANY, FUNCTION } from './static-types.js';
import { assignList } from './value-lists.js';

/** Writes the whole body of a function. */
export function writeFunction(f: FunctionEmitter): void {
  const { body } = f;
  const slots = body.parameters.map(() => f.slot());
  body.parameters.forEach((parameter, at) => f.declare(parameter, slots[at] as string));
  block(f, body.body);
  if (body.body.statements.at(-1)?.kind !== 'return') f.leave('return EMPTY');
}

export function block(f: FunctionEmitter, b: Block): void {
  const mark = f.top;
  blockStatements(f, b);
  f.release(mark);
}

export function statement(f: FunctionEmitter, s: Statement): void {
  const { marksLines, isObserved } = f.unit.options;
  if (marksLines === true) f.writer.markLine(s.line);
  if (isObserved === true) f.line(`if(O.hook!==null)O.at(${s.line});`, s.line);
  switch (s.kind) {
    case 'localStatement':
    case 'assignment':
    case 'functionStatement':
    case 'callStatement':
    case 'return':
      return f.writer.shared(f.top, () => simpleStatement(f, s));
    default:
      return compoundStatement(f, s);
  }
}

function simpleStatement(f: FunctionEmitter, s: SimpleStatement): void {
  switch (s.kind) {
    case 'localStatement':
      return localStatement(f, s);
    case 'assignment':
      return assignment(f, s);
    case 'functionStatement':
      return functionStatement(f, s);
    case 'callStatement': {
      const mark = f.top;
      const { call, line, operands } = callText(f, s.call);
      f.release(mark);
      f.site({ line, operands, call });
      return;
    }
    case 'return':
      return returnStatement(f, s);
    default:
      return unreachable(s);
  }
}

type SimpleStatement = Extract<
  Statement,
  { kind: 'localStatement' | 'assignment' | 'functionStatement' | 'callStatement' | 'return' }
>;

/** The text of a condition whose sites leave by one exit. */
function test(f: FunctionEmitter, e: Expression): string {
  let text = '';
  f.writer.shared(f.top, () => {
    text = condition(f, e);
  });
  return text;
}

function compoundStatement(f: FunctionEmitter, s: Exclude<Statement, SimpleStatement>): void {
  switch (s.kind) {
    case 'localFunction': {
      const slot = f.slot();
      f.observe(s.variable, slot);
      if (s.variable.captured && s.variable.assigned) {
        f.line(`${slot}={v:undefined};`);
        f.storage.set(s.variable, { kind: 'cell', js: slot, type: ANY });
        f.line(`${slot}.v=${closureText(f, s.function)};`);
      } else {
        f.storage.set(s.variable, { kind: 'slot', js: slot, type: s.variable.assigned ? ANY : FUNCTION });
        f.line(`${slot}=${closureText(f, s.function)};`);
      }
      return;
    }
    case 'do':
      return block(f, s.body);
    case 'while':
      return loop(f, s.line, (label) => {
        const text = test(f, s.condition);
        if (text !== 'true') f.line(`if(!${text})break ${label};`);
        block(f, s.body);
      });
    case 'repeat':
      return loop(f, s.line, (label) => {
        const mark = f.top;
        const regions = f.regions.length;
        blockStatements(f, s.body, () => {
          if (s.body.statements.at(-1)?.kind === 'return') return;
          f.writer.ifElse(test(f, s.condition), () => f.jump({ js: `break ${label}`, regions }));
        });
        f.release(mark);
      });
    case 'if':
      return ifStatement(f, s, 0);
    case 'numericFor':
      return numericFor(f, s);
    case 'genericFor':
      return genericFor(f, s);
    case 'break':
      return jump(f, f.loops.at(-1));
    case 'goto':
      return jump(f, f.jumps.get(s.label.id));
    case 'label':
    case 'typeAlias':
      return;
    default:
      return unreachable(s);
  }
}

function loop(f: FunctionEmitter, line: number, write: (label: string) => void): void {
  const label = f.label();
  f.loops.push({ js: `break ${label}`, regions: f.regions.length });
  f.writer.loop(label, '', '', () => f.pass(line, () => write(label)));
  f.loops.pop();
}

function jump(f: FunctionEmitter, to: Jump | undefined): void {
  if (to === undefined) throw new TypeError('a jump leads nowhere');
  f.jump(to);
}

function ifStatement(f: FunctionEmitter, s: IfStatement, at: number): void {
  const clause = s.clauses[at];
  if (clause === undefined) return;
  const isLast = at === s.clauses.length - 1;
  const rest = isLast ? s.otherwise : undefined;
  const otherwise = isLast
    ? rest === undefined
      ? undefined
      : (): void => block(f, rest)
    : (): void => ifStatement(f, s, at + 1);
  f.writer.ifElse(test(f, clause.condition), () => block(f, clause.body), otherwise);
}

// -------------------------------------------------------------------------------------------------- variables

function localStatement(f: FunctionEmitter, s: LocalStatement): void {
  const { variables, values } = s;
  const [only] = variables;
  if (variables.length === 1 && values.length === 1 && only !== undefined) {
    const [given] = values as readonly [Expression];
    if (literalOf(only) !== undefined) {
      const ready = direct(f, given);
      if (ready !== undefined) {
        f.storage.set(only, { kind: 'literal', js: ready.js, type: ready.type });
        if (f.unit.options.marksLines === true) f.line('x=0;'); // something to stop at
        return;
      }
    }
    const slot = f.slot();
    if (f.rawTypeOf(only) === undefined) f.declare(only, slot, assign(f, given, slot));
    else {
      assignRaw(f, given, slot);
      f.declare(only, slot, ANY, true);
    }
    return;
  }
  const slots = variables.map(() => f.slot());
  const types = assignList(f, values, slots);
  variables.forEach((variable, at) => f.declare(variable, slots[at] as string, types[at]));
}

// ----------------------------------------------------------------------------------------------------- return

function returnStatement(f: FunctionEmitter, { values }: ReturnStatement): void {
  const mark = f.top;
  const [only] = values;
  if (only === undefined) f.giveResult('EMPTY');
  else if (values.length === 1) returnOne(f, only);
  else {
    const texts = listTexts(f, values, 'all');
    const list = `[${texts.join(',')}]`;
    f.giveResult(isMultiple(values.at(-1)) ? `results(${list})` : list);
  }
  f.release(mark);
}

function returnOne(f: FunctionEmitter, e: Expression): void {
  if (e.kind === 'vararg') {
    f.giveResult('results(va)');
    return;
  }
  if (e.kind === 'call' || e.kind === 'method') {
    if (f.regions.length > 0) {
      f.giveResult(multiple(f, e)); // no tail call: the variables are closed after it
      return;
    }
    const { call, line, operands } = callText(f, e);
    f.site({ line, operands: [...operands, TAIL_CALL], call, target: 'x', onlyHost: true, live: f.top });
    f.giveResult('x');
    return;
  }
  f.giveResult(value(f, e).js);
}
