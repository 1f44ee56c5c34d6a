// The rival of a host with threads: the same computations in worker threads of plain Node, each with its share.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const SCRIPT = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (counts) => {
  for (const count of counts) {
    let x = 0;
    for (let i = 1; i <= count; i++) x = (x + i * i) % 1000003;
  }
  parentPort.postMessage(counts.length);
});
`;

export class PlainThreads implements AsyncDisposable {
  readonly #workers: readonly Worker[];

  constructor(threads: number) {
    this.#workers = Array.from({ length: threads }, () => new Worker(SCRIPT, { eval: true }));
  }

  /** So many computations of `count` rounds each. */
  async work(computations: number, count: number): Promise<void> {
    const threads = this.#workers.length;
    await Promise.all(
      this.#workers.map(async (worker, at) => {
        const share = Math.floor((computations + at) / threads);
        worker.postMessage(Array.from({ length: share }, () => count));
        await once(worker, 'message');
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
