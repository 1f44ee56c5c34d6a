// A new app from an example of this package.
// A1: nothing that is there is overwritten: one file in the way, and nothing is written.
// A2: the copy is the example but for its name.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataObject } from '../core/data.js';
import { PACKAGE_ROOT } from '../core/package-root-host.js';
import { APP_NAME } from '../registry/load/config-schema.js';
import { toBytes } from '../core/text.js';
import { commandPrefix } from './command-prefix.js';
import type { Globals } from './globals.js';
import { jsonText, say } from './output.js';
import { STATE_FOLDER } from './state-folder.js';
import { UsageError } from './usage-error.js';

interface InitWishes {
  readonly folder: string;
  readonly example: string;
  readonly name: string | undefined;
  /** What people try first in it. */
  readonly steps: readonly string[];
}

export function makeApp(
  globals: Globals,
  { folder: wanted, example, name: given, steps }: InitWishes,
): Promise<number> {
  const folder = resolve(wanted);
  const name = given ?? basename(folder);
  if (!APP_NAME.test(name))
    throw new UsageError(
      `'${name}' is no name for an app: letters, digits, '-' and '_', a letter first; give one with --name`,
    );
  const files = copyOf(example, name);
  for (const path of ['', ...files.keys()]) refuseInTheWay(folder, path); // A1
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { flag: 'wx' });
  }
  if (globals.json) {
    const made = { name, folder: toBytes(folder), example, files: [...files.keys()].map(toBytes) };
    say(jsonText(dataObject(made), false));
    return Promise.resolve(0);
  }
  say(`made ${name} in ${relative(process.cwd(), folder) || 'this folder'}, from the example '${example}'`);
  say('Try next:');
  for (const step of [...steps, 'dev']) say(`  ${commandPrefix(folder)} ${step}`);
  return Promise.resolve(0);
}

/** A2 */
function copyOf(example: string, name: string): ReadonlyMap<string, string | Buffer> {
  const source = exampleFolder(example);
  const files = new Map<string, string | Buffer>();
  for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' }).sort()) {
    if (path.split('/').includes(STATE_FOLDER) || statSync(join(source, path)).isDirectory()) continue;
    const content = readFileSync(join(source, path));
    files.set(
      path,
      path === 'moontide.yaml' ? content.toString().replace(/^name: .*$/m, `name: ${name}`) : content,
    );
  }
  return files;
}

function exampleFolder(name: string): string {
  const folder = fileURLToPath(new URL(`examples/${name}/`, PACKAGE_ROOT));
  if (existsSync(folder)) return folder;
  throw new UsageError(`this installation of moontide has no example '${name}'; install it again`);
}

function refuseInTheWay(folder: string, path: string): void {
  const place = join(folder, path);
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined || (path === '' && found.isDirectory())) return;
  throw new UsageError(
    path === ''
      ? `'${folder}' is a file; give the name of a folder`
      : `'${place}' is there already, and nothing was written; choose an empty folder`,
  );
}
