// Compiled units and V8's code of them, in memory and in a folder that any number of processes share.
// H1: a file is named by what its content follows from: the compiler's own files, the chunk's name, its source; for V8's code
//     also by V8. So nothing is ever stale, and two writers write the same.
// H2: files begin with the SHA-256 of the rest and are renamed into place: one that is broken, cut or of another program is
//     taken for missing, and is replaced.
// H3: a cache is never a reason to fail: a folder that cannot be read or written is one that is empty.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { allowLongFunctions } from './long-functions-host.js';
import type { CompiledUnit, ScriptText } from './unit.js';
import type { MadeScript, UnitSupport } from './unit-support.js';

export interface UnitCacheOptions {
  /** Made when something is first written. */
  readonly folder: string;
  /** Files kept; the oldest go first. Default 2000. */
  readonly maxFiles?: number;
  /** Milliseconds after a script's first run until V8's code of it is kept: by then what runs first has been compiled. Default 1000. */
  readonly codeDelayMs?: number;
}

/** Bytes of V8's code in memory. */
const MAX_CODE_BYTES = 64 * 1024 * 1024;
const DIGEST_BYTES = 32;

const digestOf = (...parts: readonly (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts)
    hash.update(typeof part === 'string' ? Buffer.from(part, 'utf8') : part).update('\0');
  return hash.digest();
};

/** Changes with every change of the compiler: names, sizes and times of its files. */
function compilerFingerprint(): string {
  const lua = dirname(dirname(fileURLToPath(import.meta.url)));
  const files = ['compiled', 'compiled/compiler', 'front'].flatMap((folder) =>
    readdirSync(join(lua, folder))
      .filter((file) => ['.js', '.ts'].includes(extname(file)))
      .map((file) => join(lua, folder, file)),
  );
  return files
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${file} ${size} ${mtimeMs}`;
    })
    .join('\n');
}

function dropFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It is not there, or stays.
  }
}

export class UnitCache implements UnitSupport {
  readonly #folder: string;
  readonly #maxFiles: number;
  readonly #codeDelayMs: number;
  readonly #code = new Map<string, Buffer>();
  #codeBytes = 0;
  /** Scripts whose code is still to be kept, by key. */
  readonly #pending = new Map<string, Script>();
  #timer: NodeJS.Timeout | undefined;
  #fingerprint: string | undefined;
  #isTidy = false;

  constructor({ folder, maxFiles = 2000, codeDelayMs = 1000 }: UnitCacheOptions) {
    this.#folder = folder;
    this.#maxFiles = maxFiles;
    this.#codeDelayMs = codeDelayMs;
  }

  find(chunk: string, source: string): CompiledUnit | undefined {
    const kept = this.#read(`${this.#unitKey(chunk, source)}.unit`);
    if (kept === undefined) return undefined;
    try {
      const { text, map, sites } = JSON.parse(kept.toString('utf8')) as CompiledUnit;
      allowLongFunctions({ text, map });
      return { chunk, source, text, map, sites };
    } catch {
      return undefined;
    }
  }

  keep({ source, ...unit }: CompiledUnit): void {
    allowLongFunctions(unit);
    this.#write(`${this.#unitKey(unit.chunk, source)}.unit`, Buffer.from(JSON.stringify(unit), 'utf8'));
  }

  makeFunction({ parameters, body, url }: ScriptText): MadeScript {
    const text = `(function(${parameters.join(',')}){${body}\n})`;
    const key = digestOf(text, url, process.versions.v8, process.arch, ...process.execArgv).toString('hex');
    const cachedData = this.#code.get(key) ?? this.#read(`${key}.v8`);
    const script = new Script(text, { filename: url, ...(cachedData === undefined ? {} : { cachedData }) });
    if (cachedData !== undefined && script.cachedDataRejected !== true) this.#remember(key, cachedData);
    else this.#later(key, script);
    return { run: script.runInThisContext() as MadeScript['run'], headerLines: 0 };
  }

  /** Keeps what waits for its time; done at exit. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [key, script] of this.#pending) {
      const code = script.createCachedData();
      this.#remember(key, code);
      this.#write(`${key}.v8`, code);
    }
    this.#pending.clear();
  }

  #later(key: string, script: Script): void {
    this.#pending.set(key, script);
    this.#timer ??= setTimeout(() => this.flush(), this.#codeDelayMs).unref();
  }

  #remember(key: string, code: Buffer): void {
    if (this.#code.has(key)) return;
    if (this.#codeBytes + code.length > MAX_CODE_BYTES) {
      this.#code.clear();
      this.#codeBytes = 0;
    }
    this.#code.set(key, code);
    this.#codeBytes += code.length;
  }

  #unitKey(chunk: string, source: string): string {
    this.#fingerprint ??= compilerFingerprint();
    return digestOf(this.#fingerprint, chunk, Buffer.from(source, 'latin1')).toString('hex');
  }

  #read(name: string): Buffer | undefined {
    try {
      const file = readFileSync(join(this.#folder, name));
      const content = file.subarray(DIGEST_BYTES);
      return digestOf(name, content).equals(file.subarray(0, DIGEST_BYTES)) ? content : undefined;
    } catch {
      return undefined; // H3
    }
  }

  #write(name: string, content: Buffer): void {
    const own = join(this.#folder, `${name}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      this.#tidy();
      writeFileSync(own, Buffer.concat([digestOf(name, content), content]), { mode: 0o600 });
      renameSync(own, join(this.#folder, name));
    } catch {
      dropFile(own); // H3
    }
  }

  /** Drops the oldest files where there are too many; looked at once, since one process writes few. */
  #tidy(): void {
    if (this.#isTidy) return;
    this.#isTidy = true;
    const names = readdirSync(this.#folder);
    if (names.length <= this.#maxFiles) return;
    const files = names.map((name) => {
      const path = join(this.#folder, name);
      return { path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
    });
    files.sort((a, b) => a.time - b.time);
    for (const { path } of files.slice(0, files.length - Math.ceil(this.#maxFiles / 2))) dropFile(path);
  }
}
