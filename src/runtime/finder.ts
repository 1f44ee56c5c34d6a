// Finds entries of the newest version by kind, namespace, name and meta (registry/model/query.ts). Answers are kept by the version.
import type { Entry } from '../registry/model/entry.js';
import type { Filter } from '../registry/model/query.js';
import type { RegistryService } from '../registry/model/registry.js';

export class Finder {
  readonly #registry: RegistryService;

  constructor(registry: RegistryService) {
    this.#registry = registry;
  }

  /** Entries that match, sorted by id. */
  find(filter: Filter): readonly Entry[] {
    return this.#registry.current.find(filter);
  }
}
