// When the app in the folder becomes a version of the shared registry: at the start of a node, or not before this process serves.
// P1: what was not published lives in a private store: it is what this process runs, and nobody else sees it.
// P2: an empty registry takes the app at once: no node runs on it that could be rewired.
// P3: a shared registry that is away is started from its copy; what the folder has changed since is published when it is back.
//     A command that publishes nothing takes the copy as it is where the folder's changes cannot be told without the registry.
import { EventBus } from '../core/event-bus.js';
import type { Logger } from '../core/logger.js';
import type { FullSetRequest } from '../registry/apply-request.js';
import type { RegistryEditor } from '../registry/editor.js';
import { changedId } from '../registry/model/changes.js';
import type { Change } from '../registry/model/changes.js';
import type { StateView } from '../registry/registry-view.js';
import { openRegistry } from '../registry/service.js';
import type { Registry } from '../registry/service.js';
import { CopyStore } from '../registry/store/copy-store.js';
import { PrivateStore } from '../registry/store/private-store.js';
import { type RegistryStore, StoreUnavailableError } from '../registry/store/registry-store.js';

export type PublishWhen = 'start' | 'serving' | 'never';

const NAMED = 5;

export class Publishing {
  readonly #when: PublishWhen;
  readonly #logger: Logger;
  #private: PrivateStore | undefined;
  #copy: CopyStore | undefined;
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
    if (shared instanceof CopyStore) this.#copy = shared;
    if (this.#when === 'start') return shared;
    this.#private = new PrivateStore({ shared, ...(this.#when === 'serving' ? { most: 1 } : {}) });
    return this.#private;
  }

  /** Keeps this node's copy of a shared registry up to what it has applied. */
  keepCopy(registry: Registry): void {
    const copy = this.#copy;
    if (copy === undefined || this.#when !== 'start') return;
    const keep = ({ version, state }: StateView, changes?: readonly Change[]): void =>
      copy.keep({ ...version, state: state.root }, changes, () => state.held());
    if (registry.current.version.number > 0) keep(registry.current);
    registry.listen({
      name: 'copy',
      prepare: (changes) => copy.prepare(changes),
      committed: (_view, changes) => keep(registry.current, changes),
    });
  }

  /** Makes the app the newest version here, and where that is wished, everywhere. */
  async apply(
    editor: RegistryEditor,
    registry: Registry,
    request: Omit<FullSetRequest, 'merge'>,
  ): Promise<void> {
    const isEmpty = registry.current.version.number === 0;
    const changes = await this.#publishHere(editor, registry, request);
    this.#applied = { editor, registry, request, changes };
    if (this.#private === undefined || this.#when !== 'serving') return;
    if (changes.length === 0) this.#private.share();
    else if (isEmpty) await this.publish(); // P2
  }

  async #publishHere(
    editor: RegistryEditor,
    registry: Registry,
    request: Omit<FullSetRequest, 'merge'>,
  ): Promise<readonly Change[]> {
    try {
      return (await editor.publish(request)).changes;
    } catch (error) {
      const copy = this.#copy;
      if (copy?.readOnly === undefined || !(error instanceof StoreUnavailableError)) throw error;
      if (this.#private !== undefined) {
        this.#logger.warn(
          'the folder cannot be compared with what was changed at run time; the copy is used',
          {
            version: registry.current.version.number,
          },
        );
        return [];
      }
      this.#logger.warn('the folder differs from what runs; it is published when the registry is back', {
        version: registry.current.version.number,
      });
      copy
        .whenWritable()
        .then(() => editor.publish(request))
        .catch((failure: unknown) =>
          this.#logger.error('the folder could not be published when the registry was back', {
            error: failure,
          }),
        );
      return [];
    }
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
