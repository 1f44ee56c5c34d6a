// A node in a process of its own, from the build, that serves HTTP and workflows; its app's Temporal comes with it.
import { CliProcess } from '../e2e/cli-process.js';

export interface HttpNode extends AsyncDisposable {
  readonly process: CliProcess;
  /** Of its first server. */
  readonly url: string;
}

export async function startNode(folder: string): Promise<HttpNode> {
  const process = new CliProcess(['--app', folder, '--json', 'run']);
  const [line] = await process.until(/^\{"ready".*\}$/m, 120_000);
  const { http = {} } = JSON.parse(line) as { http?: Record<string, string> };
  return {
    process,
    url: `http://${Object.values(http)[0] ?? ''}`,
    async [Symbol.asyncDispose]() {
      process.signal('SIGTERM');
      await process.ended;
    },
  };
}
