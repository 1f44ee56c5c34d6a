// Asks V8 to collect where programs take much memory. Left to itself it lets the garbage of one hog lie while the next ones grow
// beside it: ten of 64 MB each make a node 500 MB larger. Sealed.
// C1: nothing in Lua notices, and nothing that is counted depends on it (budget.ts B1).
// C2: only steps of some megabytes count; V8 is good at the garbage of all others.
// C3: what one step keeps is gone through again only when it has grown by half, so that large budgets do not cost its square.
// C4: in a workflow's sandbox it is V8's own `gc`, which the host has put there (core/collector-host.ts) and which is taken
//     from the global object here, before a run sees it; without it, V8 goes by its own rules.

/** Bytes that are taken between two collections, at least. */
const LEAST = 32 * 1024 * 1024;

type Collect = () => void;

let collect = ownCollector();
/** Bytes that big steps have taken since. */
let taken = 0;

/** C4; in Node's own realm `gc` is the user's, who has asked for it. */
function ownCollector(): Collect | undefined {
  const realm = globalThis as { gc?: unknown };
  const { gc } = realm;
  if (typeof gc !== 'function' || 'process' in realm) return undefined;
  realm.gc = undefined; // it cannot be deleted
  return () => void (gc as Collect)();
}

/** From now on for this realm; undefined: V8 goes by its own rules. */
export function setCollector(collector: Collect | undefined): void {
  collect = collector;
}

/** A step has taken `bytes` more, `ofStep` in all. */
export function took(bytes: number, ofStep: number): void {
  if (collect === undefined) return;
  taken += bytes;
  if (taken < LEAST || taken < ofStep / 2) return;
  taken = 0;
  collect();
}
