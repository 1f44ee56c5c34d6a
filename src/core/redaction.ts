// Takes resolved secrets out of whatever leaves the platform as text: logs, errors, events. Sealed.
// R1: every registered secret of MIN_LENGTH chars or more is replaced wherever it occurs, also as JSON, URL or base64 text.
// R2: shorter ones cannot be told from ordinary words and are left.
// R3: data that would be recorded for good is refused rather than redacted: a program cannot go on with half a value.
import { dataObject, LuaFloat } from './data.js';
import type { Data } from './data.js';
import type { ErrorData } from './error-data.js';
import { encodeComponent } from './form-encoding.js';
import type { DataPath } from './secret.js';
import { encodeBase64, toBytes, toText } from './text.js';

export const REDACTED = '[redacted]';
const MIN_LENGTH = 4;
/** A shorter secret counts in data only where it is the whole text: words of that length occur by chance. */
const MIN_PART_LENGTH = 8;
/** What is deeper in a log field is cut. */
const MAX_FIELD_DEPTH = 8;

export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;
  /** Matches what counts inside a longer text. */
  #parts: RegExp | undefined;

  /** Registers a secret's text (or bytes). A secret of several lines also counts line by line. */
  add(secret: string): void {
    for (const part of new Set([secret, secret.trim(), ...secret.split(/\r?\n/)])) {
      if (part.length < MIN_LENGTH || this.#secrets.has(part)) continue;
      const bytes = toBytes(part);
      const forms = [
        part,
        bytes,
        JSON.stringify(part).slice(1, -1),
        encodeURIComponent(toText(bytes)),
        encodeComponent(bytes),
        encodeBase64(bytes),
      ];
      for (const form of forms) this.#secrets.add(form);
      this.#pattern = undefined;
      this.#parts = undefined;
    }
  }

  text(text: string): string {
    const pattern = this.#compiled();
    return pattern === undefined ? text : text.replace(pattern, REDACTED);
  }

  /** An error on its way to people, to a history or to another program; its details keep their types. */
  error(error: ErrorData): ErrorData {
    if (this.#compiled() === undefined) return error;
    return {
      ...error,
      message: this.text(error.message),
      ...(error.stack === undefined ? {} : { stack: this.text(error.stack) }),
      ...(error.details === undefined ? {} : { details: this.#data(error.details) }),
      ...(error.cause === undefined ? {} : { cause: this.error(error.cause) }),
    };
  }

  /** Where data holds the value of a secret (R3). */
  find(data: Data): DataPath | undefined {
    return this.#secrets.size === 0 ? undefined : this.#find(data, []);
  }

  #find(data: Data, path: DataPath): DataPath | undefined {
    if (typeof data === 'string') return this.#tells(data) ? path : undefined;
    if (typeof data !== 'object' || data === null || data instanceof LuaFloat) return undefined;
    for (const [key, item] of Object.entries(data)) {
      const step = Array.isArray(data) ? Number(key) : key;
      if (typeof step === 'string' && this.#tells(step)) return path;
      const found = this.#find(item, [...path, step]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #tells(text: string): boolean {
    if (this.#secrets.has(text)) return true;
    this.#parts ??= patternOf([...this.#secrets].filter((secret) => secret.length >= MIN_PART_LENGTH));
    return this.#parts !== undefined && text.search(this.#parts) >= 0;
  }

  #data(data: Data): Data {
    if (typeof data === 'string') return this.text(data);
    if (Array.isArray(data)) return data.map((item) => this.#data(item));
    if (typeof data !== 'object' || data === null || data instanceof LuaFloat) return data;
    return dataObject(
      Object.fromEntries(Object.entries(data).map(([key, item]) => [this.text(key), this.#data(item)])),
    );
  }

  /** A copy of any value fit for a log: plain, bounded, without cycles, and redacted in strings, keys and numbers. */
  plain(value: unknown): unknown {
    return this.#plain(value, [], this.#compiled());
  }

  #compiled(): RegExp | undefined {
    return (this.#pattern ??= patternOf([...this.#secrets]));
  }

  #plain(value: unknown, parents: readonly object[], pattern: RegExp | undefined): unknown {
    const clean = (text: string): string => (pattern === undefined ? text : text.replace(pattern, REDACTED));
    switch (typeof value) {
      case 'string':
        return clean(value);
      case 'number':
      case 'bigint': {
        const digits = String(value);
        if (clean(digits) !== digits) return REDACTED;
        return typeof value === 'bigint' || !Number.isFinite(value) ? digits : value;
      }
      case 'boolean':
      case 'undefined':
        return value;
      case 'symbol':
      case 'function':
        return `[${typeof value}]`;
      case 'object':
        break;
    }
    if (value === null) return null;
    if (value instanceof LuaFloat) return this.#plain(value.n, parents, pattern);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
    if (parents.includes(value)) return '[circular]';
    if (parents.length >= MAX_FIELD_DEPTH) return '[deep]';
    const inside = [...parents, value];
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return value.map((item) => this.#plain(item, inside, pattern));
    if (value instanceof Error) return this.#plain(describeError(value), inside, pattern);
    if (value instanceof Map)
      return this.#plain(Object.fromEntries(value as Map<string, unknown>), inside, pattern);
    if (value instanceof Set) return this.#plain([...(value as Set<unknown>)], inside, pattern);
    const source = value as Record<string, unknown>;
    const target: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const key of Object.keys(source)) {
      let field: unknown;
      try {
        field = this.#plain(source[key], inside, pattern);
      } catch {
        field = '[unreadable]'; // a getter that throws must not lose the whole record
      }
      target[clean(key)] = field;
    }
    return target;
  }
}

function patternOf(secrets: string[]): RegExp | undefined {
  if (secrets.length === 0) return undefined;
  // Longest first, so that a secret that contains another goes as a whole.
  const longestFirst = secrets.sort((left, right) => right.length - left.length);
  return new RegExp(
    longestFirst.map((secret) => secret.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'),
    'g',
  );
}

/** An error's parts worth logging; other own fields (ids) come along. */
export function describeError(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const parts: Record<string, unknown> = { name, message };
  for (const [key, value] of Object.entries(error)) if (!(key in parts)) parts[key] = value;
  if (stack !== undefined) parts.stack = stack;
  if (cause !== undefined) parts.cause = cause;
  if (error instanceof AggregateError) parts.errors = error.errors;
  return parts;
}
