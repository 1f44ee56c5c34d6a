// Lists of expressions into slots: how many values there are is known only where the last one is no call. Sealed.
import type { Expression, MultiExpression } from '../../front/tree.js';
import { assign, callText, direct, isMultiple, value } from './expressions.js';
import type { FunctionEmitter } from './function-emitter.js';
import { ANY, NIL } from './static-types.js';
import type { StaticType } from './static-types.js';

/** Evaluates a list of expressions into as many fresh slots as there are, from the first on. */
export function assignList(
  f: FunctionEmitter,
  values: readonly Expression[],
  slots: readonly string[],
): StaticType[] {
  const types: StaticType[] = [];
  values.forEach((e, at) => {
    const slot = slots[at];
    const isLast = at === values.length - 1;
    if (isLast && isMultiple(e) && slots.length > values.length) {
      spread(f, e, slots.slice(at));
      for (let rest = at; rest < slots.length; rest++) types.push(ANY);
    } else if (slot === undefined) {
      const mark = f.top;
      evaluate(f, e);
      f.release(mark);
    } else types.push(assign(f, e, slot));
  });
  if (types.length < slots.length) {
    f.line(`${slots.slice(types.length).join('=')}=undefined;`);
    while (types.length < slots.length) types.push(NIL);
  }
  return types;
}

/** Evaluates for its effects only. */
function evaluate(f: FunctionEmitter, e: Expression): void {
  if (direct(f, e) === undefined) value(f, e);
}

/** Several results of one expression into several slots. */
function spread(f: FunctionEmitter, e: MultiExpression, slots: readonly string[]): void {
  const [head = '', ...rest] = slots;
  if (e.kind === 'vararg') {
    slots.forEach((slot, at) => f.line(`${slot}=va[${at}];`));
    return;
  }
  const mark = f.top;
  const { call, line, operands } = callText(f, e);
  f.release(mark);
  // The slots are the topmost ones; none of them holds anything yet.
  f.site({ line, operands, call, target: head, live: mark - slots.length });
  spreadResult(f, head, rest);
}

/** The result in `head`, as a call gives it, into `head` and `rest`. */
export function spreadResult(f: FunctionEmitter, head: string, rest: readonly string[]): void {
  const several = rest.map((slot, at) => `${slot}=${head}[${at + 1}];`).join('');
  const none = rest.length === 0 ? '' : `else ${rest.join('=')}=undefined;`;
  f.line(`if(A(${head})){${several}${head}=${head}[0]}${none}`);
}
