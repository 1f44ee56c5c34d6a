// Byte strings as hexadecimal text and back. Sealed.

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hexOf(bytes: string): string {
  let hex = '';
  for (let index = 0; index < bytes.length; index++) hex += PAIRS[bytes.charCodeAt(index)];
  return hex;
}

/** The bytes of an even number of hexadecimal digits. */
export function bytesOfHex(hex: string): string {
  let bytes = '';
  for (let index = 0; index < hex.length; index += 2)
    bytes += String.fromCharCode(parseInt(hex.slice(index, index + 2), 16));
  return bytes;
}
