// Names of operands as PUC's error messages give them: `local 'x'`, `field 'y'`. Sealed.
import type { Expression } from '../../front/tree.js';
import { unreachable } from '../../../core/errors.js';

/** '' where PUC names nothing. */
export function nameOf(expression: Expression): string {
  switch (expression.kind) {
    case 'local':
      return expression.variable.name === '' ? '' : `local '${expression.variable.name}'`;
    case 'upvalue':
      return `upvalue '${expression.variable.name}'`;
    case 'global':
      return `global '${expression.name}'`;
    case 'environment':
      return `upvalue '_ENV'`;
    case 'index': {
      const { object, key } = expression;
      const isGlobal =
        object.kind === 'environment' ||
        ((object.kind === 'local' || object.kind === 'upvalue') && object.variable.name === '_ENV');
      return `${isGlobal ? 'global' : 'field'} '${key.kind === 'string' ? key.value : '?'}'`;
    }
    case 'cast':
    case 'nonNil':
      return nameOf(expression.expression);
    case 'nil':
    case 'boolean':
    case 'integer':
    case 'float':
    case 'string':
    case 'vararg':
    case 'call':
    case 'method':
    case 'function':
    case 'binary':
    case 'logical':
    case 'unary':
    case 'table':
    case 'paren':
      return '';
    default:
      return unreachable(expression);
  }
}

/** The name of what PUC has loaded for the operation, which may also be a constant: what is called, an only operand. */
export function loadedName(expression: Expression): string {
  return expression.kind === 'string' ? `constant '${expression.value}'` : nameOf(expression);
}
