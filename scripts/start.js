// `npm start`: the whole of Moontide on the orders example: builds if needed, starts Temporal and the app,
// runs one order from start to shipment, and stays up.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
if (!existsSync(join(root, 'node_modules/commander'))) {
  process.stderr.write('run `npm ci` first: the dependencies are not installed\n');
  process.exit(1);
}
// npm ends its shell, not what runs in it: when the shell is gone, so is whoever wanted this.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}
const { buildIfStale } = await import('./build-if-stale.js');
const built = process.env.MOONTIDE_SKIP_BUILD === '1' ? 0 : buildIfStale(root);
if (built !== 0) process.exit(built);
const { exitWith, showOrders } = await import(pathToFileURL(join(root, 'dist/src/cli/show-orders.js')).href);
exitWith(await showOrders(join(root, 'examples/orders')));
