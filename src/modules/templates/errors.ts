// What templates tell: a text that is no template, a rendering that failed, one that grew without an end. Sealed.
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';

/** What Lua sees, with the template and the line in the message. */
export class TemplateError extends PlatformError {
  override readonly name = 'TemplateError';
  readonly code = 'TEMPLATE';
  override readonly kind: ErrorKind;
  constructor(kind: 'Invalid' | 'NotFound' | 'Internal', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** A text that is no template. Lines and columns from 1; columns in bytes. */
export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError';
  readonly problem: string;
  readonly line: number;
  readonly column: number;
  constructor(source: string, at: number, problem: string) {
    const before = source.slice(0, at).split('\n');
    super(`${before.length}:${(before.at(-1) ?? '').length + 1}: ${problem}`);
    this.problem = problem;
    this.line = before.length;
    this.column = (before.at(-1) ?? '').length + 1;
  }
}

/** A rendering that went wrong. `catch` of a template takes it, unless a bound of renderings was met. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
  readonly isLimit: boolean;
  /** `template:line`, once it is known. */
  place: string | undefined;
  constructor(problem: string, isLimit = false) {
    super(problem);
    this.isLimit = isLimit;
  }

  /** With the place in front. */
  get told(): string {
    return this.place === undefined ? this.message : `${this.place}: ${this.message}`;
  }
}
