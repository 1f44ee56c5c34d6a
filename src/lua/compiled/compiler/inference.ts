// What a function's own variables always hold, from all that is ever assigned to them. Sealed.
// T1: flow does not matter: a variable has a type if every value that it gets has it. Cells are left out.
// T2: the answer is the least one: variables that only feed each other with numbers are numbers.
// T3: `float`: only floats. `floatish`: results of arithmetic that are floats unless a metamethod has a say; nothing hangs on
//     that being so, but such a variable is best kept raw (static-types.ts K3).
import type { Block, Expression, FunctionBody, Statement, Variable } from '../../front/tree.js';
import {
  ANY,
  BOOLEAN,
  FLOAT,
  FLOATISH,
  FUNCTION,
  isNumeric,
  isRawFloat,
  isTruthyType,
  NIL,
  NUMBER,
  STRING,
  TABLE,
} from './static-types.js';
import type { StaticType } from './static-types.js';

/** Nothing is known to be assigned yet; operators on it give it. */
type Inferred = StaticType | undefined;
type Sources = Map<Variable, (Expression | undefined)[]>;

export function inferTypes(body: FunctionBody): ReadonlyMap<Variable, StaticType> {
  const sources: Sources = new Map();
  collect(body.body, sources);
  const types = new Map<Variable, StaticType>();
  for (let changed = true; changed;) {
    changed = false;
    for (const [variable, expressions] of sources) {
      const before = types.get(variable);
      if (before === ANY) continue;
      let type: Inferred;
      for (const e of expressions) type = join(type, e === undefined ? ANY : typeOf(e, types));
      if (type === before || type === undefined) continue;
      types.set(variable, type);
      changed = true;
    }
  }
  return types;
}

function join(a: Inferred, b: Inferred): Inferred {
  if (a === undefined || b === undefined) return a ?? b;
  if (a === b) return a;
  if (isRawFloat(a) && isRawFloat(b)) return FLOATISH;
  return isNumeric(a) && isNumeric(b) ? NUMBER : ANY;
}

/** Parameters have a source that is not seen here: the caller. */
const hasType = ({ role, captured, assigned }: Variable): boolean =>
  role !== 'parameter' && role !== 'self' && !(captured && assigned);

function add(sources: Sources, variable: Variable, e: Expression | undefined): void {
  if (!hasType(variable)) return;
  const known = sources.get(variable);
  if (known === undefined) sources.set(variable, [e]);
  else known.push(e);
}

const NIL_EXPRESSION: Expression = { kind: 'nil', line: 0, column: 0 };
const NUMBER_EXPRESSION: Expression = { kind: 'integer', value: 0, line: 0, column: 0 };

function collect(block: Block, sources: Sources): void {
  for (const s of block.statements) collectStatement(s, sources);
}

function collectStatement(s: Statement, sources: Sources): void {
  switch (s.kind) {
    case 'localStatement':
      s.variables.forEach((variable, at) => add(sources, variable, sourceAt(s.values, at)));
      return;
    case 'localFunction':
      return add(sources, s.variable, s.function);
    case 'assignment':
      s.targets.forEach((target, at) => {
        if (target.kind === 'local') add(sources, target.variable, sourceAt(s.values, at));
      });
      return;
    case 'functionStatement':
      if (s.target.kind === 'local') add(sources, s.target.variable, s.function);
      return;
    case 'if':
      for (const clause of s.clauses) collect(clause.body, sources);
      if (s.otherwise !== undefined) collect(s.otherwise, sources);
      return;
    case 'numericFor':
      add(sources, s.variable, NUMBER_EXPRESSION);
      return collect(s.body, sources);
    case 'genericFor':
      for (const variable of s.variables) add(sources, variable, undefined);
      return collect(s.body, sources);
    case 'do':
    case 'while':
    case 'repeat':
      return collect(s.body, sources);
    default:
      return;
  }
}

/** What the variable at a place of a list gets; undefined: one of several results. */
function sourceAt(values: readonly Expression[], at: number): Expression | undefined {
  const own = values[at];
  if (own !== undefined) return own;
  const last = values.at(-1);
  const isOpen = last?.kind === 'call' || last?.kind === 'method' || last?.kind === 'vararg';
  return isOpen ? undefined : NIL_EXPRESSION;
}

function typeOf(e: Expression, types: ReadonlyMap<Variable, StaticType>): Inferred {
  switch (e.kind) {
    case 'nil':
      return NIL;
    case 'boolean':
      return BOOLEAN;
    case 'integer':
      return NUMBER;
    case 'float':
      return FLOAT;
    case 'string':
      return STRING;
    case 'function':
      return FUNCTION;
    case 'table':
      return TABLE;
    case 'local':
      return hasType(e.variable) ? types.get(e.variable) : ANY;
    case 'paren':
    case 'cast':
    case 'nonNil':
      return typeOf(e.expression, types);
    case 'unary':
      return unaryType(e.operator, typeOf(e.operand, types));
    case 'binary':
      return binaryType(e.operator, typeOf(e.left, types), typeOf(e.right, types));
    case 'logical': {
      const left = typeOf(e.left, types);
      const right = typeOf(e.right, types);
      if (left !== undefined && isTruthyType(left)) return e.operator === 'and' ? right : left;
      return join(left, right);
    }
    default:
      return ANY;
  }
}

function unaryType(operator: string, operand: Inferred): Inferred {
  if (operator === 'not') return BOOLEAN;
  if (operand === undefined) return undefined;
  if (operator === '#') return operand === STRING ? NUMBER : ANY;
  if (operator === '-' && isRawFloat(operand)) return operand;
  return isNumeric(operand) ? NUMBER : ANY;
}

function binaryType(operator: string, left: Inferred, right: Inferred): Inferred {
  if (/^(?:==|~=|<=?|>=?)$/.test(operator)) return BOOLEAN;
  const isBit = /^(?:[&|~]|<<|>>)$/.test(operator);
  const isConcat = operator === '..';
  if (!isBit && !isConcat) return arithmeticType(operator, left, right);
  const fits = (type: Inferred): boolean =>
    type === undefined || isNumeric(type) || (isConcat && type === STRING);
  if (!fits(left) || !fits(right)) return ANY;
  if (isConcat) return STRING;
  return left === undefined && right === undefined ? undefined : NUMBER;
}

function arithmeticType(operator: string, left: Inferred, right: Inferred): Inferred {
  const known = [left, right].filter((type) => type !== undefined);
  const areNumbers = known.every(isNumeric);
  if (operator === '/' || operator === '^' || known.some(isRawFloat)) return areNumbers ? FLOAT : FLOATISH;
  if (known.length < 2) return undefined; // the other one may turn out to be a float
  return areNumbers ? NUMBER : ANY;
}
