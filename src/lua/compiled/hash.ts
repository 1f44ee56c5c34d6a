// A short name for a text, 64 bits of multiplicative hashing, for urls of scripts and keys of caches. Not for security. Sealed.

const { imul } = Math;

/** 16 lower-case hex digits. */
export function hashText(text: string): string {
  // Two independent 32-bit lanes: cheaper than 64-bit arithmetic, and as good for telling texts apart. Four bytes at a time:
  // a unit's text is hashed by code that V8 has not optimized yet.
  let low = 0x811c9dc5;
  let high = 0xc9dc5118;
  for (let at = 0; at < text.length; at += 4) {
    // Beyond the end a code is NaN, which is 0 here; the length tells such texts apart.
    const code =
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24);
    low = imul(low ^ code, 0x01000193);
    low ^= low >>> 15;
    high = imul(high ^ (code + at), 0x85ebca6b);
    high ^= high >>> 13;
  }
  low ^= text.length;
  return hex(high ^ (low >>> 3)) + hex(low);
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
