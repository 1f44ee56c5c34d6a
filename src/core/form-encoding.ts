// Text in queries and forms: application/x-www-form-urlencoded over bytes. Sealed.

export const encodeComponent = (text: string): string =>
  text.replace(/[^A-Za-z0-9._~-]/g, (byte) =>
    byte === ' ' ? '+' : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );

/** undefined: a `%` without two hexadecimal digits. */
export function decodeComponent(text: string, plusIsSpace = true): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  return (plusIsSpace ? text.replaceAll('+', ' ') : text).replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** `a=1&b=2` of pairs. */
export const encodePairs = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`).join('&');
