// sin, cos, tan, asin, acos, atan, atan2: the same bits on every machine. After fdlibm, see reduce.ts. Sealed.
import { reduce, remainder, remainderTail } from './reduce.js';
import { highWord, lowWord, withHighWord, withoutLowWord } from './words.js';

const QUARTER_PI = 0x3fe921fb; // high word of pi/4

function sinKernel(x: number, tail: number, hasTail: boolean): number {
  if ((highWord(x) & 0x7fffffff) < 0x3e400000) return x;
  const z = x * x;
  const v = z * x;
  const r =
    8.33333333332248946124e-3 +
    z *
      (-1.98412698298579493134e-4 +
        z * (2.75573137070700676789e-6 + z * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)));
  if (!hasTail) return x + v * (-1.66666666666666324348e-1 + z * r);
  return x - (z * (0.5 * tail - v * r) - tail - v * -1.66666666666666324348e-1);
}

function cosKernel(x: number, tail: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high < 0x3e400000) return 1;
  const z = x * x;
  const r =
    z *
    (4.16666666666666019037e-2 +
      z *
        (-1.38888888888741095749e-3 +
          z *
            (2.48015872894767294178e-5 +
              z *
                (-2.75573143513906633035e-7 +
                  z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11)))));
  if (high < 0x3fd33333) return 1 - (0.5 * z - (z * r - x * tail));
  const quarter = high > 0x3fe90000 ? 0.28125 : withHighWord(0, high - 0x00200000);
  const half = 0.5 * z - quarter;
  return 1 - quarter - (half - (z * r - x * tail));
}

export function sin(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high <= QUARTER_PI) return sinKernel(x, 0, false);
  if (high >= 0x7ff00000) return NaN;
  switch (reduce(x) & 3) {
    case 0:
      return sinKernel(remainder, remainderTail, true);
    case 1:
      return cosKernel(remainder, remainderTail);
    case 2:
      return -sinKernel(remainder, remainderTail, true);
    default:
      return -cosKernel(remainder, remainderTail);
  }
}

export function cos(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high <= QUARTER_PI) return cosKernel(x, 0);
  if (high >= 0x7ff00000) return NaN;
  switch (reduce(x) & 3) {
    case 0:
      return cosKernel(remainder, remainderTail);
    case 1:
      return -sinKernel(remainder, remainderTail, true);
    case 2:
      return -cosKernel(remainder, remainderTail);
    default:
      return sinKernel(remainder, remainderTail, true);
  }
}

/** tan(x + tail), or -1 / tan for `reciprocal`. */
function tanKernel(x: number, tail: number, reciprocal: boolean): number {
  const word = highWord(x);
  const high = word & 0x7fffffff;
  if (high < 0x3e300000) {
    if (!reciprocal) return x;
    if ((high | lowWord(x)) === 0) return Infinity;
    const z = withoutLowWord(x + tail);
    const low = tail - (z - x);
    const inverse = -1 / (x + tail);
    const t = withoutLowWord(inverse);
    return t + inverse * (1 + t * z + t * low);
  }
  const isLarge = high >= 0x3fe59428;
  if (isLarge) {
    if (word < 0) {
      x = -x;
      tail = -tail;
    }
    x = 7.85398163397448278999e-1 - x + (3.06161699786838301793e-17 - tail);
    tail = 0;
  }
  const z = x * x;
  const w = z * z;
  let r =
    1.33333333333201242699e-1 +
    w *
      (2.18694882948595424599e-2 +
        w *
          (3.59207910759131235356e-3 +
            w *
              (5.88041240820264096874e-4 + w * (7.817944429395570923e-5 + w * -1.85586374855275456654e-5))));
  const v =
    z *
    (5.39682539762260521377e-2 +
      w *
        (8.86323982359930005737e-3 +
          w *
            (1.45620945432529025516e-3 +
              w *
                (2.46463134818469906812e-4 +
                  w * (7.14072491382608190305e-5 + w * 2.59073051863633712884e-5)))));
  const s = z * x;
  r = tail + z * (s * (r + v) + tail) + 3.33333333333334091986e-1 * s;
  const sum = x + r;
  if (isLarge) {
    const sign = 1 - ((word >> 30) & 2);
    const direction = reciprocal ? -1 : 1;
    return sign * (direction - 2 * (x - ((sum * sum) / (sum + direction) - r)));
  }
  if (!reciprocal) return sum;
  const head = withoutLowWord(sum);
  const rest = r - (head - x);
  const inverse = -1 / sum;
  const t = withoutLowWord(inverse);
  return t + inverse * (1 + t * head + t * rest);
}

export function tan(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high <= QUARTER_PI) return tanKernel(x, 0, false);
  if (high >= 0x7ff00000) return NaN;
  const n = reduce(x);
  return tanKernel(remainder, remainderTail, (n & 1) === 1);
}

/** The rational part of asin: p(z)/q(z). */
function asinRatio(z: number): number {
  const p =
    z *
    (1.66666666666666657415e-1 +
      z *
        (-3.25565818622400915405e-1 +
          z *
            (2.01212532134862925881e-1 +
              z *
                (-4.00555345006794114027e-2 +
                  z * (7.91534994289814532176e-4 + z * 3.4793310759602116757e-5)))));
  const q =
    1 +
    z *
      (-2.40339491173441421878 +
        z * (2.02094576023350569471 + z * (-6.8828397160545329303e-1 + z * 7.70381505559019352791e-2)));
  return p / q;
}

const HALF_PI_HIGH = 1.570796326794896558;
const HALF_PI_LOW = 6.12323399573676603587e-17;
const PI_HIGH = 3.141592653589793116;
const PI_LOW = 1.2246467991473531772e-16;

export function asin(x: number): number {
  const word = highWord(x);
  const high = word & 0x7fffffff;
  if (high >= 0x3ff00000) {
    if (Math.abs(x) === 1) return x * HALF_PI_HIGH + x * HALF_PI_LOW;
    return NaN;
  }
  if (high < 0x3fe00000) {
    if (high < 0x3e400000) return x;
    return x + x * asinRatio(x * x);
  }
  const t = (1 - Math.abs(x)) * 0.5;
  const ratio = asinRatio(t);
  const s = Math.sqrt(t);
  let result: number;
  if (high >= 0x3fef3333) result = HALF_PI_HIGH - (2 * (s + s * ratio) - HALF_PI_LOW);
  else {
    const w = withoutLowWord(s);
    const c = (t - w * w) / (s + w);
    const p = 2 * s * ratio - (HALF_PI_LOW - 2 * c);
    const q = 7.85398163397448278999e-1 - 2 * w;
    result = 7.85398163397448278999e-1 - (p - q);
  }
  return word > 0 ? result : -result;
}

export function acos(x: number): number {
  const word = highWord(x);
  const high = word & 0x7fffffff;
  if (high >= 0x3ff00000) {
    if (x === 1) return 0;
    return x === -1 ? PI_HIGH + 2 * HALF_PI_LOW : NaN;
  }
  if (high < 0x3fe00000) {
    if (high <= 0x3c600000) return HALF_PI_HIGH + HALF_PI_LOW;
    return HALF_PI_HIGH - (x - (HALF_PI_LOW - x * asinRatio(x * x)));
  }
  if (word < 0) {
    const z = (1 + x) * 0.5;
    const s = Math.sqrt(z);
    const w = asinRatio(z) * s - HALF_PI_LOW;
    return PI_HIGH - 2 * (s + w);
  }
  const z = (1 - x) * 0.5;
  const s = Math.sqrt(z);
  const head = withoutLowWord(s);
  const c = (z - head * head) / (s + head);
  const w = asinRatio(z) * s + c;
  return 2 * (head + w);
}

const ATAN_HIGH = [
  4.63647609000806093515e-1,
  7.85398163397448278999e-1,
  9.82793723247329054082e-1,
  HALF_PI_HIGH,
] as const;
const ATAN_LOW = [
  2.26987774529616870924e-17,
  3.06161699786838301793e-17,
  1.39033110312309984516e-17,
  HALF_PI_LOW,
] as const;

export function atan(x: number): number {
  const word = highWord(x);
  const high = word & 0x7fffffff;
  if (x !== x) return x;
  if (high >= 0x44100000) return x > 0 ? HALF_PI_HIGH + HALF_PI_LOW : -HALF_PI_HIGH - HALF_PI_LOW;
  let part: 0 | 1 | 2 | 3 | undefined;
  if (high < 0x3fdc0000) {
    if (high < 0x3e200000) return x;
  } else {
    x = Math.abs(x);
    if (high < 0x3ff30000) {
      if (high < 0x3fe60000) {
        part = 0;
        x = (2 * x - 1) / (2 + x);
      } else {
        part = 1;
        x = (x - 1) / (x + 1);
      }
    } else if (high < 0x40038000) {
      part = 2;
      x = (x - 1.5) / (1 + 1.5 * x);
    } else {
      part = 3;
      x = -1 / x;
    }
  }
  const z = x * x;
  const w = z * z;
  const odd =
    z *
    (3.33333333333329318027e-1 +
      w *
        (1.42857142725034663711e-1 +
          w *
            (9.09088713343650656196e-2 +
              w *
                (6.66107313738753120669e-2 +
                  w * (4.97687799461593236017e-2 + w * 1.62858201153657823623e-2)))));
  const even =
    w *
    (-1.99999999998764832476e-1 +
      w *
        (-1.1111110405462355788e-1 +
          w *
            (-7.69187620504482999495e-2 + w * (-5.83357013379057348645e-2 + w * -3.6531572744216915527e-2))));
  if (part === undefined) return x - x * (odd + even);
  const result = ATAN_HIGH[part] - (x * (odd + even) - ATAN_LOW[part] - x);
  return word < 0 ? -result : result;
}

const TINY = 1e-300;

export function atan2(y: number, x: number): number {
  if (x !== x || y !== y) return NaN;
  if (x === 1) return atan(y);
  const highX = highWord(x);
  const highY = highWord(y);
  const quadrant = ((highY >> 31) & 1) | ((highX >> 30) & 2);
  if (y === 0) {
    if (quadrant < 2) return y;
    return quadrant === 2 ? PI_HIGH + TINY : -PI_HIGH - TINY;
  }
  if (x === 0) return highY < 0 ? -HALF_PI_HIGH - TINY : HALF_PI_HIGH + TINY;
  const sizeX = Math.abs(x);
  const sizeY = Math.abs(y);
  if (sizeX === Infinity) {
    const size =
      sizeY === Infinity ? (quadrant < 2 ? PI_HIGH / 4 : (3 * PI_HIGH) / 4) : quadrant < 2 ? 0 : PI_HIGH;
    return quadrant & 1 ? -size : size;
  }
  if (sizeY === Infinity) return highY < 0 ? -HALF_PI_HIGH - TINY : HALF_PI_HIGH + TINY;
  const difference = ((highY & 0x7fffffff) - (highX & 0x7fffffff)) >> 20;
  let z: number;
  let kind = quadrant;
  if (difference > 60) {
    z = HALF_PI_HIGH + 0.5 * PI_LOW;
    kind &= 1;
  } else if (difference < -60 && highX < 0) z = 0;
  else z = atan(Math.abs(y / x));
  switch (kind) {
    case 0:
      return z;
    case 1:
      return -z;
    case 2:
      return PI_HIGH - (z - PI_LOW);
    default:
      return z - PI_LOW - PI_HIGH;
  }
}
