// How the lexer and the parser give up: thrown inside the front end only, turned into a Diagnostic at its door. Sealed.

export class LuaSyntaxError extends Error {
  override readonly name = 'LuaSyntaxError';
  readonly line: number;
  /** Offset in the source of what the message is about. */
  readonly offset: number;
  constructor(message: string, line: number, offset: number) {
    super(message);
    this.line = line;
    this.offset = offset;
  }
}
