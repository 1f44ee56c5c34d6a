// What a Lua thread is told when it starts, and where its script is.
import { existsSync } from 'node:fs';
import type { ExtensionOptions } from '../runtime/extensions.js';
import { extensionsOf } from './prepare-app.js';
import type { PreparedApp } from './prepare-app.js';

export interface LuaThreadData {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly extensions: ExtensionOptions;
}

/** What threads of the app's process hosts run. */
export const luaThreads = (
  { folder, config }: Pick<PreparedApp, 'folder' | 'config'>,
  environment: LuaThreadData['environment'],
): { readonly script: URL; readonly data: LuaThreadData } => ({
  script: luaThreadScript(),
  data: { environment: { ...environment }, extensions: extensionsOf(folder, config) },
});

/** Node runs threads from JavaScript only: where this runs from TypeScript, as in tests, it is the built one. */
function luaThreadScript(): URL {
  const beside = new URL('./lua-thread.js', import.meta.url);
  return existsSync(beside) ? beside : new URL('../../dist/src/cli/lua-thread.js', import.meta.url);
}
