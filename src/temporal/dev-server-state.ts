// `temporal.json` in an app's state folder: which server runs there. Host only.
// S1: it appears and changes whole (a rename), so that nobody reads half of it.
// S2: it is written as soon as there is a process, before the server answers: a starter that dies leaves no unknown server.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ServerState {
  /** Of the server. */
  readonly pid: number;
  /** 'starting': it was spawned and may not answer yet; 'stopping': it was told to end, nobody may join. */
  readonly state: 'starting' | 'ready' | 'stopping';
  readonly address: string;
  readonly ui: string | undefined;
  /** Kept running when its last user goes: whoever asked for that ends it. */
  readonly kept: boolean;
  /** ISO time. */
  readonly started: string;
}

const statePath = (folder: string): string => join(folder, 'temporal.json');

/** Undefined when no server is told of. */
export function readServerState(folder: string): ServerState | undefined {
  let text: string;
  try {
    text = readFileSync(statePath(folder), 'utf8');
  } catch {
    return undefined; // no file: nobody runs a server here
  }
  try {
    const { pid, state, address, ui, kept, started } = JSON.parse(text) as Record<keyof ServerState, unknown>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
    if (typeof address !== 'string') return undefined;
    return {
      pid,
      address,
      state: state === 'starting' || state === 'stopping' ? state : 'ready',
      ui: typeof ui === 'string' ? ui : undefined,
      kept: kept === true,
      started: typeof started === 'string' ? started : '',
    };
  } catch {
    return undefined; // somebody else's text: as good as none
  }
}

export function writeServerState(folder: string, state: ServerState): void {
  const partial = `${statePath(folder)}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(partial, statePath(folder));
}

export const removeServerState = (folder: string): void => rmSync(statePath(folder), { force: true });
