// Apps written into a temporary folder, and the whole way from there.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { formatDiagnostic, type Diagnostic } from '../../../src/core/diagnostics.js';
import { platformKinds } from '../../../src/registry/kinds/index.js';
import { documentedModules } from '../../../src/registry/kinds/known-modules.js';
import { loadApp } from '../../../src/registry/load/app.js';
import { prepareApp, type PrepareOptions, type PrepareResult } from '../../../src/registry/pipeline/index.js';
import type { Entry } from '../../../src/registry/model/entry.js';
import { parseEntryId } from '../../../src/registry/model/ids.js';

export const modules = { built: ['funcs', 'json', 'sql', 'time'], known: documentedModules };
export const defaults: PrepareOptions = { kinds: platformKinds, modules };

/** A folder with these files; gone when the test is. */
export function writeApp(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'moontide-app-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder;
}

export async function prepareFiles(
  files: Readonly<Record<string, string>>,
  options: Partial<PrepareOptions> = {},
): Promise<PrepareResult> {
  const loaded = await loadApp(writeApp(files), { kinds: options.kinds ?? platformKinds });
  return prepareApp(loaded, { ...defaults, ...options });
}

export const linesOf = (diagnostics: readonly Diagnostic[]): string[] => diagnostics.map(formatDiagnostic);

export function prepared(result: PrepareResult): Extract<PrepareResult, { ok: true }> {
  if (!result.ok) throw new Error(linesOf(result.diagnostics).join('\n'));
  return result;
}

export const entry = (
  id: string,
  kind: string,
  data: Entry['data'] = {},
  meta: Entry['meta'] = {},
): Entry => ({
  id: parseEntryId(id),
  kind,
  data,
  meta,
});
