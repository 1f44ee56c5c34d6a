// The folder for an app's state, `.moontide/`, made when it is missing.
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';

export const STATE_FOLDER = '.moontide';

/** Why nothing can be kept in an app's folder. */
export class StateFolderError extends PlatformError {
  override readonly name = 'StateFolderError';
  readonly code = 'STATE_FOLDER';
  override readonly kind = 'PermissionDenied' as const;
  override readonly exitCode: ExitCode = 3;
  constructor(folder: string, { why, fix }: Reason, options?: ErrorOptions) {
    super(`cannot keep the app's state in '${folder}': ${why}; ${fix}`, options);
  }
}

interface Reason {
  readonly why: string;
  readonly fix: string;
}

export interface StateFolder {
  /** Absolute. */
  readonly path: string;
  /** Absent: it is there and can be written to. */
  readonly problem?: StateFolderError;
}

/** The state folder of an app, made if that can be done. */
export function openStateFolder(appFolder: string): StateFolder {
  const path = join(appFolder, STATE_FOLDER);
  try {
    make(path);
    accessSync(path, constants.W_OK);
    const ignore = join(path, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
    return { path };
  } catch (cause) {
    return { path, problem: new StateFolderError(path, reason(cause), { cause }) };
  }
}

/** Not `recursive`: that calls a read-only file system a missing folder. */
function make(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function reason(error: unknown): Reason {
  const WRITABLE = 'make the folder writable';
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EROFS':
      return { why: 'the file system is read-only', fix: 'run the app from a copy that can be written to' };
    case 'EACCES':
    case 'EPERM':
      return { why: 'no permission to write', fix: WRITABLE };
    case 'EEXIST':
    case 'ENOTDIR':
      return { why: 'a file is in its place', fix: 'remove or rename that file' };
    case 'ENOSPC':
      return { why: 'the disk is full', fix: 'make room' };
    default:
      return { why: error instanceof Error ? error.message : String(error), fix: WRITABLE };
  }
}
