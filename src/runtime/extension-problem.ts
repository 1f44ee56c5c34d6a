// Why an extension cannot be loaded, at the place of its file where that is known, else where moontide.yaml names it.
// P1: nothing of an extension is run to find out: a syntax error is found by Node's own `--check`, which reads only.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Diagnostic, Place } from '../core/diagnostics.js';

export interface FailedExtension {
  /** Real path of the app's folder. */
  readonly appFolder: string;
  /** As moontide.yaml has it. */
  readonly name: string;
  /** Where moontide.yaml has it. */
  readonly named: Place;
  /** Real path of the file. */
  readonly path: string;
  /** What its import threw. */
  readonly error: unknown;
}

interface Spot {
  readonly path: string;
  readonly line: number;
  /** 0: the whole line. */
  readonly column: number;
}

export async function extensionProblem(failed: FailedExtension): Promise<Diagnostic> {
  const { appFolder, name, error } = failed;
  const why = error instanceof Error ? `${error.name}: ${firstLine(error.message)}` : String(error);
  const spot =
    missingImport(error) ?? headOfStack(error) ?? frameOf(failed) ?? (await syntaxError(failed)) ?? undefined;
  return {
    severity: 'error',
    place: spot === undefined ? failed.named : placeOf(appFolder, spot),
    message: `extension '${name}' cannot be loaded: ${why}`,
    fix: isMissingPackage(error) ? 'install it, or mend the import' : 'mend the file',
  };
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
const placeOf = (folder: string, { path, line, column }: Spot): Place => ({
  file: relative(folder, path).split(sep).join('/'),
  line,
  column,
});
const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? '') : '');
const isMissingPackage = (error: unknown): boolean => /^Cannot find package /.test(messageOf(error));
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

/** The import of a file or package that is not there. */
function missingImport(error: unknown): Spot | undefined {
  const [, target, path] =
    /^Cannot find (?:package|module) '([^']+)' imported from (.+)$/.exec(firstLine(messageOf(error))) ?? [];
  if (target === undefined || path === undefined) return undefined;
  // Of a relative one only the path is said to which it leads.
  const written = target.slice(target.lastIndexOf(sep) + 1);
  const lines = readLines(path);
  const index = lines.findIndex((line) => /\b(?:import|from)\b/.test(line) && line.includes(written));
  return { path, line: index + 1, column: index < 0 ? 0 : (lines[index] ?? '').indexOf(written) + 1 };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return []; // it is only looked at for a better place
  }
}

/** `file:///a/b.js:3`, the line itself, and `^` under what is wrong: how Node begins the text of some errors. */
function spotOfText(text: string, path: string | undefined): Spot | undefined {
  const [head = '', , mark = ''] = text.split('\n');
  const [, at = '', line] = /^(.+):(\d+)$/.exec(head) ?? [];
  if (line === undefined) return undefined;
  const file = path ?? (at.startsWith('file://') ? fileURLToPath(at) : at);
  return { path: file, line: Number(line), column: mark.indexOf('^') + 1 };
}

const headOfStack = (error: unknown): Spot | undefined => spotOfText(stackOf(error), undefined);

/** The innermost frame in a file of the app, or in the extension itself. */
function frameOf({ appFolder, path, error }: FailedExtension): Spot | undefined {
  for (const [, url = '', line, column] of stackOf(error).matchAll(/(file:\/\/[^\s()]+?):(\d+):(\d+)/g)) {
    const file = fileURLToPath(url);
    const isOurs = file.startsWith(appFolder + sep) && !file.includes(`${sep}node_modules${sep}`);
    if (file === path || isOurs) return { path: file, line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** How many files are looked through for a syntax error. */
const MOST_FILES = 20;

/** Node does not say where a module's syntax error is when the module is imported: the file and what it imports are checked one by one. */
async function syntaxError({ path, error }: FailedExtension): Promise<Spot | undefined> {
  if (!(error instanceof SyntaxError)) return undefined;
  const files = [path];
  for (let at = 0; at < Math.min(files.length, MOST_FILES); at++) {
    const file = files[at] ?? path;
    const text = readLines(file).join('\n');
    const spot = spotOfText(await check(text), file);
    if (spot !== undefined) return spot;
    for (const [, name = ''] of text.matchAll(/\b(?:import|from)\s*["'](\.[^"']+)["']/g)) {
      const next = resolve(dirname(file), name);
      if (!files.includes(next)) files.push(next);
    }
  }
  return undefined;
}

/** What Node says about the syntax of a module; empty when it is good. */
function check(text: string): Promise<string> {
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--check', '--input-type=module', '-'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    child.once('error', () => done('')); // no process to be had: the place stays unknown
    child.once('close', () => done(said));
    child.stdin.on('error', () => undefined); // it went away before it had read all; `close` follows
    child.stdin.end(text);
  });
}
