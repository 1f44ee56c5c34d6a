// A node that is killed: a process of its own, with a counter whose PID it prints, and each message that the counter takes.
// Arguments: the app's folder.
// It runs the build, which starts in a fraction of the time of the sources.
const { runNode } = (await import(
  new URL('../../dist/src/cli/run-node.js', import.meta.url).href
)) as typeof import('../../src/cli/run-node.js');
const node = await runNode({
  app: process.argv[2]!,
  node: 'receiver',
  signals: false,
  log: { level: 'error' },
});
const started = await node.call('app:start', []);
if (!started.ok) throw new Error(started.error.message);
process.stdout.write(`pid ${started.values[0] as string}\n`);
