// The two 32-bit words of a double. Sealed.
const DOUBLE = new Float64Array(1);
const WORDS = new Int32Array(DOUBLE.buffer);
DOUBLE[0] = 1;
/** Which word holds sign and exponent on this machine. */
const HIGH = WORDS[1] === 0 ? 0 : 1;
const LOW = 1 - HIGH;

/** Sign, exponent and the upper 20 bits of the fraction. */
export function highWord(x: number): number {
  DOUBLE[0] = x;
  return WORDS[HIGH] as number;
}

export function lowWord(x: number): number {
  DOUBLE[0] = x;
  return WORDS[LOW] as number;
}

export function fromWords(high: number, low: number): number {
  WORDS[HIGH] = high;
  WORDS[LOW] = low;
  return DOUBLE[0] as number;
}

export function withHighWord(x: number, high: number): number {
  DOUBLE[0] = x;
  WORDS[HIGH] = high;
  return DOUBLE[0];
}

/** The same number with the lower half of its digits cut off. */
export function withoutLowWord(x: number): number {
  DOUBLE[0] = x;
  WORDS[LOW] = 0;
  return DOUBLE[0];
}

/** x * 2^n, rounded once. */
export function scale(x: number, n: number): number {
  if (n > 1023) {
    x *= 8.98846567431158e307;
    n -= 1023;
    if (n > 1023) {
      x *= 8.98846567431158e307;
      n = Math.min(n - 1023, 1023);
    }
  } else if (n < -1022) {
    x *= 2.004168360008973e-292; // 2^-969: leaves 53 bits, so that the result is rounded only once
    n += 969;
    if (n < -1022) {
      x *= 2.004168360008973e-292;
      n = Math.max(n + 969, -1022);
    }
  }
  return x * fromWords((0x3ff + n) << 20, 0);
}
