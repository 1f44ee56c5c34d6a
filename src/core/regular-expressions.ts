// Regular expressions of RE2, in time linear in their input whatever the pattern: the only ones that a program's text may reach. Sealed.
import { re2 } from './heavy-libraries.cjs';

/** What makes a text fit for `compile`. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** Longest pattern. Characters. */
export const MAX_PATTERN = 10_000;

export type Pattern = InstanceType<ReturnType<typeof re2>['RE2JS']>;

/** Compiles a pattern of text (not bytes). Throws a PatternError that says what is wrong. */
export function compilePattern(pattern: string): Pattern {
  if (pattern.length > MAX_PATTERN)
    throw new PatternError(`the pattern has ${pattern.length} characters; at most ${MAX_PATTERN} are taken`);
  const { RE2JS, RE2JSException } = re2();
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) throw new PatternError(error.message, { cause: error });
    throw error;
  }
}
