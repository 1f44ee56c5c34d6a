// Powers with small whole exponents, in pairs of doubles: rounded correctly but for about one in 2^45, so that 10^-5 is the
// number that `1e-5` spells. Sealed.

/** What a * b loses by rounding. */
export function productError(a: number, b: number, product: number): number {
  const splitA = 134217729 * a;
  const highA = splitA - (splitA - a);
  const lowA = a - highA;
  const splitB = 134217729 * b;
  const highB = splitB - (splitB - b);
  const lowB = b - highB;
  return highA * highB - product + highA * lowB + lowA * highB + lowA * lowB;
}

export const MAX_WHOLE_EXPONENT = 64;

/** x^n for a finite x and 0 < |n| <= MAX_WHOLE_EXPONENT; NaN where the pairs would lose digits (huge or tiny results). */
export function integralPower(x: number, n: number): number {
  let high = 1;
  let low = 0;
  let baseHigh = x;
  let baseLow = 0;
  for (let rest = n < 0 ? -n : n; ;) {
    if ((rest & 1) === 1) {
      const product = high * baseHigh;
      const error = productError(high, baseHigh, product) + (high * baseLow + low * baseHigh);
      high = product + error;
      low = error - (high - product);
    }
    rest >>= 1;
    if (rest === 0) break;
    const square = baseHigh * baseHigh;
    const error = productError(baseHigh, baseHigh, square) + 2 * (baseHigh * baseLow);
    baseHigh = square + error;
    baseLow = error - (baseHigh - square);
  }
  const size = Math.abs(high);
  if (!(size > 1e-250 && size < 1e250)) return NaN;
  if (n > 0) return high;
  const inverse = 1 / high;
  const product = inverse * high;
  const rest = 1 - product - productError(inverse, high, product) - inverse * low;
  return inverse + rest / high;
}
