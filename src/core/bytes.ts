// Byte strings and Uint8Array, for hosts that talk to files, sockets and databases. Sealed.

/** Bytes per String.fromCharCode call. */
const CHUNK = 8192;

export function bytesToArray(bytes: string): Uint8Array {
  const array = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++) array[index] = bytes.charCodeAt(index);
  return array;
}

export function arrayToBytes(array: Uint8Array): string {
  if (array.length <= CHUNK) return Reflect.apply(String.fromCharCode, undefined, array) as string;
  const parts: string[] = [];
  for (let from = 0; from < array.length; from += CHUNK)
    parts.push(Reflect.apply(String.fromCharCode, undefined, array.subarray(from, from + CHUNK)) as string);
  return parts.join('');
}
