// A persistent map sorted by its text keys: a counted B+ tree. Sealed. What versions of the registry share is shared here.
//
//   branch: children, the first key of each, and how many keys are below; leaf: keys and values side by side
//
// M1: a map never changes; `set` and `delete` copy the path to one leaf and share everything else.
// M2: keys are ordered by their UTF-16 units, as `<` does; iteration is in that order.
// M3: no node is empty but the root leaf of the empty map; nodes hold at most FANOUT keys or children.

const FANOUT = 64;
/** A node smaller than this is joined with a neighbour where both fit into one. */
const SPARSE = FANOUT / 4;

interface Leaf<V> {
  readonly size: number;
  readonly keys: readonly string[];
  readonly values: readonly V[];
  readonly children?: undefined;
}
interface Branch<V> {
  readonly size: number;
  /** The first key of each child. */
  readonly keys: readonly string[];
  readonly children: readonly Node<V>[];
}
type Node<V> = Leaf<V> | Branch<V>;

const emptyLeaf: Leaf<never> = Object.freeze({ size: 0, keys: [], values: [] });

export class SortedMap<V> implements Iterable<readonly [string, V]> {
  readonly #root: Node<V>;

  private constructor(root: Node<V>) {
    this.#root = root;
  }

  static empty<V>(): SortedMap<V> {
    return new SortedMap<V>(emptyLeaf);
  }

  /** From pairs in any order; of equal keys the last wins. */
  static of<V>(pairs: Iterable<readonly [string, V]>): SortedMap<V> {
    const list = [...pairs];
    if (!isAscending(list)) list.sort((left, right) => compare(left[0], right[0]));
    const unique = list.filter(([key], index) => key !== list[index + 1]?.[0]);
    return new SortedMap(build(unique));
  }

  get size(): number {
    return this.#root.size;
  }

  get(key: string): V | undefined {
    let node = this.#root;
    while (node.children !== undefined) {
      const child = node.children[childOf(node.keys, key)];
      if (child === undefined) return undefined;
      node = child;
    }
    const at = lowerBound(node.keys, key);
    return node.keys[at] === key ? node.values[at] : undefined;
  }

  has(key: string): boolean {
    let node = this.#root;
    while (node.children !== undefined) {
      const child = node.children[childOf(node.keys, key)];
      if (child === undefined) return false;
      node = child;
    }
    return node.keys[lowerBound(node.keys, key)] === key;
  }

  set(key: string, value: V): SortedMap<V> {
    const nodes = insert(this.#root, key, value);
    const [only] = nodes;
    return new SortedMap(nodes.length === 1 && only !== undefined ? only : branch(nodes));
  }

  delete(key: string): SortedMap<V> {
    if (!this.has(key)) return this;
    let root = remove(this.#root, key);
    while (root.children?.length === 1 && root.children[0] !== undefined) root = root.children[0];
    return new SortedMap(root.size === 0 ? emptyLeaf : root);
  }

  /** How many keys are below `key`. */
  rank(key: string): number {
    let node = this.#root;
    let below = 0;
    while (node.children !== undefined) {
      const at = childOf(node.keys, key);
      for (let index = 0; index < at; index++) below += node.children[index]?.size ?? 0;
      const child = node.children[at];
      if (child === undefined) return below;
      node = child;
    }
    return below + lowerBound(node.keys, key);
  }

  [Symbol.iterator](): IterableIterator<readonly [string, V]> {
    return this.range();
  }

  /** Pairs from `from` (inclusive) to `to` (exclusive). */
  *range(from = '', to?: string): IterableIterator<readonly [string, V]> {
    const path: { readonly node: Node<V>; at: number }[] = [];
    let node = this.#root;
    for (;;) {
      const at = node.children === undefined ? lowerBound(node.keys, from) : childOf(node.keys, from);
      path.push({ node, at });
      const child = node.children?.[at];
      if (child === undefined) break;
      node = child;
    }
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      if (top.node.children === undefined) {
        for (; top.at < top.node.keys.length; top.at++) {
          const key = top.node.keys[top.at] as string;
          if (to !== undefined && key >= to) return;
          yield [key, top.node.values[top.at] as V];
        }
        path.pop();
      } else {
        const child = top.node.children[++top.at];
        if (child === undefined) path.pop();
        else {
          // The first leaf below.
          path.push({ node: child, at: child.children === undefined ? 0 : -1 });
        }
      }
    }
  }

  /** All values in the order of their keys. */
  values(): V[] {
    const found: V[] = [];
    collect(this.#root, found);
    return found;
  }
}

function collect<V>(node: Node<V>, into: V[]): void {
  if (node.children === undefined) for (const value of node.values) into.push(value);
  else for (const child of node.children) collect(child, into);
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function isAscending(pairs: readonly (readonly [string, unknown])[]): boolean {
  for (let index = 1; index < pairs.length; index++)
    if (!((pairs[index - 1]?.[0] ?? '') < (pairs[index]?.[0] ?? ''))) return false;
  return true;
}

/** The first index whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child in which `key` is or would be. */
function childOf(firsts: readonly string[], key: string): number {
  let low = 1;
  let high = firsts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((firsts[middle] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function leaf<V>(keys: readonly string[], values: readonly V[]): Leaf<V> {
  return { size: keys.length, keys, values };
}

function branch<V>(children: readonly Node<V>[]): Branch<V> {
  let size = 0;
  for (const child of children) size += child.size;
  return { size, keys: children.map((child) => child.keys[0] as string), children };
}

/** A tree of full nodes from pairs that ascend. */
function build<V>(pairs: readonly (readonly [string, V])[]): Node<V> {
  let level: Node<V>[] = [];
  for (let at = 0; at < pairs.length; at += FANOUT) {
    const part = pairs.slice(at, at + FANOUT);
    level.push(
      leaf(
        part.map(([key]) => key),
        part.map(([, value]) => value),
      ),
    );
  }
  while (level.length > 1) {
    const above: Node<V>[] = [];
    for (let at = 0; at < level.length; at += FANOUT) above.push(branch(level.slice(at, at + FANOUT)));
    level = above;
  }
  return level[0] ?? emptyLeaf;
}

/** One node, or two when it had to be split. */
function insert<V>(node: Node<V>, key: string, value: V): Node<V>[] {
  if (node.children === undefined) {
    const at = lowerBound(node.keys, key);
    const replaced = node.keys[at] === key ? 1 : 0;
    const keys = replaced === 1 ? node.keys : node.keys.toSpliced(at, 0, key);
    const values = node.values.toSpliced(at, replaced, value);
    if (keys.length <= FANOUT) return [leaf(keys, values)];
    const half = keys.length >> 1;
    return [leaf(keys.slice(0, half), values.slice(0, half)), leaf(keys.slice(half), values.slice(half))];
  }
  const at = childOf(node.keys, key);
  const child = node.children[at];
  if (child === undefined) throw new TypeError('a branch has no children');
  const children = node.children.toSpliced(at, 1, ...insert(child, key, value));
  if (children.length <= FANOUT) return [branch(children)];
  const half = children.length >> 1;
  return [branch(children.slice(0, half)), branch(children.slice(half))];
}

/** The node without a key that it has; may be left empty. */
function remove<V>(node: Node<V>, key: string): Node<V> {
  if (node.children === undefined) {
    const at = lowerBound(node.keys, key);
    return leaf(node.keys.toSpliced(at, 1), node.values.toSpliced(at, 1));
  }
  const at = childOf(node.keys, key);
  const child = node.children[at];
  if (child === undefined) throw new TypeError('a branch has no children');
  const smaller = remove(child, key);
  const children = node.children.slice();
  if (smaller.size === 0) children.splice(at, 1);
  else {
    children[at] = smaller;
    if (smaller.keys.length < SPARSE) joinNeighbours(children, at);
  }
  return branch(children);
}

function joinNeighbours<V>(children: Node<V>[], at: number): void {
  const first = at > 0 ? at - 1 : at;
  const left = children[first];
  const right = children[first + 1];
  if (left === undefined || right === undefined || left.keys.length + right.keys.length > FANOUT) return;
  if (left.children === undefined && right.children === undefined)
    children.splice(first, 2, leaf([...left.keys, ...right.keys], [...left.values, ...right.values]));
  else if (left.children !== undefined && right.children !== undefined)
    children.splice(first, 2, branch([...left.children, ...right.children]));
}
