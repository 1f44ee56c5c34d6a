// `moontide dev` follows its folder: what is saved becomes the newest version, or is told to be wrong and the old one goes on.
// H1: one burst of changes (a save of all files, a checkout) is one version: reading begins when nothing has changed for a moment.
// H2: one reading at a time; what changes meanwhile is read after it.
// H3: settings that a node takes at its start are not taken now; that is said.
// H4: while the registry is away the folder is tried again: what is saved meanwhile is taken when it is back.
import { relative, sep } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import { formatDiagnostic } from '../core/diagnostics.js';
import { PlatformError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { changedId } from '../registry/model/changes.js';
import type { AppConfig } from '../registry/load/config.js';
import { StoreUnavailableError } from '../registry/store/registry-store.js';
import { userOfHost } from '../runtime/user-of-host.js';
import { tell } from './output.js';
import { AppErrors } from './prepare-app.js';
import type { PreparedApp } from './prepare-app.js';
import type { Reloaded } from './running-node.js';

export interface HotReloadOptions {
  readonly app: PreparedApp;
  readonly logger: Logger;
  readonly reload: (note: { comment: string; author: string; via: string }) => Promise<Reloaded>;
  /** How long nothing may have changed before the folder is read. Milliseconds. Default 100. */
  readonly quietMs?: number;
}

/** Entries and files that a message names. */
const SHOWN = 5;
/** A burst that never ends is read this often all the same. Milliseconds. */
const LONGEST_MS = 2_000;
/** How often the folder is tried again while the registry is away (H4). Milliseconds. */
const RETRY_MS = 500;
const DEFINES = /\.(ya?ml|lua|lock)$/;
/** Below the app's folder; what is in them is no part of the app. */
const LEFT_OUT = /^(node_modules|\.git|\.moontide\/(?!modules(\/|$)).*)(\/|$)/;

export class HotReload implements AsyncDisposable {
  readonly #options: HotReloadOptions;
  readonly #folder: string;
  #watcher: FSWatcher | undefined;
  #files: ReadonlySet<string>;
  #folders: ReadonlySet<string>;
  #config: AppConfig;
  #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #since = 0;
  #reading: Promise<void> | undefined;
  #broken = false;
  #waiting = false;
  #closed = false;

  private constructor(options: HotReloadOptions) {
    this.#options = options;
    this.#folder = options.app.folder;
    this.#files = options.app.files;
    this.#folders = options.app.folders;
    this.#config = options.app.config;
  }

  /** Watches once this has settled. */
  static async start(options: HotReloadOptions): Promise<HotReload> {
    const reload = new HotReload(options);
    const watcher = watch(options.app.folder, {
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (path) => LEFT_OUT.test(reload.#relative(path)),
    });
    reload.#watcher = watcher;
    watcher.on('all', (event, path) => {
      if (event !== 'addDir' && reload.#concerns(path)) reload.#note(path);
    });
    watcher.on('error', (error) =>
      options.logger.warn('the folder cannot be watched as a whole; restart to take what was missed', {
        error,
      }),
    );
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    return reload;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#watcher?.close();
    await this.#reading;
  }

  #relative(path: string): string {
    return relative(this.#folder, path).split(sep).join('/');
  }

  #concerns(path: string): boolean {
    if (DEFINES.test(path) || this.#files.has(path)) return true;
    return [...this.#folders].some((folder) => path.startsWith(folder + sep));
  }

  #note(path: string): void {
    const now = performance.now();
    if (this.#changed.size === 0) this.#since = now;
    this.#changed.add(this.#relative(path));
    clearTimeout(this.#timer);
    const quiet = this.#options.quietMs ?? 100;
    const wait = Math.max(0, Math.min(quiet, this.#since + LONGEST_MS - now));
    this.#timer = setTimeout(() => this.#begin(), wait);
  }

  #begin(): void {
    if (this.#closed || this.#reading !== undefined || this.#changed.size === 0) return;
    const files = [...this.#changed].sort();
    this.#changed = new Set();
    this.#reading = this.#read(files).finally(() => {
      this.#reading = undefined;
      if (!this.#waiting) this.#begin(); // H2
    });
  }

  async #read(files: readonly string[]): Promise<void> {
    const { logger, reload } = this.#options;
    try {
      const comment = `changed: ${shown(files)}`;
      const { app, version, changes } = await reload({ comment, author: userOfHost(), via: 'file watch' });
      this.#files = app.files;
      this.#folders = app.folders;
      this.#tellSettings(app.config);
      if (changes.length > 0)
        logger.info('reloaded', { version: version.number, entries: shown(changes.map(changedId)) });
      else if (this.#broken)
        logger.info('the folder is as the registry has it again', { version: version.number });
      this.#broken = false;
      this.#waiting = false;
    } catch (error) {
      if (this.#closed) return;
      if (error instanceof StoreUnavailableError) {
        this.#retry(files, error);
        return;
      }
      this.#waiting = false;
      this.#broken = true;
      if (error instanceof AppErrors && error.files.size > 0)
        this.#files = new Set([...this.#files, ...error.files]);
      tellProblems(error);
      logger.warn('nothing was changed: the version before goes on');
    }
  }

  /** H4 */
  #retry(files: readonly string[], error: StoreUnavailableError): void {
    if (!this.#waiting)
      this.#options.logger.warn('what was saved is taken when the registry is back', {
        files: shown(files),
        reason: error.message,
      });
    this.#waiting = true;
    for (const file of files) this.#changed.add(file);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(), RETRY_MS);
  }

  /** H3 */
  #tellSettings(config: AppConfig): void {
    const settings = ({
      name,
      temporal,
      registry,
      extensions,
      log,
      env,
      security,
      shutdown,
    }: AppConfig): string =>
      JSON.stringify([
        name?.value,
        temporal,
        registry,
        extensions.map(({ value }) => value),
        log,
        env,
        security,
        shutdown,
      ]);
    if (settings(config) !== settings(this.#config))
      this.#options.logger.warn('settings of moontide.yaml have changed; the next start takes them');
    this.#config = config;
  }
}

function tellProblems(error: unknown): void {
  if (error instanceof AppErrors)
    for (const diagnostic of error.diagnostics) tell(formatDiagnostic(diagnostic));
  else if (error instanceof PlatformError) tell(`moontide: ${error.message}`);
  else
    tell(
      `moontide: this is a bug in Moontide: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
}

function shown(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names.slice(0, SHOWN).join(', ')}${more}`;
}
