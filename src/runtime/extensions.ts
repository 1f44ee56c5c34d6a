// Loads the extensions that moontide.yaml names: JavaScript files whose exports are kinds, modules and components.
// X1: an export is taken for what it is (made by defineKind, defineModule or defineComponent), alone or in an array;
//     anything else that it exports is its own business.
// X2: `import ... from 'moontide'` works in an extension wherever Moontide is installed.
import { createRequire, register } from 'node:module';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Component } from '../core/component.js';
import { PlatformError } from '../core/errors.js';
import type { ExitCode } from '../core/errors.js';
import type { KindSpec } from '../registry/model/kind.js';
import type { ModuleDefinition } from './module-definition.js';

class ExtensionError extends PlatformError {
  override readonly name = 'ExtensionError';
  readonly code = 'EXTENSION';
  override readonly kind = 'Invalid' as const;
  override readonly exitCode: ExitCode = 2;
}

export interface Extensions {
  readonly kinds: readonly KindSpec[];
  readonly modules: readonly ModuleDefinition[];
  readonly components: readonly Component[];
}

export interface ExtensionOptions {
  readonly appFolder: string;
  /** As moontide.yaml has them: relative to the app's folder. */
  readonly files: readonly string[];
  /** URL of the module that `moontide` stands for. */
  readonly self: string;
}

export async function loadExtensions({ appFolder, files, self }: ExtensionOptions): Promise<Extensions> {
  const found = { kinds: [] as KindSpec[], modules: [] as ModuleDefinition[], components: [] as Component[] };
  if (files.length > 0) offerSelf(appFolder, self);
  for (const file of files) {
    const exported = await load(appFolder, file);
    const parts = Object.values(exported).flatMap((value) => spread(value));
    if (parts.length === 0)
      throw new ExtensionError(
        `extension '${file}' exports nothing that is known; export what defineKind, defineModule or defineComponent give`,
      );
    for (const part of parts) {
      if (isKind(part)) found.kinds.push(part);
      else if (isModule(part)) found.modules.push(part);
      else found.components.push(part);
    }
  }
  return found;
}

async function load(appFolder: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  let path: string;
  try {
    path = realpathSync(resolve(appFolder, file));
  } catch (cause) {
    throw new ExtensionError(`extension '${file}' does not exist; its path is relative to moontide.yaml`, {
      cause,
    });
  }
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new ExtensionError(`extension '${file}' cannot be loaded: ${why}`, { cause });
  }
}

type Part = KindSpec | ModuleDefinition | Component;

/** The known parts of an export; helpers that an extension exports for its own tests are passed over. */
function spread(value: unknown): Part[] {
  if (Array.isArray(value)) return value.flatMap((each) => spread(each));
  if (typeof value !== 'object' || value === null) return [];
  if (isKind(value) || isModule(value) || isComponent(value)) return [value];
  const { kinds, modules, components } = value as Record<string, unknown>;
  return [kinds, modules, components].flatMap((each) => (Array.isArray(each) ? spread(each) : []));
}

const has = (value: object, key: string, type: string): boolean =>
  key in value && typeof (value as Record<string, unknown>)[key] === type;
const isKind = (value: object): value is KindSpec =>
  has(value, 'name', 'string') && has(value, 'state', 'string') && has(value, 'summary', 'string');
const isModule = (value: object): value is ModuleDefinition => has(value, 'spec', 'object');
const isComponent = (value: object): value is Component =>
  has(value, 'name', 'string') && 'dependsOn' in value && Array.isArray(value.dependsOn);

let offered = false;

/** X2: for apps outside any folder from which Node finds Moontide by itself. */
function offerSelf(appFolder: string, self: string): void {
  if (offered) return;
  try {
    createRequire(resolve(appFolder, 'moontide.yaml')).resolve('moontide');
    return;
  } catch {
    // Node does not find it from there: we say where it is.
  }
  offered = true;
  const hook = `export const resolve = (name, context, next) =>
    name === 'moontide' ? { url: ${JSON.stringify(self)}, shortCircuit: true } : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
