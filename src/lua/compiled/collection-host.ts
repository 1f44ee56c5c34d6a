// Collects on a node where Lua has taken much and V8 has kept it. Host only.
import { getHeapStatistics } from 'node:v8';
import { threadCollector } from '../../core/collector-host.js';
import { setCollector } from './collection.js';

/** Bytes that the heap may have grown by since the last collection; less is not worth one. */
const GROWN = 32 * 1024 * 1024;

/** From now on for this thread. The first look takes what the heap has then as alive. */
export function collectWhereMuchIsTaken(): void {
  let collect: (() => void) | undefined;
  let alive = getHeapStatistics().used_heap_size;
  setCollector((anew) => {
    const used = getHeapStatistics().used_heap_size;
    if (!anew && used < alive + GROWN) {
      alive = Math.min(alive, used);
      return;
    }
    collect ??= threadCollector();
    collect();
    alive = getHeapStatistics().used_heap_size;
  });
}
