// The registry of the app in a folder, without a node: opened where it is kept, closed when the command is done.
// O1: the app's own files are not read, only its configuration: a broken app can be looked at and rolled back.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import { EventBus } from '../../core/event-bus.js';
import { createHostLogger } from '../../core/logger-host.js';
import { loadAppConfig } from '../../registry/load/app.js';
import { resolveAppName } from '../../registry/load/config.js';
import type { AppConfig } from '../../registry/load/config.js';
import { openRegistry } from '../../registry/service.js';
import type { Registry } from '../../registry/service.js';
import type { RegistryStore } from '../../registry/store/registry-store.js';
import type { Globals } from '../globals.js';
import { whyNoApp } from '../no-app.js';
import { AppErrors } from '../prepare-app.js';
import { openPlace, registryPlace } from '../registry-place.js';
import { openStateFolder, STATE_FOLDER } from '../state-folder.js';

export class NoRegistryError extends PlatformError {
  override readonly name = 'NoRegistryError';
  readonly code = 'REGISTRY_ABSENT';
  override readonly kind = 'NotFound';
  override readonly exitCode: ExitCode = 3;
  constructor(place: string) {
    super(
      `there is no registry in ${place} yet; the first start makes it: \`moontide dev\` or \`moontide run\``,
    );
  }
}

export interface RegistryPlaceOfApp {
  readonly appFolder: string;
  readonly config: AppConfig;
  readonly store: RegistryStore;
}

/** The store; the caller closes it. */
export async function openStoreOf(globals: Globals): Promise<RegistryPlaceOfApp> {
  const { appFolder, config, diagnostics } = await loadAppConfig(globals.app);
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new AppErrors(diagnostics);
  const stateFolder = join(appFolder, STATE_FOLDER);
  const place = registryPlace({ folder: appFolder, config }, { path: stateFolder }, process.env);
  if (place.engine === 'sqlite' && !existsSync(place.path))
    throw (await whyNoApp(appFolder)) ?? new NoRegistryError(`'${place.path}'`);
  const store = await openPlace(place, {
    app: resolveAppName(config, appFolder).name,
    state: place.engine === 'sqlite' ? { path: stateFolder } : openStateFolder(appFolder),
    logger: commandLogger(globals),
  });
  return { appFolder, config, store };
}

export const commandLogger = ({ logLevel, logFormat }: Globals) =>
  createHostLogger({
    level: logLevel === undefined || logLevel === 'silent' ? 'warn' : logLevel,
    format: logFormat === 'json' ? 'json' : 'console',
  });

/** Runs `work` on the registry and closes it. */
export async function withRegistry<T>(
  globals: Globals,
  work: (registry: Registry, place: RegistryPlaceOfApp) => Promise<T>,
): Promise<T> {
  const place = await openStoreOf(globals);
  const { store } = place;
  await using registry = await openRegistry({
    store,
    log: commandLogger(globals),
    bus: new EventBus(),
    follow: false,
  });
  if (registry.current.version.number === 0)
    throw (await whyNoApp(place.appFolder)) ?? new NoRegistryError(store.description);
  return await work(registry, place);
}
