// What every part of the parser does with tokens: look, take, insist, complain in PUC's words. Sealed.
import { Lexer } from './lexer.js';
import { LuaSyntaxError } from './syntax-error.js';
import { T_NAME, describeToken } from './tokens.js';

/** As LUAI_MAXCCALLS: nested statements, expressions and assignments together. */
const MAX_LEVELS = 200;

export abstract class TokenReader {
  protected readonly lexer: Lexer;
  #levels: number;

  /** `levels` are in use already, as the C calls around PUC's parser are. */
  protected constructor(source: string, levels: number) {
    this.lexer = new Lexer(source);
    this.#levels = levels;
  }

  /** Fails at the current token. */
  protected fail(message: string): never {
    const { lexer } = this;
    throw new LuaSyntaxError(`${message} near ${lexer.near()}`, lexer.line, lexer.tokenStart);
  }

  /** Fails for a reason that is not the current token's. */
  protected failPlainly(message: string, line = this.lexer.line, offset = this.lexer.tokenStart): never {
    throw new LuaSyntaxError(message, line, offset);
  }

  /** Takes the token if it is the current one. */
  protected accept(token: number): boolean {
    if (this.lexer.token !== token) return false;
    this.lexer.advance();
    return true;
  }

  protected expect(token: number): void {
    if (this.lexer.token !== token) this.fail(`${describeToken(token)} expected`);
    this.lexer.advance();
  }

  /** Takes `token`, which closes `opening` of line `line`. */
  protected expectClosing(token: number, opening: number, line: number): void {
    const { lexer } = this;
    if (lexer.token === token) return lexer.advance();
    if (line === lexer.line) this.fail(`${describeToken(token)} expected`);
    this.fail(
      `${describeToken(token)} expected (to close ${describeToken(opening)} at line ${String(line)})`,
    );
  }

  protected expectName(): string {
    const { lexer } = this;
    if (lexer.token !== T_NAME) this.fail('<name> expected');
    const name = lexer.text;
    lexer.advance();
    return name;
  }

  /** Whether the current token is the name `word`: a word that means something here and is a plain name elsewhere. */
  protected isWord(word: string): boolean {
    return this.lexer.token === T_NAME && this.lexer.text === word;
  }

  protected limit(count: number, max: number, what: string): void {
    if (count > max) this.fail(`too many ${what} (limit is ${String(max)}) in ${this.describeFunction()}`);
  }

  protected enterLevel(): void {
    this.limit(++this.#levels, MAX_LEVELS, 'C levels');
  }

  protected leaveLevel(): void {
    this.#levels--;
  }

  /** Fails if `more` levels on top of the present ones are too many. */
  protected checkLevels(more: number): void {
    this.limit(this.#levels + more, MAX_LEVELS, 'C levels');
  }

  /** `main function` or `function at line 3`. */
  protected abstract describeFunction(): string;
}
