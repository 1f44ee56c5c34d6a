// Templates to trees: the syntax of Jet (github.com/CloudyKit/jet, docs/syntax.md). Sealed.
// P1: numbers in templates are floats, as in Jet: `5 / 2` is 2.5; whole numbers come from the data.
// P2: `&&` and `||` bind alike, from left to right, and `!` takes a whole comparison, as in Jet.
import { float } from '../../core/data-values.js';
import { TemplateSyntaxError } from './errors.js';
import { tokenize, USUAL_DELIMITERS } from './lexer.js';
import type { Delimiters, Token } from './lexer.js';
import type {
  Assignment,
  BinaryOperator,
  Block,
  BlockParameter,
  Body,
  Expression,
  Statement,
  Template,
} from './tree.js';

/** Deepest nesting of statements, and of an expression. */
const MAX_DEPTH = 100;
/** Longest template. Bytes. */
export const MAX_SOURCE = 1024 * 1024;

/** Throws a TemplateSyntaxError. `source` is bytes. */
export function parseTemplate(source: string, delimiters: Delimiters = USUAL_DELIMITERS): Template {
  if (source.length > MAX_SOURCE)
    throw new TemplateSyntaxError('', 0, `the template is longer than ${MAX_SOURCE} bytes`);
  return new Parser(source, delimiters).whole();
}

/** From loosest to tightest. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ['&&', '||'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];
const COMPARISON = 1;
/** What ends the body of a statement. */
type Ender = 'end' | 'else' | 'content' | 'catch';

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  readonly #blocks = new Map<string, Block>();
  #next = 0;
  #depth = 0;

  constructor(source: string, delimiters: Delimiters) {
    this.#source = source;
    this.#tokens = tokenize(source, delimiters);
  }

  whole(): Template {
    const head = this.#head();
    const body: Statement[] = [];
    while (this.#peek().is !== 'end') {
      const ender = this.#ender();
      if (ender !== undefined)
        throw this.#wrong(this.#peek(1), `unexpected '${ender}': nothing is open that it could belong to`);
      body.push(this.#statement());
    }
    return { source: this.#source, ...head, body, blocks: this.#blocks };
  }

  /** `extends` and `import`, which nothing but white space may come before. */
  #head(): Pick<Template, 'extends' | 'imports'> {
    let parent: Template['extends'];
    const imports: { name: string; at: number }[] = [];
    for (;;) {
      const start = this.#next;
      if (this.#peek().is === 'text' && this.#peek().value.trim() === '') this.#next += 1;
      const word = this.#peek(1);
      if (
        this.#peek().is !== 'open' ||
        word.is !== 'keyword' ||
        !['extends', 'import'].includes(word.value)
      ) {
        // White space before the first statement is text where there is no head.
        if (parent === undefined && imports.length === 0) this.#next = start;
        return { extends: parent, imports };
      }
      this.#next += 2;
      const { value: name, at } = this.#take(
        'string',
        `the name of a template in quotes after '${word.value}'`,
      );
      if (word.value === 'import') imports.push({ name, at });
      else if (parent !== undefined) throw this.#wrong(word, 'a template extends one other only');
      else if (imports.length > 0) throw this.#wrong(word, "'extends' comes before 'import'");
      else parent = { name, at };
      this.#close();
    }
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }

  #wrong({ at }: { readonly at: number }, problem: string): TemplateSyntaxError {
    return new TemplateSyntaxError(this.#source, at, problem);
  }

  #unexpected(expected: string, token = this.#peek()): TemplateSyntaxError {
    const got =
      token.is === 'end'
        ? 'the end of the template'
        : token.is === 'string'
          ? 'a string'
          : `'${token.is === 'field' ? '.' : ''}${token.value}'`;
    return this.#wrong(token, `expected ${expected}, got ${got}`);
  }

  #take(is: Token['is'], expected: string): Token {
    const token = this.#peek();
    if (token.is !== is) throw this.#unexpected(expected);
    this.#next += 1;
    return token;
  }

  #isOperator(value: string): boolean {
    const token = this.#peek();
    return token.is === 'operator' && token.value === value;
  }

  #accept(operator: string): boolean {
    if (!this.#isOperator(operator)) return false;
    this.#next += 1;
    return true;
  }

  #expect(operator: string): void {
    if (!this.#accept(operator)) throw this.#unexpected(`'${operator}'`);
  }

  #close(): void {
    this.#take('close', 'the end of the action');
  }

  #isKeyword(value: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.is === 'keyword' && token.value === value;
  }

  /** The keyword of an action that ends a body, before it is read. */
  #ender(): Ender | undefined {
    const { is, value } = this.#peek(1);
    if (this.#peek().is !== 'open' || is !== 'keyword') return undefined;
    return value === 'end' || value === 'else' || value === 'content' || value === 'catch'
      ? value
      : undefined;
  }

  #nested<T>(at: { readonly at: number }, work: () => T): T {
    if (this.#depth >= MAX_DEPTH) throw this.#wrong(at, `nested deeper than ${MAX_DEPTH} levels`);
    this.#depth += 1;
    const result = work();
    this.#depth -= 1;
    return result;
  }

  /** Statements up to one of `enders`, whose delimiter and keyword are read too. */
  #body(opened: Token, enders: readonly Ender[]): readonly [Body, Ender] {
    return this.#nested(opened, () => {
      const body: Statement[] = [];
      for (;;) {
        const ender = this.#ender();
        if (ender !== undefined) {
          if (!enders.includes(ender))
            throw this.#wrong(this.#peek(1), `unexpected '${ender}' within '${opened.value}'`);
          this.#next += 2;
          if (ender === 'end' || ender === 'content') this.#close();
          return [body, ender] as const;
        }
        if (this.#peek().is === 'end')
          throw this.#wrong(opened, `'${opened.value}' has no end; close it with 'end'`);
        body.push(this.#statement());
      }
    });
  }

  #statement(): Statement {
    const token = this.#peek();
    this.#next += 1;
    if (token.is === 'text') return { is: 'text', text: token.value, at: token.at };
    const word = this.#peek();
    if (word.is !== 'keyword' || word.value === 'nil' || word.value === 'true' || word.value === 'false')
      return this.#action(word);
    this.#next += 1;
    switch (word.value) {
      case 'if':
        return this.#if(word);
      case 'range':
        return this.#range(word);
      case 'try':
        return this.#try(word);
      case 'block':
        return this.#block(word);
      case 'yield':
        return this.#yield(word);
      case 'include': {
        const name = this.#expression();
        const context = this.#untilClose();
        return { is: 'include', name, context, at: word.at };
      }
      case 'return': {
        const value = this.#expression();
        this.#close();
        return { is: 'return', value, at: word.at };
      }
      case 'extends':
      case 'import':
        throw this.#wrong(word, `'${word.value}' stands at the top of a template, before anything else`);
      default:
        throw this.#wrong(word, `'${word.value}' cannot stand here`);
    }
  }

  /** An expression, or nothing, and the end of the action. */
  #untilClose(): Expression | undefined {
    const expression = this.#peek().is === 'close' ? undefined : this.#expression();
    this.#close();
    return expression;
  }

  #action(first: Token): Statement {
    const set = this.#assignment();
    if (set !== undefined && this.#peek().is === 'close') {
      this.#next += 1;
      return { is: 'action', set, pipeline: [], at: first.at };
    }
    if (set !== undefined) this.#expect(';');
    const pipeline = [this.#command()];
    while (this.#accept('|')) pipeline.push(this.#command());
    this.#close();
    return { is: 'action', set, pipeline, at: first.at };
  }

  /** One step of a pipeline; `f: a, b` is `f(a, b)`. */
  #command(): Expression {
    const of = this.#expression();
    if (!this.#accept(':')) return of;
    const args = [this.#expression()];
    while (this.#accept(',')) args.push(this.#expression());
    return { is: 'call', of, args: this.#withOneSlot(args), at: of.at };
  }

  #withOneSlot(args: readonly Expression[]): readonly Expression[] {
    const [, second] = args.filter(({ is }) => is === 'slot');
    if (second !== undefined) throw this.#wrong(second, "a call has one place '_' for the piped value");
    return args;
  }

  /** `a, b := x, y`; undefined, and nothing read, where there is none. */
  #assignment(range = false): Assignment | undefined {
    const start = this.#next;
    const names: (string | undefined)[] = [];
    const { at } = this.#peek();
    do {
      const token = this.#peek();
      this.#next += 1;
      if (token.is === 'name') names.push(token.value === '_' ? undefined : token.value);
      else return void (this.#next = start);
    } while (this.#accept(','));
    const declares = this.#isOperator(':=');
    if (!declares && !this.#isOperator('=')) {
      this.#next = start;
      return undefined;
    }
    this.#next += 1;
    const values = [this.#expression()];
    while (this.#accept(',')) values.push(this.#expression());
    const [value] = values;
    const isLookup = names.length === 2 && values.length === 1 && value?.is === 'index';
    if (range ? names.length > 2 || values.length > 1 : names.length !== values.length && !isLookup)
      throw this.#wrong({ at }, `${names.length} names and ${values.length} values in an assignment`);
    return { at, declares, names, values };
  }

  #if(word: Token): Statement {
    const set = this.#assignment();
    if (set !== undefined) this.#expect(';');
    const condition = this.#expression();
    this.#close();
    const [then, ender] = this.#body(word, ['else', 'end']);
    let otherwise: Body | undefined;
    if (ender === 'else') {
      if (this.#isKeyword('if')) {
        const next = this.#peek();
        this.#next += 1;
        otherwise = [this.#nested(next, () => this.#if(next))];
      } else {
        this.#close();
        [otherwise] = this.#body(word, ['end']);
      }
    }
    return { is: 'if', set, condition, then, otherwise, at: word.at };
  }

  #range(word: Token): Statement {
    const set = this.#assignment(true);
    const over = set?.values[0] ?? this.#expression();
    this.#close();
    const [body, ender] = this.#body(word, ['else', 'end']);
    let otherwise: Body | undefined;
    if (ender === 'else') {
      this.#close();
      [otherwise] = this.#body(word, ['end']);
    }
    return { is: 'range', set, over, body, otherwise, at: word.at };
  }

  #try(word: Token): Statement {
    this.#close();
    const [body, ender] = this.#body(word, ['catch', 'end']);
    if (ender === 'end') return { is: 'try', body, caught: undefined, error: undefined, at: word.at };
    const error = this.#peek().is === 'name' ? this.#take('name', 'a name').value : undefined;
    this.#close();
    const [caught] = this.#body(word, ['end']);
    return { is: 'try', body, caught, error, at: word.at };
  }

  #block(word: Token): Block {
    const name = this.#take('name', 'the name of the block').value;
    const params = this.#parameters();
    const context = this.#untilClose();
    const [body, ender] = this.#body(word, ['content', 'end']);
    const content = ender === 'content' ? this.#body(word, ['end'])[0] : undefined;
    const block: Block = { is: 'block', name, params, context, body, content, at: word.at };
    this.#blocks.set(name, block);
    return block;
  }

  #yield(word: Token): Statement {
    if (this.#isKeyword('content')) {
      this.#next += 1;
      return { is: 'content', context: this.#untilClose(), at: word.at };
    }
    const name = this.#take('name', "the name of a block, or 'content'").value;
    const params = this.#parameters();
    const unnamed = params.find((param) => param.value === undefined);
    if (unnamed !== undefined)
      throw this.#wrong(word, `'${unnamed.name}' needs a value here: write ${unnamed.name}=...`);
    const plain = this.#isKeyword('content') || this.#peek().is === 'close';
    const context = plain ? undefined : this.#expression();
    if (!this.#isKeyword('content')) {
      this.#close();
      return { is: 'yield', name, params, context, content: undefined, at: word.at };
    }
    this.#next += 1;
    this.#close();
    const [content] = this.#body(word, ['end']);
    return { is: 'yield', name, params, context, content, at: word.at };
  }

  /** `(a, b=1)`, where a comma may stand at the end. */
  #parameters(): readonly BlockParameter[] {
    this.#expect('(');
    const params: BlockParameter[] = [];
    while (!this.#accept(')')) {
      const { value: name } = this.#take('name', "the name of a parameter or ')'");
      params.push({ name, value: this.#accept('=') ? this.#expression() : undefined });
      if (!this.#isOperator(')')) this.#expect(',');
    }
    return params;
  }

  #expression(): Expression {
    return this.#nested(this.#peek(), () => {
      const condition = this.#binary(0);
      if (!this.#accept('?')) return condition;
      const then = this.#expression();
      this.#expect(':');
      return { is: 'choice', condition, then, otherwise: this.#expression(), at: condition.at };
    });
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const token = this.#peek();
      const operator = token.is === 'operator' ? operators.find((one) => one === token.value) : undefined;
      if (operator === undefined) return left;
      this.#next += 1;
      left = { is: 'binary', operator, left, right: this.#binary(level + 1), at: token.at };
    }
  }

  #unary(): Expression {
    const token = this.#peek();
    if (this.#accept('!'))
      return this.#nested(token, () => ({ is: 'not', operand: this.#binary(COMPARISON), at: token.at }));
    if (this.#accept('-')) return { is: 'minus', operand: this.#operand(), at: token.at };
    if (this.#accept('+')) return { is: 'plus', operand: this.#operand(), at: token.at };
    return this.#operand();
  }

  #operand(): Expression {
    let of = this.#term();
    for (;;) {
      const token = this.#peek();
      if (token.is === 'field' && !token.apart) {
        const names: string[] = [];
        for (; this.#peek().is === 'field' && !this.#peek().apart; this.#next++)
          names.push(this.#peek().value);
        if (of.is === 'constant')
          throw this.#wrong(token, `unexpected '.${names[0] ?? ''}' after a constant`);
        of =
          of.is === 'field'
            ? { ...of, names: [...of.names, ...names] }
            : { is: 'chain', of, names, at: of.at };
      } else if (of.is === 'constant' || of.is === 'slot') return of;
      else if (this.#accept('(')) of = { is: 'call', of, args: this.#arguments(), at: of.at };
      else if (this.#accept('[')) of = this.#indexed(of);
      else return of;
    }
  }

  #arguments(): readonly Expression[] {
    const args: Expression[] = [];
    while (!this.#accept(')')) {
      args.push(this.#expression());
      if (!this.#isOperator(')')) this.#expect(',');
    }
    return this.#withOneSlot(args);
  }

  #indexed(of: Expression): Expression {
    const from = this.#isOperator(':') ? undefined : this.#expression();
    if (this.#accept(':')) {
      const to = this.#isOperator(']') ? undefined : this.#expression();
      this.#expect(']');
      return { is: 'slice', of, from, to, at: of.at };
    }
    this.#expect(']');
    if (from === undefined) throw this.#unexpected('an index');
    return { is: 'index', of, key: from, at: of.at };
  }

  #term(): Expression {
    const token = this.#peek();
    const { at, value } = token;
    this.#next += 1;
    switch (token.is) {
      case 'name':
        return value === '_' ? { is: 'slot', at } : { is: 'name', name: value, at };
      case 'field':
        return { is: 'field', names: [value], at };
      case 'number':
        return { is: 'constant', value: float(Number(value)), at };
      case 'string':
        return { is: 'constant', value, at };
      case 'keyword':
        if (value === 'nil') return { is: 'constant', value: null, at };
        if (value === 'true' || value === 'false') return { is: 'constant', value: value === 'true', at };
        break;
      case 'operator':
        if (value === '.') return { is: 'context', at };
        if (value === '(') {
          const inner = this.#expression();
          this.#expect(')');
          return inner;
        }
        break;
      default:
    }
    this.#next -= 1;
    throw this.#unexpected('a value');
  }
}
