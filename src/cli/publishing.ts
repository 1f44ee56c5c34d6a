// When the app in the folder becomes a version of the shared registry: at the start of a node, or not before this process serves.
// P1: what was not published lives in a private store: it is what this process runs, and nobody else sees it.
// P2: an empty registry takes the app at once: no node runs on it that could be rewired.
import { EventBus } from '../core/event-bus.js';
import type { Logger } from '../core/logger.js';
import type { FullSetRequest } from '../registry/apply-request.js';
import type { RegistryEditor } from '../registry/editor.js';
import { changedId } from '../registry/model/changes.js';
import type { Change } from '../registry/model/changes.js';
import { openRegistry } from '../registry/service.js';
import type { Registry } from '../registry/service.js';
import { PrivateStore } from '../registry/store/private-store.js';
import type { RegistryStore } from '../registry/store/registry-store.js';

export type PublishWhen = 'start' | 'serving' | 'never';

const NAMED = 5;

export class Publishing {
  readonly #when: PublishWhen;
  readonly #logger: Logger;
  #private: PrivateStore | undefined;
  #applied:
    | {
        readonly editor: RegistryEditor;
        readonly registry: Registry;
        readonly request: Omit<FullSetRequest, 'merge'>;
        readonly changes: readonly Change[];
      }
    | undefined;

  constructor(when: PublishWhen, logger: Logger) {
    this.#when = when;
    this.#logger = logger;
  }

  /** The store for this node's registry. */
  over(shared: RegistryStore): RegistryStore {
    if (this.#when === 'start') return shared;
    this.#private = new PrivateStore({ shared, ...(this.#when === 'serving' ? { most: 1 } : {}) });
    return this.#private;
  }

  /** Makes the app the newest version here, and where that is wished, everywhere. */
  async apply(
    editor: RegistryEditor,
    registry: Registry,
    request: Omit<FullSetRequest, 'merge'>,
  ): Promise<void> {
    const isEmpty = registry.current.version.number === 0;
    const { changes } = await editor.publish(request);
    this.#applied = { editor, registry, request, changes };
    if (this.#private === undefined || this.#when !== 'serving') return;
    if (changes.length === 0) this.#private.share();
    else if (isEmpty) await this.publish(); // P2
  }

  /** This process serves from now on, and what it serves others must be able to go on with. */
  async publish(): Promise<void> {
    if (this.#when !== 'serving' || this.#private?.holds !== true || this.#applied === undefined) return;
    const { editor, registry, request } = this.#applied;
    const shared = await openRegistry({
      store: this.#private.shared, // closed with the private one
      log: this.#logger,
      bus: new EventBus(),
      follow: false,
    });
    await editor.over(shared).publish(request);
    this.#private.share();
    await registry.catchUp();
  }

  /** Another node serves: what is private here does not run there. */
  warn(): void {
    if (this.#private?.holds !== true) return;
    const ids = (this.#applied?.changes ?? []).map(changedId);
    const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
    this.#logger.warn(
      `another node serves this app with what it published; workflows and durable calls run that, without the changes made since to ${ids.slice(0, NAMED).join(', ')}${more}; publish them (start the node again) to run them`,
    );
  }
}
