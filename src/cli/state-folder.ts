// The folder for an app's state, `.moontide/`, made when it is missing.
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';

export const STATE_FOLDER = '.moontide';

class StateFolderError extends PlatformError {
  override readonly name = 'StateFolderError';
  readonly code = 'STATE_FOLDER';
  override readonly kind = 'PermissionDenied' as const;
  override readonly exitCode: ExitCode = 3;
  constructor(folder: string, why: string, options?: ErrorOptions) {
    super(`cannot keep the app's state in '${folder}': ${why}; make the folder writable`, options);
  }
}

/** Absolute path of the state folder of an app. */
export function openStateFolder(appFolder: string): string {
  const folder = join(appFolder, STATE_FOLDER);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    const ignore = join(folder, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  } catch (cause) {
    throw new StateFolderError(folder, reason(cause), { cause });
  }
  return folder;
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EROFS':
      return 'the file system is read-only';
    case 'EACCES':
    case 'EPERM':
      return 'no permission to write';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'a file is in its place';
    case 'ENOSPC':
      return 'the disk is full';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
