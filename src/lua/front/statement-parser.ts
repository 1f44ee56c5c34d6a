// Statements and whole chunks. Sealed.
// Q1: the order of checks is PUC's, so that the first error is the same one.
// Long, since it is one grammar: a statement holds blocks, and a block statements.
import { ExpressionParser, isMulti, nameFunction } from './expression-parser.js';
import { offsetOf } from './places.js';
import type { VariableDraft } from './scoped-parser.js';
import {
  T_BREAK,
  T_DO,
  T_ELSE,
  T_ELSEIF,
  T_END,
  T_FOR,
  T_FUNCTION,
  T_GOTO,
  T_IF,
  T_IN,
  T_LOCAL,
  T_REPEAT,
  T_RETURN,
  T_THEN,
  T_UNTIL,
  T_WHILE,
  T_DOTS,
  T_DOUBLE_COLON,
  T_END_OF_SOURCE,
  T_NAME,
  OPEN_PAREN,
  CLOSE_PAREN,
  COMMA,
  DOT,
  COLON,
  SEMICOLON,
  LESS,
  EQUALS,
  GREATER,
  QUESTION,
} from './tokens.js';
import type {
  Assignable,
  Block,
  Chunk,
  Expression,
  FunctionBody,
  IfClause,
  Statement,
  TypeNode,
  Variable,
} from './tree.js';

/** C calls around PUC's parser when a file is loaded. */
const LEVELS_AROUND = 2;

export class StatementParser extends ExpressionParser {
  readonly #file: string;

  constructor(source: string, file: string) {
    super(source, LEVELS_AROUND);
    this.#file = file;
  }

  parse(): Chunk {
    const { lexer } = this;
    const main = this.openFunction(undefined, 0, 0);
    main.hasVarargs = true;
    lexer.advance();
    const statements = this.#statements();
    if (lexer.token !== T_END_OF_SOURCE) this.fail('<eof> expected');
    main.endLine = lexer.line;
    this.closeFunction(statements);
    this.#refuseTypesAsValues();
    return {
      file: this.#file,
      main,
      functions: this.functions,
      variables: this.variables,
      labels: this.labelCount,
      readsEnvironment: this.readsEnvironment,
      assignsEnvironment: this.assignsEnvironment,
      types: this.types,
    };
  }

  #refuseTypesAsValues(): void {
    const { lexer } = this;
    const names = new Set(this.types.map((alias) => alias.name));
    if (names.size === 0) return;
    for (const { name, line, column } of this.globalReads) {
      if (!names.has(name) || this.assignedGlobals.has(name)) continue;
      const message = `'${name}' is a type; types as values are not built in this version`;
      this.failPlainly(message, line, offsetOf(lexer.source, line, column));
    }
  }

  /** Whether the current token ends a block. */
  #endsBlock(withUntil: boolean): boolean {
    switch (this.lexer.token) {
      case T_ELSE:
      case T_ELSEIF:
      case T_END:
      case T_END_OF_SOURCE:
        return true;
      case T_UNTIL:
        return withUntil;
      default:
        return false;
    }
  }

  #statements(): Statement[] {
    const list: Statement[] = [];
    while (!this.#endsBlock(true)) {
      const isReturn = this.lexer.token === T_RETURN;
      this.enterLevel();
      const statement = this.#statement();
      this.leaveLevel();
      if (statement !== undefined) list.push(statement);
      if (isReturn) break;
    }
    return list;
  }

  #block(isLoop: boolean): Block {
    this.openBlock(isLoop);
    return this.closeBlock(this.#statements());
  }

  #statement(): Statement | undefined {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    switch (lexer.token) {
      case SEMICOLON:
        lexer.advance();
        return undefined;
      case T_IF:
        return this.#if(line, column);
      case T_WHILE: {
        lexer.advance();
        const condition = this.expression();
        this.expect(T_DO);
        const body = this.#block(true);
        this.expectClosing(T_END, T_WHILE, line);
        return { kind: 'while', line, column, condition, body };
      }
      case T_DO: {
        lexer.advance();
        const body = this.#block(false);
        this.expectClosing(T_END, T_DO, line);
        return { kind: 'do', line, column, body };
      }
      case T_FOR:
        return this.#for(line, column);
      case T_REPEAT: {
        lexer.advance();
        this.openBlock(true);
        const statements = this.#statements();
        this.expectClosing(T_UNTIL, T_REPEAT, line);
        const condition = this.expression();
        return { kind: 'repeat', line, column, body: this.closeBlock(statements), condition };
      }
      case T_FUNCTION:
        return this.#functionStatement(line, column);
      case T_LOCAL:
        return this.#localOrFunction(line, column);
      case T_DOUBLE_COLON:
        return this.#label(line, column);
      case T_RETURN:
        return this.#return(line, column);
      case T_BREAK:
        lexer.advance();
        this.addBreak(line);
        return { kind: 'break', line, column };
      case T_GOTO: {
        lexer.advance();
        return this.addGoto(this.expectName(), line, column);
      }
      case T_NAME:
        if (lexer.text === 'type' || lexer.text === 'export') {
          const alias = this.#typeAlias(line, column);
          if (alias !== undefined) return alias;
        }
        break;
    }
    return this.#expressionStatement();
  }

  #if(line: number, column: number): Statement {
    const { lexer } = this;
    const clauses: IfClause[] = [];
    let otherwise: Block | undefined;
    do {
      const { tokenLine: clauseLine, tokenColumn: clauseColumn } = lexer;
      lexer.advance();
      const condition = this.expression();
      this.expect(T_THEN);
      clauses.push({ line: clauseLine, column: clauseColumn, condition, body: this.#block(false) });
    } while (lexer.token === T_ELSEIF);
    if (this.accept(T_ELSE)) otherwise = this.#block(false);
    this.expectClosing(T_END, T_IF, line);
    return { kind: 'if', line, column, clauses, otherwise };
  }

  #for(line: number, column: number): Statement {
    const { lexer } = this;
    this.openBlock(true);
    lexer.advance();
    const { tokenLine, tokenColumn } = lexer;
    const name = this.expectName();
    const first = { name, line: tokenLine, column: tokenColumn, type: this.#annotation() };
    let statement: Statement;
    if (lexer.token === EQUALS) statement = this.#numericFor(line, column, first);
    else if (lexer.token === COMMA || lexer.token === T_IN) statement = this.#genericFor(line, column, first);
    else this.fail("'=' or 'in' expected");
    this.expectClosing(T_END, T_FOR, line);
    this.closeBlock([]);
    return statement;
  }

  #numericFor(line: number, column: number, first: LoopName): Statement {
    this.declareHidden(3);
    const variable = this.declare(first.name, 'loop', first.line, first.column, undefined, first.type);
    this.lexer.advance();
    const start = this.expression();
    this.expect(COMMA);
    const limit = this.expression();
    const step = this.accept(COMMA) ? this.expression() : undefined;
    const doLine = this.lexer.tokenLine;
    const body = this.#forBody([variable]);
    return { kind: 'numericFor', line, column, variable, start, limit, step, body, doLine };
  }

  #genericFor(line: number, column: number, first: LoopName): Statement {
    const { lexer } = this;
    this.declareHidden(3);
    const variables = [this.declare(first.name, 'loop', first.line, first.column, undefined, first.type)];
    while (this.accept(COMMA)) {
      const { tokenLine, tokenColumn } = lexer;
      const variable = this.declare(this.expectName(), 'loop', tokenLine, tokenColumn);
      variable.type = this.#annotation();
      variables.push(variable);
    }
    this.expect(T_IN);
    const values = this.expressionList();
    return { kind: 'genericFor', line, column, variables, values, body: this.#forBody(variables) };
  }

  #forBody(variables: readonly VariableDraft[]): Block {
    this.expect(T_DO);
    this.openBlock(false);
    for (const variable of variables) this.activate(variable);
    return this.closeBlock(this.#statements());
  }

  /** `: T` after a name. */
  #annotation(): TypeNode | undefined {
    return this.accept(COLON) ? this.parseType() : undefined;
  }

  #functionStatement(line: number, column: number): Statement {
    const { lexer } = this;
    lexer.advance();
    const { tokenLine, tokenColumn } = lexer;
    let target: Assignable = this.resolve(this.expectName(), tokenLine, tokenColumn);
    while (lexer.token === DOT) target = this.fieldSelection(target);
    let name = this.describeTarget(target);
    const isMethod = lexer.token === COLON;
    if (isMethod) {
      const object = name;
      target = this.fieldSelection(target);
      const method = this.describeTarget(target);
      name = object === undefined ? method : `${object}:${method?.slice(method.lastIndexOf('.') + 1) ?? '?'}`;
    }
    const body = this.functionBody(name, isMethod, line, column);
    this.noteAssignment(target);
    return { kind: 'functionStatement', line, column, target, function: body };
  }

  protected override functionBody(
    name: string | undefined,
    isMethod: boolean,
    line: number,
    column: number,
  ): FunctionBody {
    const { lexer } = this;
    const draft = this.openFunction(name, line, column);
    draft.generics = this.parseTypeParameters();
    this.expect(OPEN_PAREN);
    if (isMethod) this.#parameter('self', 'self', line, column, undefined);
    while (lexer.token !== CLOSE_PAREN) {
      if (lexer.token === T_DOTS) {
        lexer.advance();
        draft.hasVarargs = true;
        draft.varargType = this.#annotation();
        break;
      }
      const { tokenLine, tokenColumn } = lexer;
      if (lexer.token !== T_NAME) this.fail("<name> or '...' expected");
      const parameter = this.expectName();
      const optional = this.accept(QUESTION);
      const type = this.#annotation();
      const isOptional = optional && type !== undefined;
      this.#parameter(
        parameter,
        'parameter',
        tokenLine,
        tokenColumn,
        isOptional ? { kind: 'optional', line: type.line, column: type.column, type } : type,
      );
      if (lexer.token !== COMMA) break;
      lexer.advance();
      if (lexer.token === CLOSE_PAREN) this.fail("<name> or '...' expected");
    }
    for (const parameter of draft.parameters) this.activate(parameter);
    this.expect(CLOSE_PAREN);
    if (this.accept(COLON)) draft.returnType = this.parseReturnType();
    const statements = this.#statements();
    draft.endLine = lexer.line;
    this.expectClosing(T_END, T_FUNCTION, line);
    this.closeFunction(statements);
    return draft;
  }

  #parameter(
    name: string,
    role: Variable['role'],
    line: number,
    column: number,
    type: TypeNode | undefined,
  ): void {
    this.function.parameters.push(this.declare(name, role, line, column, undefined, type));
  }

  #localOrFunction(line: number, column: number): Statement {
    const { lexer } = this;
    lexer.advance();
    if (lexer.token === T_FUNCTION) return this.#localFunction(line, column);
    if (this.isWord('type')) {
      const alias = this.#typeAlias(line, column);
      if (alias !== undefined) return alias;
    }
    const variables: VariableDraft[] = [];
    let closing = false;
    do {
      const { tokenLine, tokenColumn } = lexer;
      const variable = this.declare(this.expectName(), 'local', tokenLine, tokenColumn);
      variable.attribute = this.#attribute();
      variable.type = this.#annotation();
      variable.attribute ??= this.#attribute();
      if (variable.attribute === 'close') {
        if (closing) this.failPlainly('multiple to-be-closed variables in local list');
        closing = true;
      }
      variables.push(variable);
    } while (this.accept(COMMA));
    const values = this.accept(EQUALS) ? this.expressionList() : [];
    variables.forEach((variable, index) => {
      const value = values[index];
      if (value !== undefined) {
        nameFunction(value, variable.name);
        if (index < values.length - 1 || !isMulti(value)) variable.initializer = value;
      }
      this.activate(variable);
    });
    return { kind: 'localStatement', line, column, variables, values };
  }

  #attribute(): Variable['attribute'] {
    if (!this.accept(LESS)) return undefined;
    const name = this.expectName();
    this.expect(GREATER);
    if (name === 'const' || name === 'close') return name;
    return this.failPlainly(`unknown attribute '${name}'`);
  }

  #localFunction(line: number, column: number): Statement {
    const { lexer } = this;
    lexer.advance();
    const { tokenLine, tokenColumn } = lexer;
    const name = this.expectName();
    const variable = this.declare(name, 'function', tokenLine, tokenColumn);
    this.activate(variable);
    const body = this.functionBody(name, false, line, column);
    variable.initializer = body;
    return { kind: 'localFunction', line, column, variable, function: body };
  }

  #label(line: number, column: number): Statement {
    const { lexer } = this;
    lexer.advance();
    const name = this.expectName();
    const label = this.declareLabel(name, line, column);
    this.expect(T_DOUBLE_COLON);
    const mark = lexer.mark();
    while (lexer.token === SEMICOLON || lexer.token === T_DOUBLE_COLON) {
      const isLabel = lexer.token === T_DOUBLE_COLON;
      lexer.advance();
      if (!isLabel) continue;
      this.accept(T_NAME);
      this.accept(T_DOUBLE_COLON);
    }
    const atEnd = this.#endsBlock(true);
    const beforeUntil = lexer.token === T_UNTIL;
    lexer.restore(mark);
    this.placeLabel(label, atEnd, beforeUntil);
    return { kind: 'label', line, column, label };
  }

  #return(line: number, column: number): Statement {
    const { lexer } = this;
    lexer.advance();
    const isEmpty = this.#endsBlock(true) || lexer.token === SEMICOLON;
    const values = isEmpty ? [] : this.expressionList();
    this.accept(SEMICOLON);
    return { kind: 'return', line, column, values };
  }

  #expressionStatement(): Statement {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    this.lastParenthesized = undefined;
    const first = this.suffixedExpression();
    if (lexer.token !== EQUALS && lexer.token !== COMMA) {
      if (first.kind !== 'call' && first.kind !== 'method') this.fail('syntax error');
      return { kind: 'callStatement', line, column, call: first };
    }
    const targets: Assignable[] = [];
    this.#assignmentTarget(first, targets);
    while (this.accept(COMMA)) {
      const next = this.suffixedExpression();
      this.checkLevels(targets.length);
      this.#assignmentTarget(next, targets);
    }
    this.expect(EQUALS);
    const values = this.expressionList();
    targets.forEach((target, index) => {
      const value = values[index];
      if (value !== undefined) nameFunction(value, this.describeTarget(target));
    });
    return { kind: 'assignment', line, column, targets, values };
  }

  #assignmentTarget(expression: Expression, targets: Assignable[]): void {
    switch (expression.kind) {
      case 'local':
      case 'upvalue':
      case 'global':
      case 'environment':
      case 'index':
        if (expression === this.lastParenthesized) break;
        targets.push(expression);
        return this.noteAssignment(expression);
      default:
        break;
    }
    this.fail('syntax error');
  }

  /** `type T = ...`, `export type T = ...`; undefined where the words are plain names. */
  #typeAlias(line: number, column: number): Statement | undefined {
    const { lexer } = this;
    const mark = lexer.mark();
    const exported = lexer.text === 'export';
    lexer.advance();
    if (exported) {
      if (!this.isWord('type')) {
        lexer.restore(mark);
        return undefined;
      }
      lexer.advance();
    }
    if (lexer.token !== T_NAME) {
      lexer.restore(mark);
      return undefined;
    }
    const name = this.expectName();
    const generics = this.parseTypeParameters();
    this.expect(EQUALS);
    const type = this.parseType();
    const alias: Statement = { kind: 'typeAlias', line, column, name, exported, generics, type };
    this.types.push(alias);
    return alias;
  }
}

interface LoopName {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly type: TypeNode | undefined;
}
