// What Lua's `registry` module uses of its node.
import type { AppContext } from '../core/app-context.js';
import type { RegistryAccess } from '../modules/registry/host.js';
import { keys } from './keys.js';
import { userOfHost } from './user-of-host.js';

export function registryAccess(context: AppContext): RegistryAccess {
  const author = userOfHost();
  return {
    current: () => context.get(keys.registry).current,
    at: (version) => context.get(keys.registry).at(version),
    versions: (options) => context.get(keys.registry).versions(options),
    historyOf: (entry) => context.get(keys.registry).historyOf(entry),
    apply: async (changes, base, note) => {
      const { version } = await context.get(keys.editor).apply({ author, ...note, changes, base });
      return version;
    },
    applyVersion: async (number, note) => {
      const { version } = await context.get(keys.editor).rollback(number, { author, ...note });
      return version;
    },
  };
}
