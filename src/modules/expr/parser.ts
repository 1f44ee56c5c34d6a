// Expressions to trees: precedence climbing. Sealed.
import { LuaFloat } from '../../core/data.js';
import { FUNCTIONS } from './functions.js';
import { ExpressionSyntaxError, tokenize } from './lexer.js';
import type { Token } from './lexer.js';
import type { BinaryOperator, Node } from './tree.js';
import { noFunction } from './values.js';

interface Operator {
  readonly precedence: number;
  readonly means: BinaryOperator;
  readonly right?: true;
}

const operator = (precedence: number, means: BinaryOperator, right?: true): Operator => ({
  precedence,
  means,
  ...(right === undefined ? {} : { right }),
});

const BINARY: ReadonlyMap<string, Operator> = new Map(
  Object.entries({
    '||': operator(10, 'or'),
    or: operator(10, 'or'),
    '&&': operator(15, 'and'),
    and: operator(15, 'and'),
    '==': operator(20, '=='),
    '!=': operator(20, '!='),
    '<': operator(20, '<'),
    '>': operator(20, '>'),
    '<=': operator(20, '<='),
    '>=': operator(20, '>='),
    in: operator(20, 'in'),
    matches: operator(20, 'matches'),
    contains: operator(20, 'contains'),
    startsWith: operator(20, 'startsWith'),
    endsWith: operator(20, 'endsWith'),
    '..': operator(25, '..'),
    '+': operator(30, '+'),
    '-': operator(30, '-'),
    '*': operator(60, '*'),
    '/': operator(60, '/'),
    '%': operator(60, '%'),
    '**': operator(100, '**', true),
    '^': operator(100, '**', true),
    '??': operator(500, '??'),
  }),
);
const NEGATABLE = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);
/** The one integer that has its 64 bits with a minus only. */
const BEYOND = 2n ** 63n;

const UNARY: ReadonlyMap<string, readonly [precedence: number, is: 'not' | 'minus' | 'plus']> = new Map([
  ['not', [50, 'not']],
  ['!', [50, 'not']],
  ['-', [90, 'minus']],
  ['+', [90, 'plus']],
]);
const RESERVED = new Set(['let', 'if', 'else', 'and', 'or', 'not', ...NEGATABLE]);

/** Deepest nesting. */
const MAX_DEPTH = 100;
/** Longest expression. Characters. */
export const MAX_EXPRESSION = 10_000;

export function parseExpression(source: string): Node {
  if (source.length > MAX_EXPRESSION)
    throw new ExpressionSyntaxError('', 0, `the expression has more than ${MAX_EXPRESSION} characters`);
  return new Parser(source).whole();
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  /** How many predicates are around: `#` means something in one only. */
  #predicates = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  whole(): Node {
    const node = this.#sequence();
    if (this.#token.is !== 'end') throw this.#unexpected();
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? { is: 'end', value: '', at: this.#source.length };
  }

  /** Whether the next token is this operator or word. */
  #sees(value: string): boolean {
    const { is, value: found } = this.#token;
    return (is === 'operator' || is === 'name') && found === value;
  }

  #takes(value: string): boolean {
    if (!this.#sees(value)) return false;
    this.#next += 1;
    return true;
  }

  #expect(value: string): void {
    if (!this.#takes(value)) throw this.#unexpected(`'${value}' expected, `);
  }

  #fail(problem: string): ExpressionSyntaxError {
    return new ExpressionSyntaxError(this.#source, this.#token.at, problem);
  }

  #unexpected(before = ''): ExpressionSyntaxError {
    const { is, value } = this.#token;
    return this.#fail(`${before}unexpected ${is === 'end' ? 'end' : `'${String(value)}'`}`);
  }

  #nested<T>(work: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw this.#fail(`it is nested deeper than ${MAX_DEPTH} levels`);
    const result = work();
    this.#depth -= 1;
    return result;
  }

  /** `let a = 1; b; c`. */
  #sequence(): Node {
    return this.#nested(() => {
      if (this.#takes('let')) {
        const name = this.#name();
        this.#expect('=');
        const value = this.#expression(0);
        this.#expect(';');
        return { is: 'let', name, value, body: this.#sequence() };
      }
      const first = this.#expression(0);
      if (!this.#takes(';')) return first;
      return this.#ends() ? first : { is: 'sequence', first, then: this.#sequence() };
    });
  }

  #ends(): boolean {
    return this.#token.is === 'end' || this.#sees('}') || this.#sees(')');
  }

  #name(): string {
    const { is, value } = this.#token;
    if (is !== 'name' || RESERVED.has(value)) throw this.#unexpected('a name expected, ');
    this.#next += 1;
    return value;
  }

  #expression(least: number): Node {
    return this.#nested(() => {
      let left = this.#sees('if') ? this.#if() : this.#unary();
      for (;;) {
        if (least === 0 && this.#takes('|')) {
          left = this.#pipe(left);
          continue;
        }
        const negated = this.#negated();
        const token = this.#tokens[this.#next + (negated ? 1 : 0)];
        const known = token?.is === 'operator' || token?.is === 'name' ? BINARY.get(token.value) : undefined;
        if (known === undefined || known.precedence < least) break;
        this.#next += negated ? 2 : 1;
        const right = this.#expression(known.right === true ? known.precedence : known.precedence + 1);
        const binary: Node = { is: 'binary', operator: known.means, left, right };
        left = negated ? { is: 'not', operand: binary } : binary;
      }
      return least === 0 ? this.#ternary(left) : left;
    });
  }

  /** `x not in y`. */
  #negated(): boolean {
    const after = this.#tokens[this.#next + 1];
    return this.#sees('not') && after?.is === 'name' && NEGATABLE.has(after.value);
  }

  #ternary(condition: Node): Node {
    if (!this.#takes('?')) return condition;
    if (this.#takes(':'))
      return { is: 'condition', condition, then: condition, otherwise: this.#expression(0) };
    const then = this.#expression(0);
    this.#expect(':');
    return { is: 'condition', condition, then, otherwise: this.#expression(0) };
  }

  #if(): Node {
    this.#expect('if');
    const condition = this.#expression(0);
    const then = this.#block();
    this.#expect('else');
    return { is: 'condition', condition, then, otherwise: this.#sees('if') ? this.#if() : this.#block() };
  }

  #block(): Node {
    this.#expect('{');
    const node = this.#sequence();
    this.#expect('}');
    return node;
  }

  #unary(): Node {
    const { is, value } = this.#token;
    const known = is === 'operator' || is === 'name' ? UNARY.get(value) : undefined;
    if (known === undefined) return this.#postfix(this.#primary());
    this.#next += 1;
    const [precedence, means] = known;
    if (means === 'minus' && this.#token.value === BEYOND) {
      this.#next += 1;
      return this.#postfix({ is: 'constant', value: -BEYOND });
    }
    return { is: means, operand: this.#expression(precedence) };
  }

  #primary(): Node {
    const token = this.#token;
    switch (token.is) {
      case 'number':
        if (token.value === BEYOND)
          throw new ExpressionSyntaxError(
            this.#source,
            token.at,
            `the integer ${BEYOND} has more than 64 bits`,
          );
        this.#next += 1;
        return {
          is: 'constant',
          value:
            token.float && Number.isInteger(token.value) ? new LuaFloat(Number(token.value)) : token.value,
        };
      case 'string':
        this.#next += 1;
        return { is: 'constant', value: token.value };
      case 'name':
        return this.#named(this.#name());
      case 'operator':
        return this.#symbol();
      case 'end':
        throw this.#unexpected();
    }
  }

  #named(name: string): Node {
    if (name === 'true' || name === 'false') return { is: 'constant', value: name === 'true' };
    if (name === 'nil') return { is: 'constant', value: null };
    return this.#takes('(') ? this.#call(name, []) : { is: 'name', name };
  }

  #symbol(): Node {
    if (this.#takes('(')) {
      const inner = this.#sequence();
      this.#expect(')');
      return inner;
    }
    if (this.#takes('[')) return { is: 'array', items: this.#list(']') };
    if (this.#takes('{')) return this.#map();
    if (this.#sees('#') || this.#sees('#acc') || this.#sees('#index') || this.#sees('.')) {
      if (this.#predicates === 0) throw this.#unexpected();
      if (this.#takes('#index')) return { is: 'pointer', of: 'index' };
      if (this.#takes('#acc')) return { is: 'pointer', of: 'acc' };
      this.#takes('#'); // `.name` is `#.name`
      return { is: 'pointer', of: 'item' };
    }
    throw this.#unexpected();
  }

  #list(end: string): Node[] {
    const items: Node[] = [];
    while (!this.#takes(end)) {
      items.push(this.#expression(0));
      if (!this.#sees(end)) this.#expect(',');
    }
    return items;
  }

  #map(): Node {
    const entries: (readonly [Node, Node])[] = [];
    while (!this.#takes('}')) {
      const token = this.#token;
      let key: Node;
      if (this.#takes('(')) {
        key = this.#expression(0);
        this.#expect(')');
      } else if (token.is === 'name' || token.is === 'string' || token.is === 'number') {
        this.#next += 1;
        key = { is: 'constant', value: String(token.value) };
      } else throw this.#unexpected('a key expected, ');
      this.#expect(':');
      entries.push([key, this.#expression(0)]);
      if (!this.#sees('}')) this.#expect(',');
    }
    return { is: 'map', entries };
  }

  /** `value | name(more)` is `name(value, more)`. */
  #pipe(value: Node): Node {
    const name = this.#name();
    this.#expect('(');
    return this.#postfix(this.#call(name, [value]));
  }

  #call(name: string, first: readonly Node[]): Node {
    const known = FUNCTIONS.get(name);
    if (known === undefined) throw this.#fail(noFunction(name));
    const args = [...first];
    while (!this.#takes(')')) {
      args.push(args.length === known.predicate ? this.#predicate() : this.#expression(0));
      if (!this.#sees(')')) this.#expect(',');
    }
    const [least, most] = known.arguments;
    if (args.length < least || args.length > most)
      throw this.#fail(
        `${name} takes ${least === most ? least : most === Infinity ? `at least ${least}` : `${least} to ${most}`} arguments, got ${args.length}`,
      );
    return { is: 'call', name, args };
  }

  #predicate(): Node {
    this.#predicates += 1;
    const node = this.#sees('{') ? this.#block() : this.#expression(0);
    this.#predicates -= 1;
    return node;
  }

  #postfix(start: Node): Node {
    let node = start;
    let optional = false;
    for (;;) {
      if (this.#takes('?.')) {
        optional = true;
        node = this.#takes('[') ? this.#index(node, true) : this.#member(node, true);
      } else if (this.#takes('.')) node = this.#member(node, false);
      else if (this.#takes('[')) node = this.#index(node, false);
      else break;
    }
    return optional ? { is: 'chain', of: node } : node;
  }

  #member(object: Node, optional: boolean): Node {
    const token = this.#token;
    if (token.is !== 'name') throw this.#unexpected('a name expected, ');
    this.#next += 1;
    return { is: 'member', object, key: { is: 'constant', value: token.value }, optional };
  }

  #index(object: Node, optional: boolean): Node {
    if (this.#takes(':')) return this.#sliceTo(object, undefined);
    const key = this.#expression(0);
    if (this.#takes(':')) return this.#sliceTo(object, key);
    this.#expect(']');
    return { is: 'member', object, key, optional };
  }

  #sliceTo(object: Node, from: Node | undefined): Node {
    const to = this.#sees(']') ? undefined : this.#expression(0);
    this.#expect(']');
    return { is: 'slice', object, from, to };
  }
}
