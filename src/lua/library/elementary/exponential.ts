// exp, log, pow and the hyperbolic functions: the same bits on every machine. After fdlibm, see reduce.ts. Sealed.
// Long, since the functions share their reductions and the tables of constants beside them.
import { integralPower, MAX_WHOLE_EXPONENT } from './integral-power.js';
import { fromWords, highWord, lowWord, scale, withHighWord, withoutLowWord } from './words.js';

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const INVERSE_LN2 = 1.442695040888963387;

/** The polynomial in the square of the reduced argument that exp and pow share. */
const expPolynomial = (t: number): number =>
  t *
  (1.66666666666666019037e-1 +
    t *
      (-2.77777777770155933842e-3 +
        t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));

export function exp(x: number): number {
  const word = highWord(x);
  const high = word & 0x7fffffff;
  if (high >= 0x40862e42) {
    if (x !== x) return x;
    if (x > 709.782712893383973096) return Infinity;
    if (x < -745.13321910194110842) return 0;
  }
  let top = 0;
  let bottom = 0;
  let k = 0;
  if (high > 0x3fd62e42) {
    if (high < 0x3ff0a2b2) {
      if (x === 1) return 2.718281828459045; // its nearest double
      top = x - (word < 0 ? -LN2_HIGH : LN2_HIGH);
      bottom = word < 0 ? -LN2_LOW : LN2_LOW;
      k = word < 0 ? -1 : 1;
    } else {
      k = Math.trunc(INVERSE_LN2 * x + (word < 0 ? -0.5 : 0.5));
      top = x - k * LN2_HIGH;
      bottom = k * LN2_LOW;
    }
    x = top - bottom;
  } else if (high < 0x3e300000) return 1 + x;
  const t = x * x;
  const c = x - expPolynomial(t);
  if (k === 0) return 1 - ((x * c) / (c - 2) - x);
  const y = 1 - (bottom - (x * c) / (2 - c) - top);
  if (k === 1024) return y * 2 * 8.98846567431158e307;
  return k >= -1021 ? y * fromWords((0x3ff + k) << 20, 0) : scale(y, k);
}

interface Split {
  readonly k: number;
  readonly f: number;
}

/** x = 2^k * (1 + f); x is positive and finite. */
function split(x: number): Split {
  let k = 0;
  let word = highWord(x);
  if (word < 0x00100000) {
    k = -54;
    x *= 18014398509481984;
    word = highWord(x);
  }
  k += (word >> 20) - 1023;
  word &= 0xfffff;
  const i = (word + 0x95f64) & 0x100000;
  k += i >> 20;
  return { k, f: withHighWord(x, word | (i ^ 0x3ff00000)) - 1 };
}

const logOdd = (w: number): number =>
  w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
const logEven = (z: number, w: number): number =>
  z *
  (6.66666666666673513e-1 +
    w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));

export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const { k, f } = split(x);
  if (((2 + highWord(f + 1)) & 0xfffff) < 3) {
    if (f === 0) return k === 0 ? 0 : k * LN2_HIGH + k * LN2_LOW;
    const r = f * f * (0.5 - 0.33333333333333333 * f);
    return k === 0 ? f - r : k * LN2_HIGH - (r - k * LN2_LOW - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const r = logEven(z, w) + logOdd(w);
  const fraction = highWord(f + 1) & 0xfffff;
  if (((fraction - 0x6147a) | (0x6b851 - fraction)) > 0) {
    const half = 0.5 * f * f;
    return k === 0 ? f - (half - s * (half + r)) : k * LN2_HIGH - (half - (s * (half + r) + k * LN2_LOW) - f);
  }
  return k === 0 ? f - s * (f - r) : k * LN2_HIGH - (s * (f - r) - k * LN2_LOW - f);
}

/** log(1 + f) - f + f^2/2 of a split number. */
function log1pRest(f: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  return s * (0.5 * f * f + logEven(z, w) + logOdd(w));
}

export function log2(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity || x === 1) return x === 1 ? 0 : x;
  const { k, f } = split(x);
  const half = 0.5 * f * f;
  const rest = log1pRest(f);
  const high = withoutLowWord(f - half);
  const low = f - high - half + rest;
  let valueHigh = high * 1.44269504072144627571;
  let valueLow = (low + high) * 1.67517131648865118353e-10 + low * 1.44269504072144627571;
  const w = k + valueHigh;
  valueLow += k - w + valueHigh;
  valueHigh = w;
  return valueLow + valueHigh;
}

export function log10(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let k = 0;
  let word = highWord(x);
  if (word < 0x00100000) {
    k = -54;
    x *= 18014398509481984;
    word = highWord(x);
  }
  k += (word >> 20) - 1023;
  const below = k < 0 ? 1 : 0;
  const reduced = withHighWord(x, (word & 0xfffff) | ((0x3ff - below) << 20));
  const exponent = k + below;
  return (
    exponent * 3.69423907715893078616e-13 +
    4.34294481903251816668e-1 * log(reduced) +
    exponent * 3.01029995663611771306e-1
  );
}

/** exp(x) - 1 without loss near 0. */
export function expm1(x: number): number {
  const word = highWord(x);
  const isNegative = word < 0;
  const high = word & 0x7fffffff;
  if (high >= 0x4043687a) {
    if (high >= 0x40862e42) {
      if (x !== x) return x;
      if (x === -Infinity) return -1;
      if (x > 709.782712893383973096) return Infinity;
    }
    if (isNegative) return -1;
  }
  let k = 0;
  let c = 0;
  if (high > 0x3fd62e42) {
    let top: number;
    let bottom: number;
    if (high < 0x3ff0a2b2) {
      top = isNegative ? x + LN2_HIGH : x - LN2_HIGH;
      bottom = isNegative ? -LN2_LOW : LN2_LOW;
      k = isNegative ? -1 : 1;
    } else {
      k = Math.trunc(INVERSE_LN2 * x + (isNegative ? -0.5 : 0.5));
      top = x - k * LN2_HIGH;
      bottom = k * LN2_LOW;
    }
    x = top - bottom;
    c = top - x - bottom;
  } else if (high < 0x3c900000) return x;
  const half = 0.5 * x;
  const square = x * half;
  const r1 =
    1 +
    square *
      (-3.33333333333331316428e-2 +
        square *
          (1.58730158725481460165e-3 +
            square *
              (-7.93650757867487942473e-5 +
                square * (4.00821782732936239552e-6 + square * -2.01099218183624371326e-7))));
  let t = 3 - r1 * half;
  let e = square * ((r1 - t) / (6 - x * t));
  if (k === 0) return x - (x * e - square);
  e = x * (e - c) - c;
  e -= square;
  if (k === -1) return 0.5 * (x - e) - 0.5;
  if (k === 1) return x < -0.25 ? -2 * (e - (x + 0.5)) : 1 + 2 * (x - e);
  if (k <= -2 || k > 56) {
    const y = 1 - (e - x);
    return (k === 1024 ? y * 2 * 8.98846567431158e307 : scale(y, k)) - 1;
  }
  if (k < 20) {
    t = fromWords(0x3ff00000 - (0x200000 >> k), 0);
    return scale(t - (e - x), k);
  }
  t = fromWords((0x3ff - k) << 20, 0);
  return scale(x - (e + t) + 1, k);
}

export function sinh(x: number): number {
  const size = Math.abs(x);
  if (!(size < Infinity)) return x;
  const sign = x < 0 ? -0.5 : 0.5;
  if (size < 22) {
    if (size < 3.725290298461914e-9) return x;
    const t = expm1(size);
    return size < 1 ? sign * (2 * t - (t * t) / (t + 1)) : sign * (t + t / (t + 1));
  }
  if (size < 709.7822265625) return sign * exp(size);
  if (size <= 710.4758600739439) {
    const half = exp(0.5 * size);
    return sign * half * half;
  }
  return sign * Infinity;
}

export function cosh(x: number): number {
  const size = Math.abs(x);
  if (size < 0.34657359027997264) {
    const t = expm1(size);
    const w = 1 + t;
    return size < 2.7755575615628914e-17 ? w : 1 + (t * t) / (w + w);
  }
  if (size < 22) {
    const t = exp(size);
    return 0.5 * t + 0.5 / t;
  }
  if (size < 709.7822265625) return 0.5 * exp(size);
  if (size <= 710.4758600739439) {
    const half = exp(0.5 * size);
    return 0.5 * half * half;
  }
  return size === size ? Infinity : NaN;
}

export function tanh(x: number): number {
  if (x !== x) return x;
  const size = Math.abs(x);
  let z: number;
  if (size < 22) {
    if (size < 2.7755575615628914e-17) return x;
    if (size >= 1) z = 1 - 2 / (expm1(2 * size) + 2);
    else {
      const t = expm1(-2 * size);
      z = -t / (t + 2);
    }
  } else z = 1;
  return x < 0 ? -z : z;
}

const LOG2_1_5_HIGH = 5.84962487220764160156e-1;
const LOG2_1_5_LOW = 1.35003920212974897128e-8;

/** 0: not an integer; 1: odd; 2: even. */
function parity(y: number): 0 | 1 | 2 {
  const size = Math.abs(y);
  if (size >= 9007199254740992) return 2;
  if (size !== Math.floor(size)) return 0;
  return size % 2 === 1 ? 1 : 2;
}

/** C's pow: 1 to any power and any number to the power 0 are 1, NaN included. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (x !== x || y !== y) return NaN;
  const sizeX = Math.abs(x);
  const integral = x < 0 || Object.is(x, -0) ? parity(y) : 0;
  if (y === Math.floor(y) && Math.abs(y) <= MAX_WHOLE_EXPONENT && sizeX < Infinity) {
    const power = integralPower(x, y);
    if (power === power) return power;
  }
  if (Math.abs(y) === Infinity) {
    if (sizeX === 1) return 1;
    return sizeX > 1 === y > 0 ? Infinity : 0;
  }
  if (y === 1) return x;
  if (y === -1) return 1 / x;
  if (y === 0.5 && x >= 0) return Math.sqrt(x);
  if (sizeX === Infinity || sizeX === 0 || sizeX === 1) {
    const z = y < 0 ? 1 / sizeX : sizeX;
    if (x < 0 && sizeX === 1 && integral === 0) return NaN;
    return integral === 1 && (x < 0 || Object.is(x, -0)) ? -z : z;
  }
  if (x < 0 && integral === 0) return NaN;
  const sign = x < 0 && integral === 1 ? -1 : 1;
  return powOfPositive(sizeX, y, sign);
}

/** The upper half of the digits of x: what fdlibm gets by clearing the low word, without the way through memory. */
function upper(x: number): number {
  const t = 134217729 * x;
  return t - (t - x);
}

/** sign * x^y for positive finite x other than 1. */
function powOfPositive(x: number, y: number, sign: number): number {
  const sizeY = highWord(y) & 0x7fffffff;
  let high = highWord(x);
  let t1: number;
  let t2: number;
  if (sizeY > 0x41e00000) {
    if (sizeY > 0x43f00000) {
      if (high <= 0x3fefffff) return y < 0 ? Infinity : 0;
      if (high >= 0x3ff00000) return y > 0 ? Infinity : 0;
    }
    if (high < 0x3fefffff) return y < 0 ? sign * Infinity : sign * 0;
    if (high > 0x3ff00000) return y > 0 ? sign * Infinity : sign * 0;
    // |1 - x| is at most 2^-20 here: x - x^2/2 + x^3/3 - x^4/4 is enough.
    const t = x - 1;
    const w = t * t * (0.5 - t * (0.3333333333333333333333 - t * 0.25));
    const u = 1.44269502162933349609 * t;
    const v = t * 1.92596299112661746887e-8 - w * INVERSE_LN2;
    t1 = upper(u + v);
    t2 = v - (t1 - u);
  } else {
    let n = 0;
    if (high < 0x00100000) {
      x *= 9007199254740992;
      n -= 53;
      high = highWord(x);
    }
    n += (high >> 20) - 0x3ff;
    const fraction = high & 0x000fffff;
    let near15: 0 | 1;
    high = fraction | 0x3ff00000;
    if (fraction <= 0x3988e) near15 = 0;
    else if (fraction < 0xbb67a) near15 = 1;
    else {
      near15 = 0;
      n += 1;
      high -= 0x00100000;
    }
    x = withHighWord(x, high);
    const base = near15 === 1 ? 1.5 : 1;
    const u = x - base;
    const v = 1 / (x + base);
    const ss = u * v;
    const ssHigh = upper(ss);
    const sumHigh = upper(x + base);
    const sumLow = x - (sumHigh - base);
    const ssLow = v * (u - ssHigh * sumHigh - ssHigh * sumLow);
    const square = ss * ss;
    let r =
      square *
      square *
      (5.99999999999994648725e-1 +
        square *
          (4.28571428578550184252e-1 +
            square *
              (3.33333329818377432918e-1 +
                square *
                  (2.72728123808534006489e-1 +
                    square * (2.30660745775561754067e-1 + square * 2.06975017800338417784e-1)))));
    r += ssLow * (ssHigh + ss);
    const highSquare = ssHigh * ssHigh;
    const sum = upper(3 + highSquare + r);
    const rest = r - (sum - 3 - highSquare);
    const product = ssHigh * sum;
    const productRest = ssLow * sum + rest * ss;
    const pHigh = upper(product + productRest);
    const pLow = productRest - (pHigh - product);
    const zHigh = 9.61796700954437255859e-1 * pHigh;
    const zLow =
      -7.02846165095275826516e-9 * pHigh +
      pLow * 9.61796693925975554329e-1 +
      (near15 === 1 ? LOG2_1_5_LOW : 0);
    const offset = near15 === 1 ? LOG2_1_5_HIGH : 0;
    t1 = upper(zHigh + zLow + offset + n);
    t2 = zLow - (t1 - n - offset - zHigh);
  }
  const y1 = upper(y);
  const pLow = (y - y1) * t1 + y * t2;
  let pHigh = y1 * t1;
  const z = pLow + pHigh;
  const word = highWord(z);
  const low = lowWord(z);
  if (word >= 0x40900000) {
    if (((word - 0x40900000) | low) !== 0) return sign * Infinity;
    if (pLow + 8.0085662595372944372e-17 > z - pHigh) return sign * Infinity;
  } else if ((word & 0x7fffffff) >= 0x4090cc00) {
    if (((word - (0xc090cc00 | 0)) | low) !== 0) return sign * 0;
    if (pLow <= z - pHigh) return sign * 0;
  }
  const sizeWord = word & 0x7fffffff;
  let n = 0;
  if (sizeWord > 0x3fe00000) {
    const k = (sizeWord >> 20) - 0x3ff;
    n = word + (0x00100000 >> (k + 1));
    const exponent = ((n & 0x7fffffff) >> 20) - 0x3ff;
    const t = fromWords(n & ~(0x000fffff >> exponent), 0);
    n = ((n & 0x000fffff) | 0x00100000) >> (20 - exponent);
    if (word < 0) n = -n;
    pHigh -= t;
  }
  return sign * expOfPower(pHigh, pLow, n);
}

/** 2^(n + high + low). */
function expOfPower(high: number, low: number, n: number): number {
  const t = upper(low + high);
  const u = t * 6.93147182464599609375e-1;
  const v = (low - (t - high)) * 6.93147180559945286227e-1 + t * -1.90465429995776804525e-9;
  const z = u + v;
  const w = v - (z - u);
  const square = z * z;
  const t1 = z - expPolynomial(square);
  const r = (z * t1) / (t1 - 2) - (w + z * w);
  const result = 1 - (r - z);
  const word = highWord(result) + (n << 20);
  return word >> 20 <= 0 ? scale(result, n) : withHighWord(result, word);
}
