// Loads an app's folder: its configuration and all its entries with the places where they stand.
// L1: every file is read and every problem is told, in one go, sorted by place.
// L2: nothing outside the app's folder is read (app-files.ts).
// L3: the result is not checked against kinds yet: overrides and `disable` come first (pipeline/index.ts).
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../core/diagnostics.js';
import type { EntryId } from '../model/entry.js';
import type { KindSpec } from '../model/kind.js';
import { AppFiles, type FoundFile } from './app-files.js';
import { MODULE_NAME } from './config-schema.js';
import { loadConfig, type AppConfig, type ModuleFolder } from './config.js';
import {
  DefinitionReader,
  isDefinition,
  isIndexName,
  isYamlName,
  looksLikeDefinition,
  type RawEntry,
} from './definition.js';
import { sortDiagnostics, type EntryDiagnostics, type LocatedEntry } from './located-entry.js';
import { readEmbedded, type ReadEmbedded } from './embedded.js';
import { isObject } from './pointer.js';
import { readYaml } from './read-yaml.js';
import { readSources, type ReadSources, type SourceRoot } from './sources.js';
import { wholeFile } from './text-file.js';
import { versionProblem } from './version-range.js';

export interface LoadOptions {
  readonly kinds: readonly KindSpec[];
  /** Absolute; left out of the reading when it is inside the app. */
  readonly stateFolder?: string;
}

export interface LoadResult {
  /** Real, absolute. */
  readonly appFolder: string;
  readonly config: AppConfig;
  /** In the order of their files and of their places in them. */
  readonly entries: readonly LocatedEntry[];
  /** Absolute paths of the files that were read or looked for. */
  readonly files: ReadonlySet<string>;
  /** Absolute paths of the folders that entries embed: each file below counts. */
  readonly folders: ReadonlySet<string>;
  /** What is wrong with files and configuration. */
  readonly diagnostics: readonly Diagnostic[];
  /** What is wrong with the sources of single entries. */
  readonly entryDiagnostics: EntryDiagnostics;
}

export interface LoadedConfig {
  /** Real path. */
  readonly appFolder: string;
  readonly config: AppConfig;
  readonly diagnostics: readonly Diagnostic[];
}

/** The configuration alone, for what must be known before kinds are (extensions, the engine). */
export async function loadAppConfig(folder: string): Promise<LoadedConfig> {
  const files = await AppFiles.open(folder);
  if (files === undefined)
    return { appFolder: folder, config: emptyConfig(folder), diagnostics: [noFolder(folder)] };
  const { config, diagnostics } = await loadConfig(files);
  return { appFolder: files.root, config, diagnostics: sortDiagnostics(diagnostics) };
}

export async function loadApp(folder: string, options: LoadOptions): Promise<LoadResult> {
  const files = await AppFiles.open(folder);
  if (files === undefined)
    return {
      appFolder: folder,
      config: emptyConfig(folder),
      entries: [],
      files: new Set(),
      folders: new Set(),
      diagnostics: [noFolder(folder)],
      entryDiagnostics: new Map(),
    };
  const { config, diagnostics: configProblems } = await loadConfig(files);
  const loader = new Loader(files, options, config.modules);
  await loader.readFolder(config.sourceFolder, '');
  const hasFailed = configProblems.some(({ severity }) => severity === 'error');
  if (loader.isEmpty && !hasFailed) loader.tellEmpty(config.sourceFolder);
  for (const module of config.modules) await loader.readModule(module);
  await loader.readDependencies(config.modules, configProblems);
  return {
    appFolder: files.root,
    config,
    entries: loader.entries,
    files: files.asked,
    folders: loader.folders,
    diagnostics: sortDiagnostics([...configProblems, ...loader.diagnostics]),
    entryDiagnostics: loader.entryDiagnostics,
  };
}

/** Source files that are read side by side. */
const READ_AT_ONCE = 32;

class Loader {
  readonly entries: LocatedEntry[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly entryDiagnostics = new Map<EntryId, readonly Diagnostic[]>();
  readonly folders = new Set<string>();
  readonly #files: AppFiles;
  readonly #kinds: ReadonlyMap<string, KindSpec>;
  readonly #skip: Set<string>;
  readonly #byId = new Map<EntryId, LocatedEntry>();
  /** Versions of the modules that were read. */
  readonly #modules = new Map<string, string | undefined>();
  #definitions = 0;

  constructor(files: AppFiles, { kinds, stateFolder }: LoadOptions, modules: readonly ModuleFolder[]) {
    this.#files = files;
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]));
    this.#skip = new Set(modules.map((module) => module.folder));
    if (stateFolder !== undefined) this.#skip.add(stateFolder);
  }

  get isEmpty(): boolean {
    return this.#definitions === 0 && this.diagnostics.length === 0;
  }

  tellEmpty(sourceFolder: string): void {
    const index = this.#files.relative(path.join(sourceFolder, '_index.yaml'));
    this.diagnostics.push({
      severity: 'error',
      place: wholeFile(index),
      message: 'the app has no definition file',
      fix: "create it with 'namespace:' and 'entries:'",
    });
  }

  async readModule(module: ModuleFolder): Promise<void> {
    const source = path.join(module.folder, 'src');
    const folder = (await this.#files.folderExists(source)) ? source : module.folder;
    this.#skip.delete(module.folder);
    await this.readFolder(folder, `${module.name}/`, module.name);
    const version = module.version ?? (await this.#manifestVersion(module.folder));
    this.#modules.set(module.name, version);
  }

  /** Modules that entries depend on and nobody has named a folder for, and the modules that these depend on. */
  async readDependencies(named: readonly ModuleFolder[], told: readonly Diagnostic[]): Promise<void> {
    const known = new Set(named.map(({ name }) => name));
    for (let at = 0; at < this.entries.length; at++) {
      const entry = this.entries[at];
      const { component } = entry?.kind === 'ns.dependency' ? entry.data : {};
      if (entry === undefined || typeof component !== 'string' || !MODULE_NAME.test(component)) continue;
      const place = entry.placeOf('/component');
      if (!known.has(component)) {
        known.add(component);
        const folder = path.join(this.#files.root, MODULES_FOLDER, component);
        if (await this.#files.folderExists(folder)) await this.readModule({ name: component, folder, place });
        else if (!told.some(({ message }) => message.startsWith(`module '${component}' `)))
          this.diagnostics.push({
            severity: 'warning',
            place,
            message: `module '${component}' is not there`,
            fix: `unpack it in '${MODULES_FOLDER}/${component}', or name its folder in 'modules' of moontide.yaml`,
          });
      }
      this.#checkVersion(entry, component, this.#modules.get(component));
    }
  }

  #checkVersion(entry: LocatedEntry, component: string, version: string | undefined): void {
    const wanted = entry.data['version'];
    if (typeof wanted !== 'string' || wanted === '') return;
    const problem = versionProblem(wanted, version);
    if (problem !== undefined)
      this.diagnostics.push({
        severity: 'error',
        place: entry.placeOf('/version'),
        message: problem.replace('$module', `module '${component}'`),
        fix: 'change the version here, or unpack another one',
      });
  }

  async #manifestVersion(folder: string): Promise<string | undefined> {
    const { tree } = await readYaml(this.#files, path.join(folder, 'wippy.yaml'));
    const version = isObject(tree?.value) ? tree.value['version'] : undefined;
    return typeof version === 'string' ? version : undefined;
  }

  async readFolder(folder: string, prefix: string, module?: string): Promise<void> {
    const root: SourceRoot = { folder, prefix, ...(module === undefined ? {} : { module }) };
    for (const found of await this.#files.walk(folder, this.#skip))
      if (found.problem !== undefined || isYamlName(found.name)) await this.#readFile(found, root);
  }

  async #readFile(found: FoundFile, root: SourceRoot): Promise<void> {
    const file = this.#files.relative(found.path);
    const isIndex = isIndexName(found.name);
    if (['moontide.yaml', 'wippy.yaml'].includes(file)) return;
    if (found.problem !== undefined) {
      // A link with another name than a folder or a YAML file would have is none of the loader's business.
      const isFolderName = !found.name.includes('.') && found.problem !== 'missing';
      if (!isFolderName && !isYamlName(found.name)) return;
      const leads =
        found.problem === 'outside' ? 'is a link that leads out of the app' : 'cannot be followed';
      this.diagnostics.push({
        severity: isIndex ? 'error' : 'warning',
        place: wholeFile(file),
        message: `'${found.name}' ${leads} and is not read`,
        fix: 'copy what it names into the app',
      });
      return;
    }
    const { tree, text, diagnostics } = await readYaml(this.#files, found.path);
    if (tree === undefined) {
      if (diagnostics.length > 0 && (isIndex || (text !== undefined && looksLikeDefinition(text))))
        this.diagnostics.push(...diagnostics);
      else if (text === undefined)
        // Whether it is a definition file cannot be known, so it stops nothing.
        this.diagnostics.push(
          ...diagnostics.map((problem) => ({ ...problem, severity: 'warning' as const })),
        );
      else if (isIndex)
        this.diagnostics.push({
          severity: 'error',
          place: wholeFile(file),
          message: 'the file is empty',
          fix: "begin with 'namespace:' and 'entries:'",
        });
      return;
    }
    if (!isIndex && !isDefinition(tree.value)) return;
    this.#definitions++;
    const reader = new DefinitionReader(tree).read();
    this.diagnostics.push(...diagnostics, ...reader.diagnostics);
    for (let at = 0; at < reader.entries.length; at += READ_AT_ONCE) {
      const batch = reader.entries.slice(at, at + READ_AT_ONCE);
      const sources = await Promise.all(
        batch.map((entry) => readSources(entry, this.#kinds.get(entry.kind), this.#files, root)),
      );
      const folders = await Promise.all(batch.map((entry) => readEmbedded(entry, this.#files, root)));
      for (const [index, entry] of batch.entries()) {
        const read = sources[index];
        const folder = folders[index];
        if (read !== undefined && folder !== undefined) this.#add(entry, read, folder, root);
      }
    }
  }

  #add(raw: RawEntry, sources: ReadSources, embedded: ReadEmbedded, { module }: SourceRoot): void {
    const { tree, base } = raw;
    const first = this.#byId.get(raw.id);
    if (first !== undefined) {
      const { file, line } = first.placeOf('/name');
      this.diagnostics.push({
        severity: 'error',
        place: tree.placeOf(`${base}/name`),
        message: `entry '${raw.id}' is defined twice, first at ${file}:${line}`,
        fix: 'rename or remove one',
      });
      return;
    }
    const entry: LocatedEntry = {
      id: raw.id,
      kind: raw.kind,
      meta: raw.meta,
      data: sources.data,
      placeOf: (pointer) => tree.placeOf(base + pointer),
      keyPlaceOf: (pointer) => tree.keyPlaceOf(base + pointer),
      ...(sources.file === undefined ? {} : { file: sources.file }),
      ...(sources.inline === undefined ? {} : { inline: sources.inline }),
      ...(embedded.found === undefined ? {} : { folder: embedded.found }),
      ...(module === undefined ? {} : { module }),
    };
    this.#byId.set(raw.id, entry);
    this.entries.push(entry);
    if (embedded.found !== undefined) this.folders.add(embedded.found.folder);
    const diagnostics = [...sources.diagnostics, ...embedded.diagnostics];
    if (diagnostics.length > 0) this.entryDiagnostics.set(raw.id, diagnostics);
  }
}

/** Where modules are unpacked, besides the places that configuration names. */
const MODULES_FOLDER = '.moontide/modules';

const noFolder = (folder: string): Diagnostic => ({
  severity: 'error',
  place: wholeFile(folder),
  message:
    statSync(folder, { throwIfNoEntry: false })?.isFile() === true
      ? 'this is a file'
      : 'there is no such folder',
  fix: 'name the folder of an app',
});

const emptyConfig = (folder: string): AppConfig => ({
  sourceFolder: folder,
  temporal: {},
  registry: {},
  lua: {},
  extensions: [],
  override: new Map(),
  disable: { namespaces: [], entries: [] },
  env: {},
  log: {},
  security: {},
  shutdown: {},
  metrics: {},
  modules: [],
  placeOf: () => wholeFile('moontide.yaml'),
});
