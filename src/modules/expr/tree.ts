// The tree of an expression. Sealed.
import type { Data } from '../../core/data.js';

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '=='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'and'
  | 'or'
  | '??'
  | '..'
  | 'in'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'matches';

export type Node =
  | { readonly is: 'constant'; readonly value: Data }
  | { readonly is: 'name'; readonly name: string }
  /** What a predicate is asked about: the element, its index, the result so far. */
  | { readonly is: 'pointer'; readonly of: 'item' | 'index' | 'acc' }
  | { readonly is: 'array'; readonly items: readonly Node[] }
  | { readonly is: 'map'; readonly entries: readonly (readonly [key: Node, value: Node])[] }
  | { readonly is: 'not' | 'minus' | 'plus'; readonly operand: Node }
  | { readonly is: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly is: 'condition'; readonly condition: Node; readonly then: Node; readonly otherwise: Node }
  /** `optional`: nil where the object is nil, and the rest of the chain with it. */
  | { readonly is: 'member'; readonly object: Node; readonly key: Node; readonly optional: boolean }
  | {
      readonly is: 'slice';
      readonly object: Node;
      readonly from: Node | undefined;
      readonly to: Node | undefined;
    }
  | { readonly is: 'chain'; readonly of: Node }
  | { readonly is: 'let'; readonly name: string; readonly value: Node; readonly body: Node }
  | { readonly is: 'sequence'; readonly first: Node; readonly then: Node }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly Node[] };
