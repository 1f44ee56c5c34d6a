// Regular expressions of queries: RE2's syntax in linear time, compiled once.
import { re2 } from '../core/heavy-libraries.cjs';
import type { Pattern } from '../core/regular-expressions.js';

/** Patterns that are kept compiled. */
const KEPT = 100;
const compiled = new Map<string, Pattern>();

/** Whether the pattern is found anywhere in a text. Throws for what is not a pattern. */
export function expressionMatcher(pattern: string): (text: string) => boolean {
  const known = compiled.get(pattern) ?? re2().RE2JS.compile(pattern);
  compiled.delete(pattern);
  compiled.set(pattern, known);
  if (compiled.size > KEPT) compiled.delete(compiled.keys().next().value ?? pattern);
  return (text) => known.matcher(text).find();
}
