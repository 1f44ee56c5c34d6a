// What the commands print: results on stdout, everything else on stderr.
// O1: with --json stdout holds exactly one JSON document (test: one line a test), also when the command fails.
import { ComponentError } from '../core/components.js';
import type { Data, DataObject } from '../core/data.js';
import { dataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import { PlatformError } from '../core/errors.js';
import { toTextLossy, toBytes } from '../core/text.js';
import { encodeWire } from '../core/wire.js';
import { formatDiagnostic } from '../core/diagnostics.js';
import type { Diagnostic } from '../core/diagnostics.js';

/** JSON of plain data, indented for people or on one line for programs. */
export const jsonText = (data: Data, pretty: boolean): string => encodeWire(data, { pretty });

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
export const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** The results of a call: nothing, the value, or a list of several values. */
export function resultData(values: readonly Data[]): Data {
  return values.length === 0 ? null : values.length === 1 ? (values[0] ?? null) : [...values];
}

export function errorDocument(error: ErrorData): DataObject {
  return dataObject({
    kind: error.kind,
    message: error.message,
    ...(error.retryable === undefined ? {} : { retryable: error.retryable }),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.stack === undefined || error.stack === '' ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: errorDocument(error.cause) }),
  });
}

/** An error of Lua for people: kind and message, then where. */
export function errorLines(error: ErrorData): string[] {
  const lines = [`error: ${error.kind}: ${toTextLossy(error.message)}`];
  if (error.details !== undefined) lines.push(`details: ${jsonText(error.details, false)}`);
  if (error.stack !== undefined && error.stack !== '')
    lines.push(
      ...toTextLossy(error.stack)
        .split('\n')
        .map((frame) => `  ${frame.trim()}`),
    );
  for (let { cause } = error; cause !== undefined; { cause } = cause)
    lines.push(`caused by: ${cause.kind}: ${toTextLossy(cause.message)}`);
  return lines;
}

interface WithDiagnostics {
  readonly diagnostics: readonly Diagnostic[];
}
const hasDiagnostics = (error: unknown): error is WithDiagnostics =>
  typeof error === 'object' && error !== null && 'diagnostics' in error && Array.isArray(error.diagnostics);
const hasData = (error: unknown): error is { readonly data: ErrorData } =>
  typeof error === 'object' && error !== null && 'data' in error && typeof error.data === 'object';

/** Prints why a command failed; returns its exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  const code = tellFailure(error);
  if (!json) return code;
  if (hasData(error)) say(jsonText(dataObject({ ok: false, error: errorDocument(error.data) }), false));
  else say(jsonText(failureDocument(error, hasDiagnostics(error) ? error.diagnostics : undefined), false));
  return code;
}

/** What failed, on stderr; returns the exit code that it stands for. */
export function tellFailure(error: unknown): number {
  const exitCode = error instanceof PlatformError ? error.exitCode : undefined;
  if (hasDiagnostics(error)) {
    const problems = error.diagnostics;
    for (const diagnostic of problems)
      tell(`${diagnostic.severity === 'warning' ? 'warning: ' : ''}${formatDiagnostic(diagnostic)}`);
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const ended =
      error instanceof PlatformError && error.code === 'REGISTRY_CHANGES'
        ? '; nothing was changed'
        : ' in the app; nothing was started';
    tell(`moontide: ${errors} ${errors === 1 ? 'error' : 'errors'}${ended}`);
    return exitCode ?? 2;
  }
  if (hasData(error)) {
    for (const line of errorLines(error.data)) tell(line);
    return exitCode ?? 1;
  }
  if (error instanceof AggregateError) {
    const [first, ...others] = error.errors.map(tellFailure);
    return first ?? others[0] ?? 1;
  }
  if (error instanceof PlatformError) {
    tell(`moontide: ${error.message}`);
    for (const frame of framesOfOthers(error)) tell(`  ${frame}`);
  } else
    tell(
      `moontide: this is a bug in Moontide: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  return exitCode ?? 1;
}

/** Where a component failed by an error that is not ours: its author needs the place. */
function framesOfOthers(error: PlatformError): string[] {
  const { cause } = error;
  if (!(error instanceof ComponentError) || !(cause instanceof Error) || cause instanceof PlatformError)
    return [];
  const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at (?!.*\bnode:)/.test(line));
  // From where we called it on they are ours.
  const ours = frames.findIndex((frame) => /\/core\/components\.[jt]s:/.test(frame));
  return frames.slice(0, ours < 0 ? frames.length : ours).map((frame) => frame.trim());
}

/** A failure as the one JSON document of stdout. */
export const sayFailure = (error: PlatformError): void => say(jsonText(failureDocument(error), false));

function failureDocument(error: unknown, diagnostics?: readonly Diagnostic[]): DataObject {
  if (error instanceof AggregateError && error.errors.length > 0) return failureDocument(error.errors[0]);
  const message = error instanceof Error ? error.message : String(error);
  const known =
    error instanceof PlatformError
      ? { code: error.code, kind: error.kind }
      : { code: 'BUG', kind: 'Internal' };
  return dataObject({
    ok: false,
    error: dataObject({
      ...known,
      message: toBytes(message),
      ...(diagnostics === undefined
        ? {}
        : {
            diagnostics: diagnostics.map(({ severity, place, message: text, fix }) =>
              dataObject({
                severity,
                file: toBytes(place.file),
                line: place.line,
                column: place.column,
                message: toBytes(text),
                ...(fix === undefined ? {} : { fix: toBytes(fix) }),
              }),
            ),
          }),
    }),
  });
}
