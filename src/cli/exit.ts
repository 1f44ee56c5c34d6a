// The end of a process whose command is done.

/** What may still be open: a worker's goodbye to a server that is gone. Milliseconds. */
const LINGER_MS = 3000;

/** Sets the exit code; whatever is still open then does not keep the process for long. */
export function exitWith(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(), LINGER_MS).unref();
}
