// Long texts in chunks of a size, along their own borders: paragraphs, lines, words. Sealed.
// The steps are those of LangChain's recursive splitter: cut at the coarsest separator that the text has, join the pieces up to
// the size, begin each chunk with the end of the one before, and cut what is still too long at the next finer separator.

export interface ChunkSize {
  /** Most characters (code points) of a chunk. */
  readonly size: number;
  /** Characters of the chunk before that may be repeated. */
  readonly overlap: number;
  /** Hears of the characters of each chunk. */
  readonly spend: (characters: number) => void;
}

/** Code points. */
export function lengthOf(text: string): number {
  let length = text.length;
  for (const _pair of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) length -= 1;
  return length;
}

/** Pieces joined by `separator` up to the size; the last ones of a chunk that fit into the overlap begin the next. */
function merge(pieces: readonly string[], separator: string, { size, overlap, spend }: ChunkSize): string[] {
  const between = lengthOf(separator);
  const lengths = pieces.map(lengthOf);
  const chunks: string[] = [];
  let from = 0; // the first piece of the current chunk
  let total = 0;
  const flush = (to: number): void => {
    const chunk = pieces.slice(from, to).join(separator).trim();
    spend(chunk.length);
    if (chunk !== '') chunks.push(chunk);
  };
  for (const [index, length] of lengths.entries()) {
    const held = index - from;
    if (held > 0 && total + between + length > size) {
      flush(index);
      while (
        from < index &&
        (total > overlap || (total > 0 && total + length + (index - from > 1 ? between : 0) > size))
      ) {
        total -= (lengths[from] ?? 0) + (index - from > 1 ? between : 0);
        from += 1;
      }
    }
    total += length + (index > from ? between : 0);
  }
  flush(pieces.length);
  return chunks;
}

export interface RecursiveOptions extends ChunkSize {
  /** From the coarsest to the finest; '' cuts between characters. */
  readonly separators: readonly string[];
  /** A separator stays at the beginning of the piece after it. */
  readonly keepSeparator: boolean;
}

/** There may be more than a call takes arguments. */
function append(chunks: string[], more: readonly string[]): void {
  for (const chunk of more) chunks.push(chunk);
}

export function splitRecursively(text: string, options: RecursiveOptions): string[] {
  const { separators, keepSeparator, size } = options;
  const at = separators.findIndex((one) => one === '' || text.includes(one));
  const separator = separators[at] ?? separators.at(-1) ?? '';
  const finer = at < 0 ? [] : separators.slice(at + 1);
  const cut = separator === '' ? [...text] : text.split(separator);
  const pieces = keepSeparator ? cut.map((piece, index) => (index === 0 ? piece : separator + piece)) : cut;
  const joint = keepSeparator ? '' : separator;
  const chunks: string[] = [];
  let short: string[] = [];
  const flush = (): void => {
    if (short.length > 0) append(chunks, merge(short, joint, options));
    short = [];
  };
  for (const piece of pieces) {
    if (lengthOf(piece) < size) {
      short.push(piece);
      continue;
    }
    flush();
    if (finer.length === 0) chunks.push(piece);
    else append(chunks, splitRecursively(piece, { ...options, separators: finer }));
  }
  flush();
  return chunks;
}
