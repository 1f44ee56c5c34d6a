// Operators and how tightly they bind, as in PUC: left and right priority by token. Sealed.
import {
  T_AND,
  T_CONCAT,
  T_EQUAL,
  T_FLOOR_DIVIDE,
  T_GREATER_EQUAL,
  T_LESS_EQUAL,
  T_NOT,
  T_NOT_EQUAL,
  T_OR,
  T_SHIFT_LEFT,
  T_SHIFT_RIGHT,
  TOKEN_KINDS,
} from './tokens.js';
import type { BinaryOperator, UnaryOperator } from './tree.js';

type Infix = BinaryOperator | 'and' | 'or';

/** Token, left priority, right priority: a total record, so that no operator can be forgotten. */
const INFIX: Readonly<Record<Infix, readonly [token: number, left: number, right: number]>> = {
  or: [T_OR, 1, 1],
  and: [T_AND, 2, 2],
  '<': [60, 3, 3],
  '>': [62, 3, 3],
  '<=': [T_LESS_EQUAL, 3, 3],
  '>=': [T_GREATER_EQUAL, 3, 3],
  '~=': [T_NOT_EQUAL, 3, 3],
  '==': [T_EQUAL, 3, 3],
  '|': [124, 4, 4],
  '~': [126, 5, 5],
  '&': [38, 6, 6],
  '<<': [T_SHIFT_LEFT, 7, 7],
  '>>': [T_SHIFT_RIGHT, 7, 7],
  '..': [T_CONCAT, 9, 8],
  '+': [43, 10, 10],
  '-': [45, 10, 10],
  '*': [42, 11, 11],
  '/': [47, 11, 11],
  '//': [T_FLOOR_DIVIDE, 11, 11],
  '%': [37, 11, 11],
  '^': [94, 14, 13],
};

/** How tightly unary operators bind. */
export const UNARY_PRIORITY = 12;

/** By token; 0: not an infix operator. */
export const LEFT_PRIORITY = new Uint8Array(TOKEN_KINDS);
export const RIGHT_PRIORITY = new Uint8Array(TOKEN_KINDS);
export const INFIX_OPERATORS: (Infix | undefined)[] = Array.from({ length: TOKEN_KINDS }, () => undefined);
for (const [operator, [token, left, right]] of Object.entries(INFIX) as [
  Infix,
  readonly [number, number, number],
][]) {
  LEFT_PRIORITY[token] = left;
  RIGHT_PRIORITY[token] = right;
  INFIX_OPERATORS[token] = operator;
}

export function unaryOperator(token: number): UnaryOperator | undefined {
  switch (token) {
    case T_NOT:
      return 'not';
    case 45:
      return '-';
    case 126:
      return '~';
    case 35:
      return '#';
    default:
      return undefined;
  }
}
