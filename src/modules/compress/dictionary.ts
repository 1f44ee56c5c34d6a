// Dictionaries for zstd: content that samples share, for many small messages that are alike. Sealed.
// D1: what `train` makes is a dictionary of content only (RFC 8878, 5): it has no tables of its own, and its id is 0.
// The method follows the idea of Liao et al., "Effective Construction of Relative Lempel-Ziv Dictionaries": pieces of samples are
// taken by how much of what they hold is in other samples too, and the best ones stand last, where references are shortest.

/** Bytes of a run that two samples are compared by. */
const RUN = 8;
/** Bytes of a piece. */
const PIECE = 64;
const MAGIC = '\x37\xa4\x30\xec';

/** How many samples hold each run. */
function countRuns(samples: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const own = new Set<string>();
    for (let at = 0; at + RUN <= sample.length; at++) own.add(sample.slice(at, at + RUN));
    for (const run of own) counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return counts;
}

/** A dictionary of at most `size` bytes. */
export function train(samples: readonly string[], size: number): string {
  const counts = countRuns(samples);
  const pieces = samples.flatMap((sample) =>
    Array.from({ length: Math.ceil(sample.length / PIECE) }, (_, index) =>
      sample.slice(index * PIECE, (index + 1) * PIECE + RUN - 1),
    ),
  );
  const taken = new Set<string>();
  /** Runs that other samples hold too and the dictionary does not yet. */
  const scoreOf = (piece: string, mark: boolean): number => {
    let score = 0;
    for (let at = 0; at + RUN <= piece.length; at++) {
      const run = piece.slice(at, at + RUN);
      if (taken.has(run)) continue;
      score += (counts.get(run) ?? 0) - 1;
      if (mark) taken.add(run);
    }
    return score;
  };
  const ranked = pieces
    .map((piece) => ({ piece, score: scoreOf(piece, false) }))
    .toSorted((a, b) => b.score - a.score);
  const chosen: string[] = [];
  let length = 0;
  for (const { piece, score } of ranked) {
    if (length + piece.length > size) continue;
    if (chosen.length > 0 && (score === 0 || scoreOf(piece, true) === 0)) continue;
    if (chosen.length === 0) scoreOf(piece, true);
    chosen.push(piece);
    length += piece.length;
  }
  return chosen.toReversed().join('') || samples.join('').slice(0, size);
}

export interface DictionaryFacts {
  readonly id: number;
  /** Bytes; for a dictionary with tables, which `zstd --train` makes, those count too. */
  readonly contentSize: number;
}

export function inspect(dictionary: string): DictionaryFacts {
  if (!dictionary.startsWith(MAGIC)) return { id: 0, contentSize: dictionary.length };
  let id = 0;
  for (let at = 7; at >= 4; at--) id = id * 256 + dictionary.charCodeAt(at);
  return { id, contentSize: dictionary.length - 8 };
}
