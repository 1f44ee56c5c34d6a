// A command was given in a folder that is no app: which one was meant.
import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';
import { CONFIG_FILES } from '../registry/load/config.js';
import { isIndexName } from '../registry/load/definition.js';

export class NoAppError extends PlatformError {
  override readonly name = 'NoAppError';
  readonly code = 'APP_ABSENT';
  override readonly kind = 'NotFound';
  override readonly exitCode: ExitCode = 2;
  /** `near`: a folder above that is an app. */
  constructor(folder: string, near: string | undefined) {
    const fix =
      near === undefined
        ? "go to the app's folder or name it with --app, or make a new app with `moontide init`"
        : `the app is in '${near}': go there, or give --app '${near}'`;
    super(`there is no app here: '${folder}' has neither moontide.yaml nor an _index.yaml; ${fix}`);
  }
}

/** Folders that are looked into for an `_index.yaml`, so that a home folder is not read whole. */
const MOST_FOLDERS = 1000;

/** Undefined where there is an app, broken or not, or no folder at all. */
export async function whyNoApp(folder: string): Promise<NoAppError | undefined> {
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined || (await hasConfiguration(real)) || (await hasIndex(real))) return undefined;
  let above = dirname(real);
  for (let last = real; above !== last; above = dirname(above)) {
    if (await hasConfiguration(above)) return new NoAppError(real, above);
    last = above;
  }
  return new NoAppError(real, undefined);
}

const hasConfiguration = async (folder: string): Promise<boolean> =>
  (await readdir(folder).catch(() => [])).some((name) => CONFIG_FILES.includes(name));

async function hasIndex(folder: string): Promise<boolean> {
  const folders = [folder];
  for (let at = 0; at < Math.min(folders.length, MOST_FOLDERS); at++) {
    const parent = folders[at] as string;
    const found = await readdir(parent, { withFileTypes: true }).catch(() => []);
    if (found.some(({ name }) => isIndexName(name))) return true;
    for (const each of found)
      if (each.isDirectory() && each.name !== 'node_modules' && !each.name.startsWith('.'))
        folders.push(join(parent, each.name));
  }
  return false;
}
