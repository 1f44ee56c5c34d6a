// Expressions. Sealed.
// P1: a cast (`x :: T`, `x as T`) binds to the simple expression before it. `::` followed by a name and `::` is a label, as it
//     always was in Lua; `as` is a cast only where no statement could begin with it.
import {
  INFIX_OPERATORS,
  LEFT_PRIORITY,
  RIGHT_PRIORITY,
  UNARY_PRIORITY,
  unaryOperator,
} from './operators.js';
import { TypeParser } from './type-parser.js';
import {
  T_FALSE,
  T_FUNCTION,
  T_NIL,
  T_TRUE,
  T_DOTS,
  T_DOUBLE_COLON,
  T_FLOAT,
  T_INTEGER,
  T_NAME,
  T_STRING,
  EXCLAMATION,
  OPEN_PAREN,
  CLOSE_PAREN,
  COMMA,
  DOT,
  COLON,
  SEMICOLON,
  OPEN_BRACKET,
  CLOSE_BRACKET,
  OPEN_BRACE,
  CLOSE_BRACE,
} from './tokens.js';
import type { Assignable, Expression, FunctionBody, TableItem } from './tree.js';

export const isMulti = (expression: Expression): boolean =>
  expression.kind === 'call' || expression.kind === 'method' || expression.kind === 'vararg';

export abstract class ExpressionParser extends TypeParser {
  /** What the last pair of parentheses held: `(a)` alone may not be assigned to. */
  protected lastParenthesized: Expression | undefined;

  /** The part of a function after its name; the current token is `(` or `<`. */
  protected abstract functionBody(
    name: string | undefined,
    isMethod: boolean,
    line: number,
    column: number,
  ): FunctionBody;

  protected override expression(): Expression {
    return this.#subexpression(0);
  }

  protected expressionList(): Expression[] {
    const list = [this.expression()];
    while (this.accept(COMMA)) list.push(this.expression());
    return list;
  }

  #subexpression(limit: number): Expression {
    this.enterLevel();
    const { lexer } = this;
    const unary = unaryOperator(lexer.token);
    let left: Expression;
    if (unary === undefined) left = this.#simple();
    else {
      const { tokenLine: line, tokenColumn: column } = lexer;
      lexer.advance();
      left = {
        kind: 'unary',
        line,
        column,
        operator: unary,
        operand: this.#subexpression(UNARY_PRIORITY),
      };
    }
    for (;;) {
      const { token } = lexer;
      if ((LEFT_PRIORITY[token] ?? 0) <= limit) break;
      const operator = INFIX_OPERATORS[token];
      if (operator === undefined) break;
      const { tokenLine: line, tokenColumn: column } = lexer;
      lexer.advance();
      this.function.operators++;
      const right = this.#subexpression(RIGHT_PRIORITY[token] ?? 0);
      left =
        operator === 'and' || operator === 'or'
          ? { kind: 'logical', line, column, operator, left, right }
          : { kind: 'binary', line, column, operator, left, right, endLine: lexer.previousLine };
    }
    this.leaveLevel();
    return left;
  }

  #simple(): Expression {
    const expression = this.#simpleWithoutCast();
    const { token } = this.lexer;
    return token === T_DOUBLE_COLON || token === T_NAME ? this.#casts(expression) : expression;
  }

  #simpleWithoutCast(): Expression {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    let literal: Expression;
    switch (lexer.token) {
      case T_INTEGER:
        literal = { kind: 'integer', line, column, value: lexer.value };
        break;
      case T_FLOAT:
        literal = { kind: 'float', line, column, value: Number(lexer.value) };
        break;
      case T_STRING:
        literal = { kind: 'string', line, column, value: lexer.text };
        break;
      case T_NIL:
        literal = { kind: 'nil', line, column };
        break;
      case T_TRUE:
        literal = { kind: 'boolean', line, column, value: true };
        break;
      case T_FALSE:
        literal = { kind: 'boolean', line, column, value: false };
        break;
      case T_DOTS:
        if (!this.function.hasVarargs) this.fail("cannot use '...' outside a vararg function");
        if (this.erased === 0) this.function.usesVarargs = true;
        literal = { kind: 'vararg', line, column };
        break;
      case OPEN_BRACE:
        return this.#table();
      case T_FUNCTION:
        lexer.advance();
        return this.functionBody(undefined, false, line, column);
      default:
        return this.suffixedExpression();
    }
    lexer.advance();
    return literal;
  }

  #casts(first: Expression): Expression {
    let expression = first;
    while (this.#isCast()) {
      const { tokenLine: line, tokenColumn: column } = this.lexer;
      this.lexer.advance();
      expression = { kind: 'cast', line, column, expression, type: this.parseType() };
    }
    return expression;
  }

  #isCast(): boolean {
    const { lexer } = this;
    if (lexer.token !== T_DOUBLE_COLON && !this.isWord('as')) return false;
    const isAs = lexer.token === T_NAME;
    const onSameLine = lexer.tokenLine === lexer.previousLine;
    const mark = lexer.mark();
    lexer.advance();
    let cast = true;
    if (isAs) cast = this.#followsAs(onSameLine);
    else if (lexer.token === T_NAME) {
      lexer.advance();
      cast = lexer.token !== T_DOUBLE_COLON;
    }
    lexer.restore(mark);
    return cast;
  }

  /** Whether the token after `as` begins a type; one that would make `as` the callee of a statement only on the same line. */
  #followsAs(onSameLine: boolean): boolean {
    switch (this.lexer.token) {
      case OPEN_PAREN:
      case OPEN_BRACE:
      case T_STRING:
        return onSameLine;
      case T_NAME:
      case T_NIL:
      case T_TRUE:
      case T_FALSE:
      case T_INTEGER:
      case T_FLOAT:
      case T_FUNCTION:
        return true;
      default:
        return false;
    }
  }

  /** A name, resolved; or an expression in parentheses. */
  #primary(): Expression {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    if (lexer.token === T_NAME) {
      const name = lexer.text;
      lexer.advance();
      return this.resolve(name, line, column);
    }
    if (lexer.token !== OPEN_PAREN) this.fail('unexpected symbol');
    const opened = lexer.line;
    lexer.advance();
    const expression = this.expression();
    this.expectClosing(CLOSE_PAREN, OPEN_PAREN, opened);
    const result: Expression = isMulti(expression) ? { kind: 'paren', line, column, expression } : expression;
    this.lastParenthesized = result;
    return result;
  }

  protected suffixedExpression(): Expression {
    const { lexer } = this;
    const { line, tokenColumn: column } = lexer;
    let result = this.#primary();
    for (;;) {
      switch (lexer.token) {
        case DOT:
          result = this.fieldSelection(result);
          break;
        case OPEN_BRACKET: {
          const key = this.#bracketKey();
          result = { kind: 'index', line: key.line, column: key.column, object: result, key };
          break;
        }
        case COLON: {
          lexer.advance();
          const name = this.expectName();
          result = { kind: 'method', line, column, object: result, name, arguments: this.#arguments(line) };
          break;
        }
        case OPEN_PAREN:
        case T_STRING:
        case OPEN_BRACE:
          result = { kind: 'call', line, column, callee: result, arguments: this.#arguments(line) };
          break;
        case EXCLAMATION:
          result = { kind: 'nonNil', line, column, expression: result };
          lexer.advance();
          break;
        default:
          return result;
      }
    }
  }

  /** `.name` after `object`. */
  protected fieldSelection(object: Expression): Assignable {
    const { lexer } = this;
    lexer.advance();
    const { tokenLine: line, tokenColumn: column } = lexer;
    const value = this.expectName();
    return { kind: 'index', line, column, object, key: { kind: 'string', line, column, value } };
  }

  #bracketKey(): Expression {
    this.lexer.advance();
    const key = this.expression();
    this.expect(CLOSE_BRACKET);
    return key;
  }

  #arguments(line: number): readonly Expression[] {
    const { lexer } = this;
    const { tokenLine, tokenColumn: column, token } = lexer;
    if (token === T_STRING) {
      const value = lexer.text;
      lexer.advance();
      return [{ kind: 'string', line: tokenLine, column, value }];
    }
    if (token === OPEN_BRACE) return [this.#table()];
    if (token !== OPEN_PAREN) this.fail('function arguments expected');
    lexer.advance();
    if (this.accept(CLOSE_PAREN)) return [];
    const list = this.expressionList();
    this.expectClosing(CLOSE_PAREN, OPEN_PAREN, line);
    return list;
  }

  #table(): Expression {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    lexer.advance();
    const items: TableItem[] = [];
    while (lexer.token !== CLOSE_BRACE) {
      items.push(this.#tableItem());
      if (lexer.token !== COMMA && lexer.token !== SEMICOLON) break;
      lexer.advance();
    }
    this.expectClosing(CLOSE_BRACE, OPEN_BRACE, line);
    return { kind: 'table', line, column, items };
  }

  #tableItem(): TableItem {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    if (lexer.token === T_NAME && lexer.isBeforeAssign()) {
      const name = lexer.text;
      lexer.advance();
      lexer.advance();
      const value = nameFunction(this.expression(), name);
      return { kind: 'named', name, value, line, column };
    }
    if (lexer.token === OPEN_BRACKET) {
      const key = this.#bracketKey();
      this.expect(61);
      const value = this.expression();
      return { kind: 'keyed', key, value, line, column };
    }
    return { kind: 'position', value: this.expression() };
  }
}

/** Gives an anonymous function the name of what it is stored in. */
export function nameFunction(value: Expression, name: string | undefined): Expression {
  if (value.kind === 'function' && value.name === undefined && name !== undefined) {
    (value as { name: string | undefined }).name = name;
  }
  return value;
}
