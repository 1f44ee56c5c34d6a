// A process that adds entries to a registry which others write to at the same time: `race-writer.ts <file> <name> <count>`.
import { EventBus } from '../../../src/core/event-bus.js';
import { silentLogger } from '../../../src/core/logger.js';
import { openRegistry } from '../../../src/registry/service.js';
import { RegistryConflictError } from '../../../src/registry/store/registry-store.js';
import { openSqliteStore } from '../../../src/registry/store/sqlite-store.js';
import { entry } from './entries.js';

const [path = '', name = '', count = '0'] = process.argv.slice(2);
const store = await openSqliteStore({ path });
const registry = await openRegistry({ store, log: silentLogger, bus: new EventBus(), follow: false });
// All start at once: a line on stdin is the signal.
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
let conflicts = 0;
for (let index = 0; index < Number(count);) {
  try {
    await registry.apply({ changes: [{ op: 'create', entry: entry(`${name}-${index}`) }], author: name });
    index++;
  } catch (error) {
    if (!(error instanceof RegistryConflictError)) throw error;
    conflicts++;
  }
}
await registry[Symbol.asyncDispose]();
process.stdout.write(String(conflicts));
process.exit(0);
