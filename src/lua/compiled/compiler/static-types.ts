// What the compiler knows of a value before it runs. Sealed.
// K1: `integer` is a JavaScript number without a fraction within its range, never an I64 or a LuaFloat; ranges stay within 2^53.
// K2: `fraction` is a JavaScript number with a fraction (a constant). `number` is any Lua number. Operators on two numbers of any
//     of these call no metamethod, so they cannot suspend.
// K3: `float` and `floatish` are of raw operands only: a variable that is kept as a bare double, which stands for a float even
//     where it is integral. `floatish`: it may also hold what is no number, and an integer then is an I64 of any size
//     (number.ts, toSlot). Whatever is no arithmetic gets the general value, of type `number` or `any`.

export interface StaticType {
  readonly is:
    | 'any'
    | 'nil'
    | 'boolean'
    | 'integer'
    | 'fraction'
    | 'float'
    | 'floatish'
    | 'number'
    | 'string'
    | 'table'
    | 'function';
  /** Of an integer, inclusive. */
  readonly low: number;
  readonly high: number;
}

const make = (is: StaticType['is']): StaticType => Object.freeze({ is, low: 0, high: 0 });

export const ANY = make('any');
export const NIL = make('nil');
export const BOOLEAN = make('boolean');
export const NUMBER = make('number');
export const FRACTION = make('fraction');
export const FLOAT = make('float');
export const FLOATISH = make('floatish');
export const STRING = make('string');
/** A Table, whatever its metatable. */
export const TABLE = make('table');
export const FUNCTION = make('function');

/** Beyond this a sum of two is not sure to be exact. */
export const EXACT = 9007199254740991;
/** More passes than any loop makes. */
export const MANY_PASSES = 2 ** 42;

/** An integer in a range; `number` where the range is too wide. */
export function integerRange(low: number, high: number): StaticType {
  return low >= -EXACT && high <= EXACT ? { is: 'integer', low, high } : NUMBER;
}

export const isNumeric = (type: StaticType): boolean =>
  type.is === 'integer' || type.is === 'number' || type.is === 'fraction' || type.is === 'float';

/** Always a JavaScript number. */
export const isRawNumber = (type: StaticType): boolean =>
  type.is === 'integer' || type.is === 'fraction' || type.is === 'float';

export const isRawFloat = (type: StaticType): boolean => type.is === 'float' || type.is === 'floatish';

/** Of the general value of an operand that is kept raw. */
export const generalType = (type: StaticType): StaticType =>
  type.is === 'float' ? NUMBER : type.is === 'floatish' ? ANY : type;

export const isInt32 = (type: StaticType): boolean =>
  type.is === 'integer' && type.low >= -0x80000000 && type.high <= 0x7fffffff;

/** Never nil and never false. */
export const isTruthyType = (type: StaticType): boolean =>
  type.is !== 'any' && type.is !== 'floatish' && type.is !== 'nil' && type.is !== 'boolean';
