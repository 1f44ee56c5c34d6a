// How deep a YAML text is nested, before the library composes it: it calls itself for each level, and where the stack ends within
// one of its regular expressions V8 ends the process. Sealed.
import type { CST } from 'yaml';

/** A token that is more than `most` levels deep; undefined where there is none. */
export function tokenDeeperThan(most: number, tokens: readonly CST.Token[]): CST.Token | undefined {
  const open: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > most) return token;
    if (token.type === 'document') {
      if (token.value) open.push({ token: token.value, depth });
    } else if ('items' in token) {
      for (const { key, value } of token.items)
        for (const inner of [key, value]) if (inner) open.push({ token: inner, depth: depth + 1 });
    }
  }
  return undefined;
}
