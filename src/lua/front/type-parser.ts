// Type annotations in Luau's manner. Sealed.
// Y1: nothing here changes what a program without annotations means; what is no token of Lua (`?`, `!`, `@`) is free to use,
//     and `type`, `as`, `readonly`, `export`, `typeof` mean something only where a plain name could not stand.
// Y2: `->` is `-` and `>` side by side; `>>` is split when it ends two argument lists.
// Long, since the forms of a type hold each other, as expressions do.
import { ScopedParser } from './scoped-parser.js';
import {
  T_FALSE,
  T_FUNCTION,
  T_NIL,
  T_TRUE,
  T_WHILE,
  T_DOTS,
  T_GREATER_EQUAL,
  T_SHIFT_RIGHT,
  T_FLOAT,
  T_INTEGER,
  T_NAME,
  T_STRING,
  AMPERSAND,
  OPEN_PAREN,
  CLOSE_PAREN,
  COMMA,
  MINUS,
  DOT,
  COLON,
  SEMICOLON,
  LESS,
  EQUALS,
  GREATER,
  QUESTION,
  AT,
  OPEN_BRACKET,
  CLOSE_BRACKET,
  OPEN_BRACE,
  BAR,
  CLOSE_BRACE,
  FIRST_RESERVED,
} from './tokens.js';
import type {
  Expression,
  FunctionTypeParameter,
  RecordField,
  RecordIndexer,
  TypeAnnotation,
  TypeNode,
  TypeParameter,
  VariadicType,
} from './tree.js';

export abstract class TypeParser extends ScopedParser {
  /** A whole expression (for `typeof`). */
  protected abstract expression(): Expression;

  protected parseType(): TypeNode {
    this.enterLevel();
    const type = this.#union();
    this.leaveLevel();
    return type;
  }

  /** What a function returns: one type, `(A, B)`, `()`, `...T`. */
  protected parseReturnType(): TypeNode {
    const { lexer } = this;
    if (lexer.token === T_DOTS) return this.#variadic();
    if (lexer.token === OPEN_PAREN) {
      this.enterLevel();
      const first = this.#parenthesized(true);
      const type = first.kind === 'pack' ? first : this.#unionFrom(this.#suffixes(first));
      this.leaveLevel();
      return type;
    }
    const type = this.parseType();
    if (lexer.token !== T_DOTS) return type;
    lexer.advance();
    return { kind: 'variadic', line: type.line, column: type.column, type };
  }

  /** `<T, U: Bound = Default, V...>` with the `<` as the current token; nothing where it is not. */
  protected parseTypeParameters(): readonly TypeParameter[] {
    const { lexer } = this;
    if (lexer.token !== LESS) return [];
    const opened = lexer.line;
    lexer.advance();
    const parameters: TypeParameter[] = [];
    do {
      const { tokenLine: line, tokenColumn: column } = lexer;
      const name = this.expectName();
      const pack = this.accept(T_DOTS);
      const bound = this.accept(COLON) ? this.parseType() : undefined;
      const otherwise = this.accept(EQUALS) ? this.parseType() : undefined;
      parameters.push({ line, column, name, pack, bound, otherwise });
    } while (this.accept(COMMA));
    this.#closeAngle(opened);
    return parameters;
  }

  #closeAngle(opened: number): void {
    const { lexer } = this;
    if (lexer.token === T_SHIFT_RIGHT || lexer.token === T_GREATER_EQUAL) lexer.splitToken();
    this.expectClosing(GREATER, LESS, opened);
  }

  #union(): TypeNode {
    if (this.lexer.token === BAR) this.lexer.advance();
    return this.#unionFrom(undefined);
  }

  #unionFrom(first: TypeNode | undefined): TypeNode {
    const begin = this.#intersectionFrom(first);
    if (this.lexer.token !== BAR) return begin;
    const types = [begin];
    while (this.accept(BAR)) types.push(this.#intersectionFrom(undefined));
    return { kind: 'union', line: begin.line, column: begin.column, types };
  }

  #intersectionFrom(first: TypeNode | undefined): TypeNode {
    if (first === undefined && this.lexer.token === AMPERSAND) this.lexer.advance();
    const begin = first ?? this.#suffixes(this.#primary());
    if (this.lexer.token !== AMPERSAND) return begin;
    const types = [begin];
    while (this.accept(AMPERSAND)) types.push(this.#suffixes(this.#primary()));
    return { kind: 'intersection', line: begin.line, column: begin.column, types };
  }

  /** `?`, `[]` and `@name(...)` after a type. */
  #suffixes(type: TypeNode): TypeNode {
    const { lexer } = this;
    const { line, column } = type;
    let result = type;
    for (;;) {
      if (lexer.token === QUESTION) {
        lexer.advance();
        result = { kind: 'optional', line, column, type: result };
      } else if (lexer.token === AT) {
        const annotations: TypeAnnotation[] = [];
        while (lexer.token === AT) annotations.push(this.#annotation());
        result = { kind: 'annotated', line, column, type: result, annotations };
      } else if (lexer.token === OPEN_BRACKET && this.#isEmptyBrackets()) {
        lexer.advance();
        lexer.advance();
        result = { kind: 'array', line, column, element: result };
      } else return result;
    }
  }

  #isEmptyBrackets(): boolean {
    return this.#lookAhead(() => this.accept(OPEN_BRACKET) && this.lexer.token === CLOSE_BRACKET);
  }

  #lookAhead(test: () => boolean): boolean {
    const mark = this.lexer.mark();
    const found = test();
    this.lexer.restore(mark);
    return found;
  }

  #primary(): TypeNode {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column, token } = lexer;
    switch (token) {
      case T_NIL:
      case T_TRUE:
      case T_FALSE:
      case T_STRING:
      case T_INTEGER:
      case T_FLOAT:
      case MINUS:
        return { kind: 'literal', line, column, value: this.#literal() };
      case OPEN_BRACE:
        return this.#braces();
      case OPEN_PAREN:
        return this.#parenthesized(false);
      case LESS: {
        const generics = this.parseTypeParameters();
        if (lexer.token !== OPEN_PAREN) this.fail("'(' expected");
        return this.#parenthesized(false, generics);
      }
      case T_FUNCTION:
        lexer.advance();
        return { kind: 'named', line, column, path: [], name: 'function', arguments: [] };
      case T_NAME:
        return this.#named();
      default:
        return this.fail('type expected');
    }
  }

  #literal(): string | number | bigint | boolean | undefined {
    const { lexer } = this;
    const { token } = lexer;
    if (token === MINUS) {
      lexer.advance();
      if (lexer.token !== T_INTEGER && lexer.token !== T_FLOAT) this.fail('number expected');
      const value = lexer.value;
      lexer.advance();
      return -value;
    }
    const value =
      token === T_STRING
        ? lexer.text
        : token === T_INTEGER || token === T_FLOAT
          ? lexer.value
          : token === T_NIL
            ? undefined
            : token === T_TRUE;
    lexer.advance();
    return value;
  }

  #annotation(): TypeAnnotation {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    lexer.advance();
    const name = this.expectName();
    const values: TypeAnnotation['arguments'][number][] = [];
    if (lexer.token === OPEN_PAREN) {
      const opened = lexer.line;
      lexer.advance();
      while (lexer.token !== CLOSE_PAREN) {
        values.push(this.#annotationArgument());
        if (!this.accept(COMMA)) break;
      }
      this.expectClosing(CLOSE_PAREN, OPEN_PAREN, opened);
    }
    return { line, column, name, arguments: values };
  }

  #annotationArgument(): TypeAnnotation['arguments'][number] {
    switch (this.lexer.token) {
      case T_NIL:
      case T_TRUE:
      case T_FALSE:
      case T_STRING:
      case T_INTEGER:
      case T_FLOAT:
      case MINUS:
        return this.#literal();
      default:
        return this.expectName();
    }
  }

  #named(): TypeNode {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    let name = this.expectName();
    if (name === 'typeof' && lexer.token === OPEN_PAREN) return this.#typeof(line, column);
    if (name === 'readonly' && this.#startsType()) {
      return { kind: 'readonly', line, column, type: this.#suffixes(this.#primary()) };
    }
    const path: string[] = [];
    while (lexer.token === DOT) {
      lexer.advance();
      path.push(name);
      name = this.expectName();
    }
    return { kind: 'named', line, column, path, name, arguments: this.#typeArguments() };
  }

  #startsType(): boolean {
    const { token } = this.lexer;
    return token === T_NAME || token === OPEN_BRACE || token === OPEN_PAREN;
  }

  #typeof(line: number, column: number): TypeNode {
    const opened = this.lexer.line;
    this.lexer.advance();
    this.erased++;
    const expression = this.expression();
    this.erased--;
    this.expectClosing(CLOSE_PAREN, OPEN_PAREN, opened);
    return { kind: 'typeof', line, column, expression };
  }

  /** `<A, B>`; none where a `<` does not open such a list (`x as number < y`, `local x: T <const>`). */
  #typeArguments(): readonly TypeNode[] {
    const { lexer } = this;
    if (lexer.token !== LESS || this.#lookAhead(() => this.#isNoTypeArguments())) return [];
    const opened = lexer.line;
    lexer.advance();
    const types: TypeNode[] = [];
    do types.push(this.parseReturnType());
    while (this.accept(COMMA));
    this.#closeAngle(opened);
    return types;
  }

  #isNoTypeArguments(): boolean {
    const { lexer } = this;
    lexer.advance();
    if (lexer.token === T_INTEGER || lexer.token === T_FLOAT) return true;
    if (lexer.token !== T_NAME) return false;
    const isAttribute = lexer.text === 'const' || lexer.text === 'close';
    lexer.advance();
    if (isAttribute) return lexer.token === GREATER;
    switch (lexer.token) {
      case COMMA:
      case GREATER:
      case T_SHIFT_RIGHT:
      case T_GREATER_EQUAL:
      case LESS:
      case BAR:
      case AMPERSAND:
      case QUESTION:
      case OPEN_BRACKET:
      case DOT:
      case AT:
      case T_DOTS:
      case OPEN_BRACE:
      case T_NAME:
        return false;
      default:
        return true;
    }
  }

  /** `->`, taken if it is there. */
  #acceptArrow(): boolean {
    const { lexer } = this;
    if (lexer.token !== MINUS || lexer.source.charCodeAt(lexer.position) !== GREATER) return false;
    lexer.advance();
    if (lexer.token !== GREATER) lexer.splitToken();
    lexer.advance();
    return true;
  }

  #variadic(): VariadicType {
    const { tokenLine: line, tokenColumn: column } = this.lexer;
    this.expect(T_DOTS);
    return { kind: 'variadic', line, column, type: this.parseType() };
  }

  /** A function type, a type in parentheses, or a pack where one may stand. */
  #parenthesized(mayBePack: boolean, generics: readonly TypeParameter[] = []): TypeNode {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    const opened = lexer.line;
    lexer.advance();
    const parameters: FunctionTypeParameter[] = [];
    let variadic: VariadicType | undefined;
    let named = false;
    while (lexer.token !== CLOSE_PAREN) {
      if (lexer.token === T_DOTS) {
        variadic = this.#variadic();
        break;
      }
      const parameter = this.#functionTypeParameter();
      named ||= parameter.name !== undefined;
      if (this.accept(T_DOTS)) {
        const { line, column, type } = parameter;
        variadic = { kind: 'variadic', line, column, type };
        break;
      }
      parameters.push(parameter);
      if (!this.accept(COMMA)) break;
    }
    this.expectClosing(CLOSE_PAREN, OPEN_PAREN, opened);
    if (this.#acceptArrow()) {
      const returns = this.parseReturnType();
      return { kind: 'functionType', line, column, generics, parameters, variadic, returns };
    }
    const single = parameters[0];
    if (named || generics.length > 0) this.fail("'->' expected");
    if (single !== undefined && parameters.length === 1 && variadic === undefined) return single.type;
    if (!mayBePack) this.fail("'->' expected");
    const types = parameters.map((parameter) => parameter.type);
    return { kind: 'pack', line, column, types: variadic === undefined ? types : [...types, variadic] };
  }

  #functionTypeParameter(): FunctionTypeParameter {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    const name = this.#isFieldName() ? lexer.text : undefined;
    let optional = false;
    if (name !== undefined) {
      lexer.advance();
      optional = this.accept(QUESTION);
      lexer.advance();
    }
    return { line, column, name, optional, type: this.parseType() };
  }

  /** A name, reserved words too, before `:` or `?:`. */
  #isFieldName(): boolean {
    const { token } = this.lexer;
    if (token !== T_NAME && !(token >= FIRST_RESERVED && token <= T_WHILE)) return false;
    return this.#lookAhead(() => {
      this.lexer.advance();
      this.accept(QUESTION);
      return this.lexer.token === COLON;
    });
  }

  #braces(): TypeNode {
    const { lexer } = this;
    const { tokenLine: line, tokenColumn: column } = lexer;
    const opened = lexer.line;
    lexer.advance();
    const fields: RecordField[] = [];
    const indexers: RecordIndexer[] = [];
    while (lexer.token !== CLOSE_BRACE) {
      const { tokenLine, tokenColumn } = lexer;
      const readonly = this.#acceptReadonly();
      if (lexer.token === OPEN_BRACKET) {
        lexer.advance();
        const key = this.parseType();
        this.expectClosing(CLOSE_BRACKET, OPEN_BRACKET, tokenLine);
        this.expect(COLON);
        indexers.push({ line: tokenLine, column: tokenColumn, key, readonly, type: this.parseType() });
      } else if (this.#isFieldName()) {
        const name = lexer.text;
        lexer.advance();
        const optional = this.accept(QUESTION);
        lexer.advance();
        const type = this.parseType();
        fields.push({ line: tokenLine, column: tokenColumn, name, optional, readonly, type });
      } else if (fields.length === 0 && indexers.length === 0) {
        const element = this.parseType();
        this.expectClosing(CLOSE_BRACE, OPEN_BRACE, opened);
        const array: TypeNode = { kind: 'array', line, column, element };
        return readonly ? { kind: 'readonly', line, column, type: array } : array;
      } else this.fail('<name> expected');
      if (!this.accept(COMMA) && !this.accept(SEMICOLON)) break;
    }
    this.expectClosing(CLOSE_BRACE, OPEN_BRACE, opened);
    return { kind: 'record', line, column, fields, indexers };
  }

  /** `readonly` before a field; as a field's own name it is left alone. */
  #acceptReadonly(): boolean {
    if (!this.isWord('readonly')) return false;
    const isModifier = this.#lookAhead(() => {
      this.lexer.advance();
      return this.lexer.token === OPEN_BRACKET ? !this.#isEmptyBrackets() : this.#isFieldName();
    });
    if (isModifier) this.lexer.advance();
    return isModifier;
  }
}
