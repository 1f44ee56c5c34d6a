// Loads the extensions that moontide.yaml names: JavaScript files whose exports are kinds, modules and components.
// X1: an export is taken for what it is (made by defineKind, defineModule or defineComponent), alone or in an array;
//     anything else that it exports is its own business.
// X2: what is wrong with each of them is told, with its place (extension-problem.ts); nothing is thrown for it.
// X3: `import ... from 'moontide'` works in an extension wherever Moontide is installed.
import { createRequire, register } from 'node:module';
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Component } from '../core/component.js';
import type { Diagnostic } from '../core/diagnostics.js';
import type { Placed } from '../registry/load/config.js';
import type { KindSpec } from '../registry/model/kind.js';
import { schemaProblem } from '../registry/load/schema-check.js';
import { extensionProblem } from './extension-problem.js';
import type { ModuleDefinition } from './module-definition.js';

export interface Extensions {
  readonly kinds: readonly KindSpec[];
  readonly modules: readonly ModuleDefinition[];
  readonly components: readonly Component[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface ExtensionOptions {
  /** Real path. */
  readonly appFolder: string;
  /** As moontide.yaml has them: relative to the app's folder. */
  readonly files: readonly Placed<string>[];
  /** URL of the module that `moontide` stands for. */
  readonly self: string;
}

export async function loadExtensions({ appFolder, files, self }: ExtensionOptions): Promise<Extensions> {
  const found = {
    kinds: [] as KindSpec[],
    modules: [] as ModuleDefinition[],
    components: [] as Component[],
    diagnostics: [] as Diagnostic[],
  };
  if (files.length > 0) offerSelf(appFolder, self);
  for (const file of files) {
    const loaded = await load(appFolder, file);
    if ('problem' in loaded) {
      found.diagnostics.push(loaded.problem);
      continue;
    }
    const parts = Object.values(loaded.exported).flatMap((value) => spread(value));
    if (parts.length === 0)
      found.diagnostics.push({
        severity: 'error',
        place: file.place,
        message: `extension '${file.value}' exports no kind, module or component`,
        fix: 'export what defineKind, defineModule or defineComponent give',
      });
    for (const part of parts) {
      if (isKind(part)) {
        found.kinds.push(part);
        const problem = schemaProblem(part);
        if (problem !== undefined)
          found.diagnostics.push({
            severity: 'error',
            place: file.place,
            message: `kind '${part.name}' of extension '${file.value}' has a schema that is none: ${problem}`,
            fix: 'correct it; JSON Schema 2020-12 is taken',
          });
      } else if (isModule(part)) found.modules.push(part);
      else found.components.push(part);
    }
  }
  return found;
}

/** What a file exports, or what is wrong with it. */
async function load(
  appFolder: string,
  { value: name, place: named }: Placed<string>,
): Promise<{ readonly exported: Readonly<Record<string, unknown>> } | { readonly problem: Diagnostic }> {
  let path: string;
  try {
    path = realpathSync(resolve(appFolder, name));
    if (!statSync(path).isFile()) throw new Error('not a file');
  } catch {
    const missing = `extension '${name}' is not a file`;
    const fix = "create it, or mend the path, which begins at the app's folder";
    return { problem: { severity: 'error', place: named, message: missing, fix } };
  }
  try {
    return { exported: (await import(pathToFileURL(path).href)) as Record<string, unknown> };
  } catch (error) {
    return { problem: await extensionProblem({ appFolder, name, named, path, error }) };
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

/** X3: for apps outside any folder from which Node finds Moontide by itself. */
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
