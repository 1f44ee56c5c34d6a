// What was computed from a text (a pattern, a format), kept while it is small. Sealed.
// C1: it only ever saves work: what a program sees does not depend on what is kept.

export class BoundedCache<T> {
  readonly #entries = new Map<string, T>();
  readonly #limit: number;
  readonly #longest: number;

  /** Forgets everything when more than `limit` texts are kept; texts of more than `longest` characters are not kept. */
  constructor(limit: number, longest = 1000) {
    this.#limit = limit;
    this.#longest = longest;
  }

  get(text: string): T | undefined {
    return this.#entries.get(text);
  }

  /** Keeps and returns `value`; a long text is not kept. */
  add(text: string, value: T): T {
    if (text.length > this.#longest) return value;
    if (this.#entries.size >= this.#limit) this.#entries.clear();
    this.#entries.set(text, value);
    return value;
  }
}
