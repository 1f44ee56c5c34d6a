// Whether strings may become code in this realm. Sealed.

/** Not so under `node --disallow-code-generation-from-strings`. */
export function canGenerateCode(): boolean {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    new Function('');
    return true;
  } catch {
    return false;
  }
}
