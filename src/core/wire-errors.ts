// What the wire refuses, with the place: a path in data, a line and column in text. Sealed.
import { PlatformError } from './errors.js';

/** A value that has no form on the wire. */
export class WireValueError extends PlatformError {
  override readonly name = 'WireValueError';
  readonly code = 'WIRE_VALUE';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
  /** Where the value is, e.g. `$.items[3].price`. */
  readonly path: string;
  constructor(path: string, why: string) {
    super(`${path} ${why}`);
    this.path = path;
  }
}

/** Text that is not JSON. */
export class WireSyntaxError extends PlatformError {
  override readonly name = 'WireSyntaxError';
  readonly code = 'WIRE_SYNTAX';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
  constructor(text: string, offset: number, why: string) {
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - before.lastIndexOf('\n');
    super(`invalid JSON at ${line}:${column}: ${why}`);
    this.line = line;
    this.column = column;
  }
}

/** `$.items[3].price`, with `["..."]` for keys that are no names. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '$';
  for (const step of path)
    text +=
      typeof step === 'number'
        ? `[${step}]`
        : /^[A-Za-z_]\w*$/.test(step)
          ? `.${step}`
          : `[${JSON.stringify(step)}]`;
  return text;
}
