// Files of lines NAME=VALUE, as Node and dotenv read them: `#` begins a comment, quotes of three kinds hold anything but themselves.
// F1: what is set is looked at again as it would be read: the value must come back, and every other name must keep its own.
// F2: a file is replaced whole: who reads it sees the old or the new; its comments, its order and its permissions stay.
// F3: a file that another program changes is read anew at the next question.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { parseEnv } from 'node:util';
import { EnvironmentError } from './errors.js';

export interface EnvFileOptions {
  /** Entry id, for messages. */
  readonly entry: string;
  /** Absolute. */
  readonly path: string;
  readonly create: boolean;
  /** Permission bits of a file that is made. */
  readonly fileMode: number;
  readonly folderMode: number;
}

type Values = Readonly<Record<string, string>>;

export class EnvFile {
  readonly options: EnvFileOptions;
  #read: { readonly version: string; readonly text: string; readonly values: Values } | undefined;

  constructor(options: EnvFileOptions) {
    this.options = options;
  }

  get(key: string): string | undefined {
    const { values } = this.#load();
    return Object.hasOwn(values, key) ? values[key] : undefined;
  }

  set(key: string, value: string): void {
    const { text, values } = this.#load();
    if (Object.hasOwn(values, key) && values[key] === value) return;
    const changed = withValue(text, values, key, value);
    if (changed === undefined)
      throw new EnvironmentError(
        `the value of '${key}' cannot be written into a .env file: it holds every kind of quote, or characters that are no text`,
        'Invalid',
      );
    this.#attempt('written', (path) => {
      const mode = statSync(path).mode & 0o777;
      this.#replace(path, changed, mode);
    });
    this.#read = undefined;
  }

  #replace(path: string, text: string, mode: number): void {
    const beside = `${path}.${randomUUID()}`;
    try {
      writeFileSync(beside, text, { flag: 'wx', mode });
      chmodSync(beside, mode); // whatever the umask is
      renameSync(beside, path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  }

  #load(): { readonly text: string; readonly values: Values } {
    return this.#attempt('read', (path) => {
      const found = statSync(path, { throwIfNoEntry: false, bigint: true }) ?? this.#make(path);
      const version = `${found.ino} ${found.size} ${found.mtimeNs}`;
      if (this.#read?.version === version) return this.#read;
      const text = readFileSync(path, 'utf8');
      return (this.#read = { version, text, values: valuesOf(text) });
    });
  }

  #make(path: string) {
    const { entry, create, fileMode, folderMode } = this.options;
    if (!create)
      throw new EnvironmentError(
        `the file of '${entry}', '${path}', is not there; make it, or set auto_create`,
        'NotFound',
      );
    mkdirSync(dirname(path), { recursive: true, mode: folderMode });
    this.#replace(path, '', fileMode);
    return statSync(path, { bigint: true });
  }

  /** What the operating system refuses, in words of the app. */
  #attempt<T>(what: string, work: (path: string) => T): T {
    const { entry, path } = this.options;
    try {
      return work(path);
    } catch (error) {
      if (error instanceof EnvironmentError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw new EnvironmentError(
        `the file of '${entry}', '${path}', cannot be ${what}: ${code ?? 'unknown error'}`,
        code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'PermissionDenied' : 'Unavailable',
        { cause: error },
      );
    }
  }
}

const valuesOf = (text: string): Values => parseEnv(text) as Values;

/** The text with the value set; undefined: it cannot be written so that it is read again. */
export function withValue(text: string, values: Values, key: string, value: string): string | undefined {
  const wanted = { ...values, [key]: value };
  for (const quoted of quotings(value)) {
    const line = `${key}=${quoted}`;
    const begun = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    // The last line of a name counts; where it cannot be found for certain a new one at the end does.
    for (const changed of [withLine(text, key, line), `${begun}${line}\n`])
      if (changed !== undefined && sameValues(valuesOf(changed), wanted)) return changed;
  }
  return undefined;
}

function* quotings(value: string): Generator<string> {
  if (/^[\w.:/@%+,-]*$/.test(value)) yield value;
  for (const quote of ["'", '"', '`']) if (!value.includes(quote)) yield `${quote}${value}${quote}`;
}

function withLine(text: string, key: string, line: string): string | undefined {
  const assignment = new RegExp(
    `^([ \\t]*(?:export[ \\t]+)?)${key.replace(/[.-]/g, '\\$&')}[ \\t]*=[ \\t]*(?:'[^']*'|"[^"]*"|\`[^\`]*\`|[^\\n#]*)`,
    'gm',
  );
  const last = [...text.matchAll(assignment)].at(-1);
  if (last === undefined) return undefined;
  const [whole, before = ''] = last;
  const gap = /[ \t\r]*$/.exec(whole)?.[0] ?? '';
  return `${text.slice(0, last.index)}${before}${line}${gap}${text.slice(last.index + whole.length)}`;
}

function sameValues(a: Values, b: Values): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
