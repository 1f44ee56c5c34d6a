// A process that appends to one list of a registry which others append to at the same time:
// `race-writer.ts <engine> <where> <name> <count>`. Says `ready`, waits for a line, then says what it was acknowledged
// (`done {tokens, conflicts}`), waits for another line and says the hash of its newest version (`hash <number> <hash>`).
import { createInterface } from 'node:readline';
import { dataObject } from '../../../src/core/data.js';
import { EventBus } from '../../../src/core/event-bus.js';
import { silentLogger } from '../../../src/core/logger.js';
import { openRegistry } from '../../../src/registry/service.js';
import { RegistryConflictError } from '../../../src/registry/store/registry-store.js';
import { entry } from '../../store/support/entries.js';
import { openPlace, type StorePlace } from '../../store/support/engines.js';

const [engine = '', where = '', name = '', count = '0'] = process.argv.slice(2);
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const store = await openPlace({ engine: engine as StorePlace['engine'], where });
const registry = await openRegistry({ store, log: silentLogger, bus: new EventBus() });
say('ready');
await input.next();
let conflicts = 0;
const tokens: string[] = [];
while (tokens.length < Number(count)) {
  const { version } = registry.current;
  const list = registry.current.get('app:list')?.data.list ?? [];
  const token = `${name}-${tokens.length}`;
  const changed = entry('list', dataObject({ list: [...(list as string[]), token] }));
  try {
    await registry.apply({
      changes: [{ op: version.number === 0 ? 'create' : 'update', entry: changed }],
      base: version.number,
      author: name,
    });
    tokens.push(token);
  } catch (error) {
    if (!(error instanceof RegistryConflictError)) throw error;
    conflicts++;
  }
}
say(`done ${JSON.stringify({ tokens, conflicts })}`);
const { value: head } = (await input.next()) as { value: string };
const started = performance.now();
while (registry.current.version.number < Number(head)) await new Promise((wake) => setTimeout(wake, 5));
const { number, hash } = registry.current.version;
say(`hash ${number} ${hash} ${Math.round(performance.now() - started)}`);
await registry[Symbol.asyncDispose]();
process.exit(0);
