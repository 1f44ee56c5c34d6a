// Argument reduction of sin, cos and tan: x = n * pi/2 + (r + tail). Sealed.
// After fdlibm, whose notice holds for this file and its neighbours:
//   Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
//   Developed at SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this
//   software is freely granted, provided that this notice is preserved.
// R1: arguments beyond 2^19 * pi/2 are reduced in pairs of doubles, beyond 2^45 with exact integers, instead of by fdlibm's
//     table walk; the remainder is the same to about 100 bits.
import { powerOfTwo } from '../../front/numeral.js';
import { productError } from './integral-power.js';
import { highWord } from './words.js';

const INVERSE = 6.36619772367581382433e-1; // 2/pi
const PART1 = 1.57079632673412561417; // the first 33 bits of pi/2
const TAIL1 = 6.0771005065061922e-11;
const PART2 = 6.077100506303966e-11;
const TAIL2 = 2.02226624879595063154e-21;
const PART3 = 2.0222662487111664558e-21;
const TAIL3 = 8.47842766036889956997e-32;

/** The remainder and what rounding cut off it, after `reduce`. */
export let remainder = 0;
export let remainderTail = 0;

/** Sets `remainder` and `remainderTail` for a finite |x| > pi/4; returns n modulo 4 (for small x: n). */
export function reduce(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high >= 0x413921fb) return high < 0x42c00000 ? reduceByPairs(x) : reduceExactly(x);
  const size = Math.abs(x);
  const n = Math.trunc(size * INVERSE + 0.5);
  let rest = size - n * PART1;
  let tail = n * TAIL1;
  let result = rest - tail;
  const exponent = high >> 20;
  if (exponent - ((highWord(result) >> 20) & 0x7ff) > 16) {
    const before = rest;
    tail = n * PART2;
    rest = before - tail;
    tail = n * TAIL2 - (before - rest - tail);
    result = rest - tail;
    if (exponent - ((highWord(result) >> 20) & 0x7ff) > 49) {
      const second = rest;
      tail = n * PART3;
      rest = second - tail;
      tail = n * TAIL3 - (second - rest - tail);
      result = rest - tail;
    }
  }
  const low = rest - result - tail;
  remainder = x < 0 ? -result : result;
  remainderTail = x < 0 ? -low : low;
  return x < 0 ? -n : n;
}

const HALF_PI_1 = 1.5707963267948966;
const HALF_PI_2 = 6.123233995736766e-17;
const HALF_PI_3 = -1.4973849048591698e-33;

/** For |x| below 2^45: pi/2 in three doubles, products without rounding. */
function reduceByPairs(x: number): number {
  const size = Math.abs(x);
  const n = Math.round(size * INVERSE);
  const first = n * HALF_PI_1;
  const firstError = productError(n, HALF_PI_1, first);
  const second = n * HALF_PI_2;
  const secondError = productError(n, HALF_PI_2, second);
  // size - first is exact; what is left to subtract is far smaller.
  const rest = size - first;
  const high = rest - firstError;
  const lost = rest - high - firstError;
  const sum = high - second;
  const back = sum - high;
  const tail = high - (sum - back) + (-second - back) + lost - secondError - n * HALF_PI_3;
  const result = sum + tail;
  const low = tail - (result - sum);
  remainder = x < 0 ? -result : result;
  remainderTail = x < 0 ? -low : low;
  return (x < 0 ? -1 : 1) * (n % 4);
}

/** Bits of pi/2 after the point: enough for the largest double and 120 bits of remainder. */
const BITS = 1300n;
let halfPi: bigint | undefined;

/** floor(pi/2 * 2^BITS), by Machin's formula; made when a huge argument first needs it. */
function halfPiScaled(): bigint {
  const one = 1n << (BITS + 32n);
  const arctangentOfInverse = (divisor: bigint): bigint => {
    let power = one / divisor;
    let sum = power;
    const square = divisor * divisor;
    for (let k = 3n, sign = -1n; power !== 0n; k += 2n, sign = -sign) {
      power /= square;
      sum += (sign * power) / k;
    }
    return sum;
  };
  return (halfPi ??= (8n * arctangentOfInverse(5n) - 2n * arctangentOfInverse(239n)) >> 32n);
}

function reduceExactly(x: number): number {
  const pi = halfPiScaled();
  const size = Math.abs(x);
  const whole = Math.floor(size);
  // At this size a double has at most 33 bits after the point.
  const scaled = (BigInt(whole) << BITS) + (BigInt((size - whole) * 8589934592) << (BITS - 33n));
  let n = scaled / pi;
  let rest = scaled - n * pi;
  if (rest * 2n > pi) {
    n += 1n;
    rest -= pi;
  }
  const sign = x < 0 ? -1 : 1;
  const top = toDouble(rest);
  remainder = sign * top.value;
  remainderTail = sign * toDouble(rest - top.exact).value;
  return sign * Number(n & 3n);
}

/** The double nearest to rest / 2^BITS, and its exact value in the same scale. */
function toDouble(rest: bigint): { readonly value: number; readonly exact: bigint } {
  const negative = rest < 0n;
  const magnitude = negative ? -rest : rest;
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - 64));
  const kept = Number(magnitude >> excess);
  const value = kept * powerOfTwo(Number(excess - BITS));
  const exact = BigInt(kept) << excess;
  return negative ? { value: -value, exact: -exact } : { value, exact };
}
