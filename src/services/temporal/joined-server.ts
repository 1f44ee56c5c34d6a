// The embedded server that another process of this app runs, found by its state file, for commands that only talk to it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface JoinedServer {
  readonly address: string;
  readonly ui: string | undefined;
}

/** Undefined when none is told of; whether it answers is seen when it is connected to. */
export async function joinedServer(stateFolder: string): Promise<JoinedServer | undefined> {
  let text: string;
  try {
    text = await readFile(join(stateFolder, 'temporal.json'), 'utf8');
  } catch {
    return undefined; // no file: nobody runs a server here
  }
  try {
    const { address, ui, pid } = JSON.parse(text) as { address?: unknown; ui?: unknown; pid?: unknown };
    if (typeof address !== 'string' || typeof pid !== 'number' || !isAlive(pid)) return undefined;
    return { address, ui: typeof ui === 'string' ? ui : undefined };
  } catch {
    return undefined; // half a file of a process that died while writing
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
