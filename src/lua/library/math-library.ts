// The `math` table: Lua 5.3's, with the functions of 5.1 that it had dropped. Sealed.
// M1: no result depends on the machine: what IEEE arithmetic does not fix is computed by elementary/.
import { argumentError, raise } from '../compiled/errors.js';
import { chargeRemainder } from '../compiled/arithmetic.js';
import * as int64 from '../compiled/int64.js';
import type { Integer } from '../compiled/int64.js';
import { doubleOf, float, isInteger, isNumber, toInteger } from '../compiled/number.js';
import type { LuaNumber } from '../compiled/number.js';
import { builtin, EMPTY, machine } from '../compiled/protocol.js';
import type { Callable, Result, Value } from '../compiled/protocol.js';
import {
  doubleArgument,
  integerArgument,
  numberArgument,
  positionArgument,
  requireAny,
} from './arguments.js';
import * as exponential from './elementary/exponential.js';
import * as trigonometric from './elementary/trigonometric.js';
import { scale } from './elementary/words.js';
import { libraryHost } from './surroundings.js';
import { lessThanNow } from './native-calls.js';

/** A float as the integer it is, where it is one that fits. */
const narrowed = (value: number): Value => int64.fromDouble(value) ?? float(value);

const isSmallInteger = (value: Value): value is number =>
  typeof value === 'number' && value === Math.floor(value) && value - value === 0;

/** A number; a text gives a float even where it reads as an integer, as in PUC. */
function ownNumberArgument(value: Value, index: number, name: string, count: number): LuaNumber {
  const number = numberArgument(value, index, name, count);
  return typeof value === 'string' ? float(doubleOf(number)) : number;
}

const floor = builtin('math.floor', function (x: Value): Result {
  if (isSmallInteger(x)) return x;
  const number = ownNumberArgument(x, 1, 'math.floor', arguments.length);
  return isInteger(number) ? number : narrowed(Math.floor(doubleOf(number)));
});

const ceil = builtin('math.ceil', function (x: Value): Result {
  if (isSmallInteger(x)) return x;
  const number = ownNumberArgument(x, 1, 'math.ceil', arguments.length);
  return isInteger(number) ? number : narrowed(Math.ceil(doubleOf(number)));
});

const abs = builtin('math.abs', function (x: Value): Result {
  if (isSmallInteger(x)) return x < 0 ? int64.negate(x) : x;
  const number = ownNumberArgument(x, 1, 'math.abs', arguments.length);
  if (isInteger(number)) return int64.lessThan(number, 0) ? int64.negate(number) : number;
  return float(Math.abs(doubleOf(number)));
});

const fmod = builtin('math.fmod', function (x: Value, y: Value): Result {
  // PUC's C compiler looks at the second one first.
  const b = ownNumberArgument(y, 2, 'math.fmod', arguments.length);
  const a = ownNumberArgument(x, 1, 'math.fmod', arguments.length);
  if (!isInteger(a) || !isInteger(b)) {
    const [dividend, divisor] = [doubleOf(a), doubleOf(b)];
    chargeRemainder(dividend, divisor);
    return float(dividend % divisor);
  }
  if (b === 0) return argumentError(2, 'math.fmod', 'zero');
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return int64.fromBigInt(int64.toBigInt(a) % int64.toBigInt(b));
});

const modf = builtin('math.modf', function (x: Value): Result {
  const number = ownNumberArgument(x, 1, 'math.modf', arguments.length);
  if (isInteger(number)) return [number, float(0)];
  const value = doubleOf(number);
  const whole = value < 0 ? Math.ceil(value) : Math.floor(value);
  return [narrowed(whole), float(whole === value ? 0 : value - whole)];
});

const tointeger = builtin('math.tointeger', function (x: Value): Result {
  if (x === undefined) requireAny(1, 'math.tointeger', arguments.length);
  return toInteger(x);
});

const type = builtin('math.type', function (x: Value): Result {
  if (isNumber(x)) return isInteger(x) ? 'integer' : 'float';
  requireAny(1, 'math.type', arguments.length);
  return undefined;
});

const ult = builtin('math.ult', function (a: Value, b: Value): Result {
  const left = integerArgument(a, 1, 'math.ult', arguments.length);
  const right = integerArgument(b, 2, 'math.ult', arguments.length);
  return int64.lessThanUnsigned(left, right);
});

/** As PUC's: whatever `<` takes can be compared. */
const less = (a: Value, b: Value): boolean =>
  typeof a === 'number' && typeof b === 'number' ? a < b : lessThanNow(a, b);

const max = builtin('math.max', function (...values: Value[]): Result {
  requireAny(1, 'math.max', values.length);
  let best = values[0];
  for (let at = 1; at < values.length; at++) if (less(best, values[at])) best = values[at];
  return best;
});

const min = builtin('math.min', function (...values: Value[]): Result {
  requireAny(1, 'math.min', values.length);
  let best = values[0];
  for (let at = 1; at < values.length; at++) if (less(values[at], best)) best = values[at];
  return best;
});

/** Instructions of an elementary function. */
const FUNCTION_COST = 15;

/** From here on an angle is reduced with big integers. */
const FAR_ANGLE = 2 ** 45;
const FAR_ANGLE_COST = 500;

const ofAngle = (name: string, compute: (x: number) => number): Callable =>
  ofDouble(name, (x) => {
    if (Math.abs(x) >= FAR_ANGLE) machine.budget -= FAR_ANGLE_COST;
    return compute(x);
  });

/** A function of one double. */
function ofDouble(name: string, compute: (x: number) => number): Callable {
  const qualified = `math.${name}`;
  return builtin(qualified, function (x: Value): Result {
    machine.budget -= FUNCTION_COST;
    return float(compute(doubleArgument(x, 1, qualified, arguments.length)));
  });
}

/** A function of two doubles. */
function ofDoubles(name: string, compute: (x: number, y: number) => number): Callable {
  const qualified = `math.${name}`;
  return builtin(qualified, function (x: Value, y: Value): Result {
    const count = arguments.length;
    machine.budget -= FUNCTION_COST;
    return float(compute(doubleArgument(x, 1, qualified, count), doubleArgument(y, 2, qualified, count)));
  });
}

const log = builtin('math.log', function (x: Value, base: Value): Result {
  machine.budget -= FUNCTION_COST;
  const value = doubleArgument(x, 1, 'math.log', arguments.length);
  if (base === undefined) return float(exponential.log(value));
  const radix = doubleArgument(base, 2, 'math.log', arguments.length);
  if (radix === 2) return float(exponential.log2(value));
  if (radix === 10) return float(exponential.log10(value));
  return float(exponential.log(value) / exponential.log(radix));
});

const atan = builtin('math.atan', function (y: Value, x: Value): Result {
  machine.budget -= FUNCTION_COST;
  const value = doubleArgument(y, 1, 'math.atan', arguments.length);
  const other = x === undefined ? 1 : doubleArgument(x, 2, 'math.atan', arguments.length);
  return float(trigonometric.atan2(value, other));
});

const frexp = builtin('math.frexp', function (x: Value): Result {
  const value = doubleArgument(x, 1, 'math.frexp', arguments.length);
  if (value === 0 || value - value !== 0) return [float(value), 0];
  let mantissa = value;
  let exponent = 0;
  if (Math.abs(mantissa) < 2.2250738585072014e-308) {
    mantissa *= 18014398509481984;
    exponent = -54;
  }
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    exponent++;
  }
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    exponent--;
  }
  return [float(mantissa), exponent];
});

const ldexp = builtin('math.ldexp', function (x: Value, exponent: Value): Result {
  const value = doubleArgument(x, 1, 'math.ldexp', arguments.length);
  const power = positionArgument(exponent, 2, 'math.ldexp', arguments.length);
  return float(scale(value, Math.max(-5000, Math.min(5000, power))));
});

const random = builtin('math.random', function (low: Value, high: Value): Result {
  const name = 'math.random';
  const count = arguments.length;
  const draw = libraryHost().random();
  if (count === 0) return float(draw);
  if (count > 2) raise('wrong number of arguments');
  const from = count === 1 ? 1 : integerArgument(low, 1, name, count);
  const to = count === 1 ? integerArgument(low, 1, name, count) : integerArgument(high, 2, name, count);
  if (int64.lessThan(to, from)) argumentError(1, name, 'interval is empty');
  const distance = int64.subtract(to, from);
  if (int64.lessThan(distance, 0)) argumentError(1, name, 'interval too large');
  const offset = int64.fromDouble(Math.floor(draw * (int64.toDouble(distance) + 1)));
  return offset === undefined ? to : int64.add(from, smaller(offset, distance));
});

const smaller = (a: Integer, b: Integer): Integer => (int64.lessThan(b, a) ? b : a);

const randomseed = builtin('math.randomseed', function (seed: Value): Result {
  libraryHost().randomSeed(doubleArgument(seed, 1, 'math.randomseed', arguments.length));
  return EMPTY;
});

const PI = 3.141592653589793;

/** Members of the `math` table. */
export const mathMembers: Readonly<Record<string, Value>> = {
  abs,
  acos: ofDouble('acos', trigonometric.acos),
  asin: ofDouble('asin', trigonometric.asin),
  atan,
  atan2: ofDoubles('atan2', trigonometric.atan2),
  ceil,
  cos: ofAngle('cos', trigonometric.cos),
  cosh: ofDouble('cosh', exponential.cosh),
  deg: ofDouble('deg', (x) => x * (180 / PI)),
  exp: ofDouble('exp', exponential.exp),
  floor,
  fmod,
  frexp,
  huge: Infinity,
  ldexp,
  log,
  log10: ofDouble('log10', exponential.log10),
  max,
  maxinteger: int64.MAX_INTEGER,
  min,
  mininteger: int64.MIN_INTEGER,
  modf,
  pi: PI,
  pow: ofDoubles('pow', exponential.pow),
  rad: ofDouble('rad', (x) => x * (PI / 180)),
  random,
  randomseed,
  sin: ofAngle('sin', trigonometric.sin),
  sinh: ofDouble('sinh', exponential.sinh),
  sqrt: ofDouble('sqrt', Math.sqrt),
  tan: ofAngle('tan', trigonometric.tan),
  tanh: ofDouble('tanh', exponential.tanh),
  tointeger,
  type,
  ult,
};
