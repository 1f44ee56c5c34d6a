// A process that changes a registry until it is killed: `kill-writer.ts <engine> <where>`. Says `at <number> <hash>` for each
// version that it was acknowledged, with a new program each, and `failed <message>` for one that was not.
import { EventBus } from '../../../src/core/event-bus.js';
import { silentLogger } from '../../../src/core/logger.js';
import { openRegistry } from '../../../src/registry/service.js';
import { entry, pinned, programs } from '../../store/support/entries.js';
import { openPlace, type StorePlace } from '../../store/support/engines.js';

const [engine = '', where = ''] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const store = await openPlace({ engine: engine as StorePlace['engine'], where });
const registry = await openRegistry({ store, log: silentLogger, bus: new EventBus(), follow: false });
const WIDE = 20;
say('ready');
for (;;) {
  const next = registry.current.version.number + 1;
  const main = pinned('main', `return ${next} -- ${'x'.repeat(5_000)}`);
  const others = Array.from({ length: WIDE }, (_, n) => entry(`e${n}`, { at: next }));
  try {
    await registry.apply({
      entries: [entry('main', { at: next }, 'function.lua'), ...others],
      programs: programs(main),
    });
    say(`at ${registry.current.version.number} ${registry.current.version.hash}`);
  } catch (error) {
    say(`failed ${String(error)}`);
    await new Promise((wake) => setTimeout(wake, 5));
  }
}
