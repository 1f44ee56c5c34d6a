// `moontide run --nodes N`: several nodes on one machine, a process each, which share the ports of their servers (node:cluster).
// J1: a signal to the process that keeps them is one to each of them, and one to a node is its alone.
// J2: a node that ends is not started again: the others have its services. When all have ended, so has the command: with the exit
//     code of the first that failed.
import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { Globals } from './globals.js';
import { tell } from './output.js';
import { CODES } from './signals.js';
import type { StopSignal } from './signals.js';

interface Options {
  readonly nodes: number;
  readonly explainBoot: boolean;
}

export async function serveNodes(globals: Globals, { nodes, explainBoot }: Options): Promise<number> {
  if (cluster.isWorker) return (await import('./serve.js')).serveNode(globals, { explainBoot });
  const cores = availableParallelism();
  if (nodes > cores && !globals.json)
    tell(`moontide: ${nodes} nodes on ${cores} cores; one a core is what pays`);
  const workers = Array.from({ length: nodes }, () => cluster.fork());
  const forget = passSignals(workers);
  const codes = await Promise.all(workers.map(ended));
  forget();
  return codes.find((code) => code !== 0) ?? 0;
}

/** J1. Gives what ends it. */
function passSignals(workers: readonly Worker[]): () => void {
  // A terminal sends SIGINT to the nodes as well, which leave it to this process (signals.ts): each gets it once.
  const pass = (): void => {
    for (const { process } of workers) process.kill('SIGTERM');
  };
  const signals = Object.keys(CODES) as StopSignal[];
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}

const ended = (worker: Worker): Promise<number> =>
  new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal) => {
      if (signal !== null) tell(`moontide: node ${worker.process.pid} was ended by ${signal}`);
      resolve(code ?? 1);
    });
  });
