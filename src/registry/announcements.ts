// What the event bus hears of changes: `begin`, `entry.accept` for each change that all accept, or `entry.reject` for the one that
// somebody does not; then `discard`, or `commit`, `entry.create`, `entry.update` and `entry.delete`, and `version`.
// N1: who hears that an entry changed finds it changed here.
import { type Data, dataObject } from '../core/data.js';
import type { EventBus } from '../core/event-bus.js';
import { textDataToBytes } from '../core/text.js';
import type { ChangeAnswers } from './change-listeners.js';
import type { Change } from './model/changes.js';
import type { VersionInfo } from './model/registry.js';

export class Announcements {
  readonly #bus: EventBus;

  constructor(bus: EventBus) {
    this.#bus = bus;
  }

  begin(version: VersionInfo, changes: readonly Change[]): void {
    this.#version('begin', version, { changes: changes.length });
  }

  /** What hears of each change that was accepted or rejected. */
  answersTo(version: VersionInfo): ChangeAnswers {
    return {
      accepted: (change) => this.#change('accept', change, version),
      rejected: (change) => this.#change('reject', change, version),
    };
  }

  discard(version: VersionInfo, error: unknown): void {
    this.#version('discard', version, { reason: error instanceof Error ? error.message : String(error) });
  }

  commit(version: VersionInfo, changes: readonly Change[]): void {
    this.#version('commit', version, { changes: changes.length });
    for (const change of changes) this.#change(change.op, change, version); // N1
    const { hash, comment, author, via } = version;
    this.#version('version', version, { hash, comment, author, via });
  }

  #version(
    kind: 'begin' | 'commit' | 'discard' | 'version',
    version: VersionInfo,
    data: Record<string, Data>,
  ): void {
    const content = dataObject({ version: version.number, parent: version.parent ?? null, ...data });
    this.#bus.publish('registry', kind, String(version.number), textDataToBytes(content));
  }

  #change(what: Change['op'] | 'accept' | 'reject', change: Change, version: VersionInfo): void {
    const entry = change.op === 'delete' ? change.before : change.after;
    const data = dataObject({
      id: entry.id,
      kind: entry.kind,
      operation: change.op,
      version: version.number,
    });
    this.#bus.publish('registry', `entry.${what}`, entry.id, textDataToBytes(data));
  }
}
