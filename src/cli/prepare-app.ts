// From an app's folder to entries, programs, kinds and modules, or to all that is wrong with it. Starts nothing.
import type { Component } from '../core/component.js';
import type { Diagnostic } from '../core/diagnostics.js';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';
import type { PinnedProgram, Program } from '../core/program.js';
import type { ModuleLookup } from '../lua/engine.js';
import { moduleLookup } from '../lua/instance/modules.js';
import { declaredModules, globalModules } from '../modules/index.js';
import { documentedModules } from '../registry/kinds/known-modules.js';
import { loadApp, loadAppConfig } from '../registry/load/app.js';
import type { LoadedConfig } from '../registry/load/app.js';
import { resolveAppName } from '../registry/load/config.js';
import type { AppConfig } from '../registry/load/config.js';
import type { Entry, EntryId } from '../registry/model/entry.js';
import type { KindSpec } from '../registry/model/kind.js';
import { prepareApp } from '../registry/pipeline/index.js';
import type { ModuleNames } from '../registry/pipeline/link.js';
import type { StoredFile } from '../registry/store/registry-store.js';
import { loadExtensions } from '../runtime/extensions.js';
import type { ExtensionOptions } from '../runtime/extensions.js';
import type { ModuleDefinition } from '../runtime/module-definition.js';
import { kindsWith } from '../services/kinds.js';
import { whyNoApp } from './no-app.js';
import { STATE_FOLDER } from './state-folder.js';

/** Everything that is wrong with an app, in one go. */
export class AppErrors extends PlatformError {
  override readonly name = 'AppErrors';
  readonly code = 'APP_ERRORS';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode: ExitCode = 2;
  /** Errors and warnings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute paths of the files that were read or looked for, as far as it went. */
  readonly files: ReadonlySet<string>;
  constructor(diagnostics: readonly Diagnostic[], files: ReadonlySet<string> = new Set()) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
    super(`the app has ${errors} ${errors === 1 ? 'error' : 'errors'}`);
    this.diagnostics = diagnostics;
    this.files = files;
  }
}

export interface PrepareOptions {
  readonly folder: string;
  /** `namespace:entry:field=value` */
  readonly overrides: readonly string[];
  /** The folder's configuration, where it was just read. */
  readonly loaded?: LoadedConfig;
  /** Compiles a program and tells what is wrong with it; absent: programs are not compiled. */
  readonly check?: (program: Program) => readonly Diagnostic[];
}

export interface PreparedApp {
  readonly name: string;
  /** Why the app may not use what others use too: its name is made up. */
  readonly unnamed?: Diagnostic;
  /** Real path. */
  readonly folder: string;
  readonly config: AppConfig;
  /** Absolute paths of the files that were read or looked for. */
  readonly files: ReadonlySet<string>;
  /** Absolute paths of folders whose every file counts. */
  readonly folders: ReadonlySet<string>;
  readonly entries: readonly Entry[];
  /** What entries embed. */
  readonly embedded: readonly StoredFile[];
  readonly programs: ReadonlyMap<EntryId, PinnedProgram>;
  readonly dependencies: ReadonlyMap<EntryId, readonly EntryId[]>;
  readonly warnings: readonly Diagnostic[];
  readonly kinds: ReadonlyMap<string, KindSpec>;
  readonly modules: ModuleLookup;
  readonly moduleNames: ModuleNames;
  readonly extensionModules: readonly ModuleDefinition[];
  readonly components: readonly Component[];
}

/** Where the extensions of an app are. */
export const extensionsOf = (appFolder: string, config: AppConfig): ExtensionOptions => ({
  appFolder,
  files: config.extensions,
  self: new URL('../index.js', import.meta.url).href,
});

/** Which kinds and modules an app can use: ours and those of its extensions. Throws AppErrors, with the given ones first. */
export async function loadVocabulary(
  appFolder: string,
  config: AppConfig,
  diagnostics: readonly Diagnostic[] = [],
) {
  const extensions = await loadExtensions(extensionsOf(appFolder, config));
  // What else is wrong with the app cannot be told without its kinds and modules.
  if (extensions.diagnostics.length > 0) throw new AppErrors([...diagnostics, ...extensions.diagnostics]);
  const kinds = kindsWith(extensions.kinds);
  const specs = [...declaredModules, ...extensions.modules.map(({ spec }) => spec)];
  const built = [...globalModules, ...specs].map(({ name }) => name);
  const moduleNames: ModuleNames = {
    built,
    known: [...new Set([...documentedModules, ...built])],
    extensions: extensions.modules.map(({ spec }) => spec.name),
  };
  return { extensions, kinds, specs, moduleNames };
}

/** Throws AppErrors, or NoAppError where the folder is no app. */
export async function prepareAppFolder(options: PrepareOptions): Promise<PreparedApp> {
  const { appFolder, config, diagnostics } = options.loaded ?? (await loadAppConfig(options.folder));
  if (diagnostics.some(({ severity }) => severity === 'error' && config.extensions.length > 0))
    throw new AppErrors(diagnostics);
  const { extensions, kinds, specs, moduleNames } = await loadVocabulary(appFolder, config, diagnostics);
  const loaded = await loadApp(options.folder, { kinds, stateFolder: `${appFolder}/${STATE_FOLDER}` });
  const prepared = prepareApp(loaded, {
    kinds,
    modules: moduleNames,
    overrides: options.overrides,
    ...(options.check === undefined ? {} : { compile: options.check }),
  });
  const named = resolveAppName(loaded.config, loaded.appFolder);
  if (!prepared.ok) {
    const noApp = loaded.entries.length === 0 ? await whyNoApp(options.folder) : undefined;
    throw noApp ?? new AppErrors(prepared.diagnostics, loaded.files);
  }
  return {
    ...named,
    folder: loaded.appFolder,
    config: loaded.config,
    files: loaded.files,
    folders: loaded.folders,
    entries: prepared.entries,
    embedded: prepared.files ?? [],
    programs: prepared.programs,
    dependencies: prepared.dependencies,
    warnings: prepared.warnings,
    kinds: new Map(kinds.map((kind) => [kind.name, kind])),
    modules: moduleLookup(specs, globalModules),
    moduleNames,
    extensionModules: extensions.modules,
    components: extensions.components,
  };
}
