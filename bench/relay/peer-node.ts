// The other node of `npm run bench -- relay`: a process of its own, which ends with the one that made it.
// Arguments: the app's folder. It prints the PID of its counter, and later what that says.
import { runNode } from '../../src/cli/run-node.js';

const node = await runNode({
  app: process.argv[2]!,
  node: 'b',
  signals: false,
  log: { level: 'error' },
});
const started = await node.call('app:start', []);
if (!started.ok) throw new Error(started.error.message);
process.stdout.write(`${JSON.stringify(started.values[0])}\n`);
process.stdin.on('end', () => void node.stop().then(() => process.exit(0)));
process.stdin.resume();
