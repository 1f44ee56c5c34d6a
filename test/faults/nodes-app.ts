// The nodes of an app that fault tests kill, and what its runs wrote, which is read past the nodes.
import { setTimeout as sleep } from 'node:timers/promises';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import type { SqliteRow } from '../../src/registry/store/sqlite-driver.js';
import { CliProcess } from '../e2e/cli-process.js';
import type { TestFolders } from '../e2e/cli-process.js';

export abstract class NodesApp {
  readonly folder: string;
  readonly #nodes = new Set<CliProcess>();

  constructor(folders: TestFolders, files: Readonly<Record<string, string>>) {
    this.folder = folders.make(files);
  }

  /** How many steps were done. */
  abstract rows(): number;

  get nodes(): readonly CliProcess[] {
    return [...this.#nodes];
  }

  startNode(): CliProcess {
    const node = new CliProcess(['--app', this.folder, '--json', 'run']);
    this.#nodes.add(node);
    void node.ended.then(() => this.#nodes.delete(node));
    return node;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const nodes = this.nodes;
    for (const node of nodes) node.signal(signal);
    await Promise.all(nodes.map(({ ended }) => ended));
  }

  /** What the app's database `.moontide/rows.db` says; undefined: it is not there yet. */
  read(sql: string): SqliteRow | undefined {
    try {
      using rows = new SqliteDatabase(`${this.folder}/.moontide/rows.db`, { readOnly: true });
      return rows.get(sql);
    } catch {
      return undefined; // no file or no table yet
    }
  }

  /** Milliseconds until another step was done; undefined: none within the time. */
  async untilProgress(timeoutMs: number): Promise<number | undefined> {
    const began = performance.now();
    const before = this.rows();
    while (performance.now() - began < timeoutMs) {
      if (this.rows() > before) return Math.round(performance.now() - began);
      await sleep(20);
    }
    return undefined;
  }
}

/** A boot takes seconds, and a minute where twenty others want the machine. */
const READY_MS = 180_000;

export const readyNode = (node: CliProcess): Promise<unknown> => node.until(/^\{"ready".*\}$/m, READY_MS);
