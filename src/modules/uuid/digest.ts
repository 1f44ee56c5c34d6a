// MD5 and SHA-1 of byte strings, for UUIDs of versions 3 and 5: names, not secrets. Sealed.

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** The message with its padding, as 32-bit words; the length stands at the end in bits. */
function words(bytes: string, littleEndian: boolean): Int32Array {
  const count = (((bytes.length + 8) >> 6) + 1) * 16;
  const result = new Int32Array(count);
  const put = (index: number, byte: number): void => {
    const shift = littleEndian ? (index & 3) * 8 : 24 - (index & 3) * 8;
    result[index >> 2] = (result[index >> 2] ?? 0) | (byte << shift);
  };
  for (let index = 0; index < bytes.length; index++) put(index, bytes.charCodeAt(index));
  put(bytes.length, 0x80);
  const low = bytes.length * 8;
  const high = Math.floor(bytes.length / 2 ** 29);
  result[count - 2] = littleEndian ? low : high;
  result[count - 1] = littleEndian ? high : low;
  return result;
}

function output(state: readonly number[], littleEndian: boolean): string {
  return state
    .flatMap((word) => {
      const bytes = [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255];
      return littleEndian ? bytes.reverse() : bytes;
    })
    .map((byte) => String.fromCharCode(byte))
    .join('');
}

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
/** Sine is not exact everywhere to the last bit, but to far more than these 32. */
const MD5_CONSTANTS = Array.from({ length: 64 }, (_, index) =>
  Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32),
);

/** 16 bytes. */
export function md5(bytes: string): string {
  const message = words(bytes, true);
  let [a, b, c, d] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < message.length; block += 16) {
    const [aa, bb, cc, dd] = [a, b, c, d];
    for (let index = 0; index < 64; index++) {
      const round = index >> 4;
      let mixed: number;
      let word: number;
      if (round === 0) [mixed, word] = [(b & c) | (~b & d), index];
      else if (round === 1) [mixed, word] = [(d & b) | (~d & c), (5 * index + 1) & 15];
      else if (round === 2) [mixed, word] = [b ^ c ^ d, (3 * index + 5) & 15];
      else [mixed, word] = [c ^ (b | ~d), (7 * index) & 15];
      const sum = (a + mixed + (MD5_CONSTANTS[index] ?? 0) + (message[block + word] ?? 0)) | 0;
      [a, d, c, b] = [d, c, b, (b + rotate(sum, MD5_SHIFTS[round * 4 + (index & 3)] ?? 0)) | 0];
    }
    a = (a + aa) | 0;
    b = (b + bb) | 0;
    c = (c + cc) | 0;
    d = (d + dd) | 0;
  }
  return output([a, b, c, d], true);
}

/** 20 bytes. */
export function sha1(bytes: string): string {
  const message = words(bytes, false);
  let state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  const schedule = new Int32Array(80);
  for (let block = 0; block < message.length; block += 16) {
    for (let index = 0; index < 80; index++)
      schedule[index] =
        index < 16
          ? (message[block + index] ?? 0)
          : rotate(
              (schedule[index - 3] ?? 0) ^
                (schedule[index - 8] ?? 0) ^
                (schedule[index - 14] ?? 0) ^
                (schedule[index - 16] ?? 0),
              1,
            );
    let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
    for (let index = 0; index < 80; index++) {
      let mixed: number;
      if (index < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
      else if (index < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
      else if (index < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else mixed = (b ^ c ^ d) + 0xca62c1d6;
      const sum = (rotate(a, 5) + mixed + e + (schedule[index] ?? 0)) | 0;
      [e, d, c, b, a] = [d, c, rotate(b, 30), a, sum];
    }
    state = [a, b, c, d, e].map((word, index) => (word + (state[index] ?? 0)) | 0);
  }
  return output(state, false);
}
