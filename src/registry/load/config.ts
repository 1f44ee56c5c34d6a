// The files that say how an app is to be read and run: moontide.yaml, wippy.lock, .wippy.yaml, and the name in wippy.yaml.
// C1: moontide.yaml wins over the others, leaf by leaf.
// C2: placeholders (`${env:NAME}`) stay as they are written; who uses a value resolves it.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import path from 'node:path';
import { LuaFloat, type Data, type DataObject } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import type { JsonSchema } from '../model/kind.js';
import type { AppFiles } from './app-files.js';
import { APP_NAME, MODULE_NAME, configSchema, legacyConfigSchema, lockSchema } from './config-schema.js';
import { child, isObject } from './pointer.js';
import { checkSchema, readableValue } from './schema-check.js';
import { readYaml } from './read-yaml.js';
import { wholeFile } from './text-file.js';
import type { YamlTree } from './yaml-tree.js';

export interface Placed<T> {
  readonly value: T;
  readonly place: Place;
}

/** A folder of entries besides the app's own: an installed module, or what replaces one. */
export interface ModuleFolder {
  /** `organization/module` */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly place: Place;
  /** As the lock file has it; absent: as the module's own wippy.yaml says. */
  readonly version?: string;
}

export interface TemporalSettings {
  readonly address?: string;
  readonly namespace?: string;
  readonly api_key?: string;
  readonly embedded?: boolean;
  readonly tls?: {
    readonly enabled?: boolean;
    readonly ca_file?: string;
    readonly cert_file?: string;
    readonly key_file?: string;
    readonly server_name?: string;
  };
}
export interface RegistrySettings {
  readonly store?: 'sqlite' | 'postgres';
  readonly url?: string;
  readonly schema?: string;
  readonly path?: string;
}

export interface AppConfig {
  /** As moontide.yaml or wippy.yaml say it; see resolveAppName. */
  readonly name?: Placed<string>;
  /** Absolute. */
  readonly sourceFolder: string;
  readonly temporal: TemporalSettings;
  readonly registry: RegistrySettings;
  readonly lua: { readonly engine?: 'compiled' | 'fengari' };
  /** As written: relative to the app's folder. */
  readonly extensions: readonly Placed<string>[];
  /** By `namespace:entry:path`. */
  readonly override: ReadonlyMap<string, Placed<Data>>;
  readonly disable: {
    readonly namespaces: readonly Placed<string>[];
    readonly entries: readonly Placed<string>[];
  };
  readonly env: Readonly<Record<string, string>>;
  readonly log: {
    readonly level?: 'debug' | 'info' | 'warn' | 'error';
    readonly format?: 'console' | 'json';
  };
  readonly security: {
    readonly strict_mode?: boolean;
    readonly private_networks?: readonly string[];
    readonly unix_sockets?: readonly string[];
  };
  readonly shutdown: { readonly timeout?: string };
  /** `host:port`. */
  readonly metrics: { readonly listen?: string };
  readonly modules: readonly ModuleFolder[];
  /** Where moontide.yaml says the value at a pointer (`/registry/path`). */
  readonly placeOf: (pointer: string) => Place;
}

export interface ConfigResult {
  readonly config: AppConfig;
  readonly diagnostics: readonly Diagnostic[];
}

/** Any of them makes a folder an app. */
export const CONFIG_FILES: readonly string[] = ['moontide.yaml', 'wippy.lock', '.wippy.yaml', 'wippy.yaml'];

export async function loadConfig(files: AppFiles): Promise<ConfigResult> {
  const diagnostics: Diagnostic[] = [];
  const read = async (name: string, schema: JsonSchema | undefined): Promise<YamlTree | undefined> => {
    const { tree, diagnostics: problems } = await readYaml(files, path.join(files.root, name));
    diagnostics.push(...problems);
    if (tree === undefined || schema === undefined) return tree;
    diagnostics.push(...checkSchema(schema, tree.value, '', tree));
    return tree;
  };
  const own = await read('moontide.yaml', configSchema);
  const lock = await read('wippy.lock', lockSchema);
  const legacy = await read('.wippy.yaml', legacyConfigSchema);
  const manifest = await read('wippy.yaml', undefined);

  const sections = sectionsOf(own);
  const legacySections = sectionsOf(legacy);
  const source = await sourceFolder(files, own, lock, diagnostics);
  const name = appName(own, manifest);
  // That of moontide.yaml is in its schema.
  if (name !== undefined && name.place.file === 'wippy.yaml' && !APP_NAME.test(name.value))
    diagnostics.push({
      severity: 'error',
      place: name.place,
      message: `bad app name ${readableValue(name.value)}`,
      fix: "use letters, digits, '_' and '-', a letter first",
    });
  for (const { value, place } of list(own, '/security/private_networks'))
    if (!isNetwork(value))
      diagnostics.push({
        severity: 'error',
        place,
        message: `'${value}' is no network`,
        fix: "write an address and the bits of its network, such as '10.0.0.0/8' or 'fd00::/8', or an address alone",
      });
  const encoding = text(legacySections('logger')['encoding']);
  const config: AppConfig = {
    ...(name === undefined ? {} : { name }),
    sourceFolder: source,
    temporal: sections('temporal'),
    registry: sections('registry'),
    lua: sections('lua'),
    extensions: list(own, '/extensions'),
    override: new Map([...overrides(legacy), ...overrides(own)]),
    disable: {
      namespaces: firstList('/disable/namespaces', own, legacy),
      entries: firstList('/disable/entries', own, legacy),
    },
    env: Object.fromEntries(Object.entries(sections('env')).map(([key, value]) => [key, plainText(value)])),
    log: { ...(encoding === undefined ? {} : { format: encoding }), ...sections('log') } as AppConfig['log'],
    security: { ...legacySections('security'), ...sections('security') },
    shutdown: sections('shutdown'),
    metrics: sections('metrics'),
    modules: await moduleFolders(files, own, lock, legacy, diagnostics),
    placeOf: (pointer) => own?.placeOf(pointer) ?? wholeFile('moontide.yaml'),
  };
  return { config: Object.freeze(config), diagnostics };
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return most > 0 && more.length === 0 && (bits === undefined || Number(bits) <= most);
}

const text = (value: Data | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
const plainText = (value: Data): string =>
  typeof value === 'object' ? String(value instanceof LuaFloat ? value.n : '') : String(value);
const valueOf = (tree: YamlTree | undefined, key: string): Data | undefined =>
  isObject(tree?.value) ? tree.value[key] : undefined;

const sectionsOf =
  (tree: YamlTree | undefined) =>
  (name: string): DataObject => {
    const section = valueOf(tree, name);
    return isObject(section) ? section : {};
  };

function list(tree: YamlTree | undefined, pointer: string): Placed<string>[] {
  let value: Data | undefined = tree?.value;
  for (const segment of pointer.split('/').slice(1)) value = isObject(value) ? value[segment] : undefined;
  if (tree === undefined || !Array.isArray(value)) return [];
  return value.flatMap((item, index) =>
    typeof item === 'string' ? [{ value: item, place: tree.placeOf(child(pointer, index)) }] : [],
  );
}

function firstList(pointer: string, ...trees: (YamlTree | undefined)[]): Placed<string>[] {
  for (const tree of trees) {
    const found = list(tree, pointer);
    if (found.length > 0) return found;
  }
  return [];
}

function overrides(tree: YamlTree | undefined): [string, Placed<Data>][] {
  const section = valueOf(tree, 'override');
  if (tree === undefined || !isObject(section)) return [];
  return Object.entries(section).map(([key, value]) => [
    key,
    { value, place: tree.keyPlaceOf(child('/override', key)) },
  ]);
}

function appName(own: YamlTree | undefined, manifest: YamlTree | undefined): Placed<string> | undefined {
  for (const [tree, key] of [
    [own, 'name'],
    [manifest, 'name'],
    [manifest, 'module'],
  ] as const) {
    const name = text(valueOf(tree, key));
    if (tree !== undefined && name !== undefined) return { value: name, place: tree.placeOf(child('', key)) };
  }
  return undefined;
}

async function sourceFolder(
  files: AppFiles,
  own: YamlTree | undefined,
  lock: YamlTree | undefined,
  diagnostics: Diagnostic[],
): Promise<string> {
  const source = valueOf(own, 'source');
  const directories = valueOf(lock, 'directories');
  const locked = isObject(directories) ? directories['src'] : undefined;
  for (const [tree, pointer, value] of [
    [own, '/source', source],
    [lock, '/directories/src', locked],
  ] as const) {
    if (tree === undefined || typeof value !== 'string') continue;
    const folder = path.resolve(files.root, value);
    if (await files.folderExists(folder)) return folder;
    const outside = !files.contains(folder);
    const message = `source folder '${value}' ${outside ? 'is outside the app' : 'is not a folder of the app'}`;
    const fix = outside ? 'nothing outside the app is read; move it into the app' : `create it`;
    diagnostics.push({ severity: 'error', place: tree.placeOf(pointer), message, fix });
    return path.join(files.root, 'src');
  }
  const usual = path.join(files.root, 'src');
  return (await files.folderExists(usual)) ? usual : files.root;
}

/** Replacements come first; a module that has one is not looked for among the installed ones. */
async function moduleFolders(
  files: AppFiles,
  own: YamlTree | undefined,
  lock: YamlTree | undefined,
  legacy: YamlTree | undefined,
  diagnostics: Diagnostic[],
): Promise<ModuleFolder[]> {
  const found: ModuleFolder[] = [];
  const done = new Set<string>();
  const problem = (severity: 'error' | 'warning', place: Place, message: string, fix: string): void => {
    diagnostics.push({ severity, place, message, fix });
  };
  const replacements = [...ownModules(own), ...lockReplacements(lock), ...workspaceReplacements(legacy)];
  for (const { name, target, place } of replacements) {
    if (done.has(name)) continue;
    done.add(name);
    const folder = path.resolve(files.root, target);
    if (!files.contains(folder))
      problem(
        'error',
        place,
        `replacement '${target}' of '${name}' is outside the app`,
        'copy it into the app',
      );
    else if (!(await files.folderExists(folder)))
      problem('error', place, `replacement '${target}' of '${name}' is not a folder`, 'create it');
    else found.push({ name, folder, place });
  }
  const directories = valueOf(lock, 'directories');
  const modulesFolder = (isObject(directories) ? text(directories['modules']) : undefined) ?? '.wippy';
  const modules = valueOf(lock, 'modules');
  for (const [index, module] of (Array.isArray(modules) ? modules : []).entries()) {
    const name = isObject(module) ? text(module['name']) : undefined;
    if (lock === undefined || name === undefined || !MODULE_NAME.test(name) || done.has(name)) continue;
    const place = lock.placeOf(`/modules/${index}/name`);
    const folder = path.resolve(files.root, modulesFolder, 'vendor', name);
    const version = isObject(module) ? text(module['version']) : undefined;
    if (await files.folderExists(folder))
      found.push({ name, folder, place, ...(version === undefined ? {} : { version }) });
    else
      problem(
        'warning',
        place,
        `module '${name}' is not unpacked in '${files.relative(folder)}'`,
        'unpack it there',
      );
  }
  return found;
}

interface Replacement {
  readonly name: string;
  readonly target: string;
  readonly place: Place;
}

function ownModules(own: YamlTree | undefined): Replacement[] {
  const section = valueOf(own, 'modules');
  return own !== undefined && isObject(section) ? replacementMap(own, section, '/modules') : [];
}

function lockReplacements(lock: YamlTree | undefined): Replacement[] {
  const section = valueOf(lock, 'replacements');
  if (lock === undefined || section === undefined) return [];
  if (isObject(section)) return replacementMap(lock, section, '/replacements');
  return (Array.isArray(section) ? section : []).flatMap((item, index) => {
    const [from, to] = isObject(item)
      ? [text(item['from'] ?? item['name']), text(item['to'] ?? item['path'])]
      : [];
    if (from === undefined || to === undefined) return [];
    return [{ name: from, target: to, place: lock.placeOf(`/replacements/${index}`) }];
  });
}

function workspaceReplacements(legacy: YamlTree | undefined): Replacement[] {
  const workspace = valueOf(legacy, 'workspace');
  const section = isObject(workspace) ? workspace['replacements'] : undefined;
  if (legacy === undefined || !isObject(section)) return [];
  return replacementMap(legacy, section, '/workspace/replacements');
}

const replacementMap = (tree: YamlTree, section: DataObject, pointer: string): Replacement[] =>
  Object.entries(section).flatMap(([name, target]) =>
    typeof target === 'string' ? [{ name, target, place: tree.keyPlaceOf(child(pointer, name)) }] : [],
  );

export interface AppName {
  readonly name: string;
  /** The files give no name, and this one is made of the folder: why it is none that others may see. */
  readonly unnamed?: Diagnostic;
}

/**
 * The name that the app runs under. Without one in its files it is made of the folder's, which is not enough for
 * a Temporal or a database that others use too: two folders there would share task queues.
 */
export function resolveAppName(config: AppConfig, folder: string): AppName {
  if (config.name !== undefined) return { name: config.name.value };
  const base = path
    .basename(folder)
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z]+/, '');
  const digits = createHash('sha256').update(folder).digest('hex').slice(0, 6);
  return {
    name: `${base.slice(0, 56) || 'app'}-${digits}`,
    unnamed: {
      severity: 'error',
      place: wholeFile('moontide.yaml'),
      message: 'the app has no name, and what it runs on is not its own alone',
      fix: "add 'name: my-app'",
    },
  };
}
