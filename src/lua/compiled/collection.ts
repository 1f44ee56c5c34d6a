// Asks V8 to collect where programs take much memory. Left to itself it lets the garbage of one hog lie while the next ones grow
// beside it: ten of 64 MB each make a node 500 MB larger. Sealed.
// C1: nothing in Lua notices, and nothing that is counted depends on it (budget.ts B1).
// C2: only steps of some megabytes count; V8 is good at the garbage of all others.
// C3: what one step keeps is gone through again only when it has grown by half, so that large budgets do not cost its square.
// C4: what a step had that has ended is garbage, also where it was alive when V8 last looked: the next big step begins with
//     a collection.
// C5: in a workflow's sandbox it is V8's own `gc`, which the host has put there (core/collector-host.ts) and which is taken
//     from the global object here, before a run sees it; without it, V8 goes by its own rules.

/** Bytes that are taken between two collections, at least. */
const LEAST = 32 * 1024 * 1024;

/** `anew`: what was alive at the last one may be garbage by now. */
type Collect = (anew: boolean) => void;

let collect = ownCollector();
/** Bytes that big steps have taken since. */
let taken = 0;
/** A step that took much has ended since. */
let hasGarbage = false;

/** C5; in Node's own realm `gc` is the user's, who has asked for it. */
function ownCollector(): Collect | undefined {
  const realm = globalThis as { gc?: unknown };
  const { gc } = realm;
  if (typeof gc !== 'function' || 'process' in realm) return undefined;
  realm.gc = undefined; // it cannot be deleted
  return () => void (gc as () => void)();
}

/** From now on for this realm; undefined: V8 goes by its own rules. */
export function setCollector(collector: Collect | undefined): void {
  collect = collector;
}

/** A step has taken `bytes` more, `ofStep` in all. */
export function took(bytes: number, ofStep: number): void {
  if (collect === undefined) return;
  taken += bytes;
  if (!hasGarbage && (taken < LEAST || taken < ofStep / 2)) return;
  const anew = hasGarbage;
  taken = 0;
  hasGarbage = false;
  collect(anew);
}

/** A step has ended that had taken so many bytes (C4). */
export function stepEnded(bytes: number): void {
  if (bytes >= LEAST) hasGarbage = true;
}
