// Parameters of module functions: what docs and completion show of them, and the check that each call makes. Sealed.
// P1: a check costs a type test where the argument is right; messages are made only for wrong ones, and are those of Lua's library.
// P2: what `run` gets is already of its TypeScript type, so that no module reads its arguments by hand.
import { asNumber, asText, typeName } from './instance/arguments.js';
import type { LuaFunction, LuaTable, LuaValue, UserdataType } from './values.js';
import { LuaTable as Table, LuaUserdata } from './values.js';

/** A wrong argument: what is wrong with it, as it stands in brackets in the message. */
export class Refusal {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

export interface Parameter<T = unknown> {
  readonly name: string;
  /** As docs and completion show it: `string`, `number|string|Duration`. */
  readonly type: string;
  /** One sentence, with the unit where there is one. '' where the name says it. */
  readonly meaning: string;
  /** It may be left out or nil. */
  readonly optional: boolean;
  /** It takes all arguments that follow; the last one only. */
  readonly rest: boolean;
  /** The argument as `run` takes it. Called for nil only where it is not optional. */
  readonly take: (value: LuaValue) => T | Refusal;
}

/** What `run` gets for a list of parameters. */
export type ArgumentsOf<P extends readonly Parameter[]> = {
  [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

const parameter = <T>(
  name: string,
  type: string,
  meaning: string,
  take: (value: LuaValue) => T | Refusal,
): Parameter<T> => ({ name, type, meaning, optional: false, rest: false, take });

/** `{0} expected, got {1}`; a missing argument is told apart from nil where the message is made. */
export const expected = (type: string, value: LuaValue): Refusal =>
  new Refusal(`${type} expected, got ${typeName(value)}${isSecret(value) ? SECRET_ADVICE : ''}`);

const SECRET_ADVICE = ', which stays with its app; pass it on to a function.lua and use it there';
const isSecret = (value: LuaValue): boolean => value instanceof LuaUserdata && value.type.name === 'Secret';

/** A string and nothing else: for functions whose pages say that other types are an error. */
export const bytes = (name: string, meaning = ''): Parameter<string> =>
  parameter(name, 'string', meaning, (value) =>
    typeof value === 'string' ? value : expected('string', value),
  );

/** A string; numbers and values with a text (errors) are taken as their text, as Lua does. */
export const text = (name: string, meaning = ''): Parameter<string> =>
  parameter(name, 'string', meaning, (value) =>
    typeof value === 'string' ? value : (asText(value) ?? expected('string', value)),
  );

/** A number as a JavaScript number, whatever its Lua type. */
export const number = (name: string, meaning = ''): Parameter<number> =>
  parameter(name, 'number', meaning, (value) =>
    typeof value === 'number' ? value : (asNumber(value) ?? expected('number', value)),
  );

export interface IntegerBounds {
  readonly least?: number;
  readonly most?: number;
}

/** A number with an integer value, within bounds where they are given. */
export const integer = (name: string, meaning = '', bounds: IntegerBounds = {}): Parameter<number> =>
  parameter(name, 'integer', meaning, (value) => {
    const taken = typeof value === 'number' ? value : asNumber(value);
    if (taken === undefined) return expected('number', value);
    if (!Number.isSafeInteger(taken)) return new Refusal('number has no integer representation');
    return outOfBounds(name, taken, bounds) ?? taken;
  });

function outOfBounds(name: string, value: number, { least, most }: IntegerBounds): Refusal | undefined {
  if (least !== undefined && value < least)
    return new Refusal(
      most === undefined
        ? `${name} must be at least ${least}, got ${value}`
        : `${name} must be between ${least} and ${most}, got ${value}`,
    );
  if (most !== undefined && value > most)
    return new Refusal(
      least === undefined
        ? `${name} must be at most ${most}, got ${value}`
        : `${name} must be between ${least} and ${most}, got ${value}`,
    );
  return undefined;
}

export const boolean = (name: string, meaning = ''): Parameter<boolean> =>
  parameter(name, 'boolean', meaning, (value) =>
    typeof value === 'boolean' ? value : expected('boolean', value),
  );

/** Any value as a condition, as Lua takes it: nil and false are false. */
export const truth = (name: string, meaning = ''): Parameter<boolean> =>
  parameter(name, 'boolean', meaning, (value) => value !== undefined && value !== false);

export const table = (name: string, meaning = ''): Parameter<LuaTable> =>
  parameter(name, 'table', meaning, (value) => (value instanceof Table ? value : expected('table', value)));

export const func = (name: string, meaning = ''): Parameter<LuaFunction> =>
  parameter(name, 'function', meaning, (value) =>
    typeof value === 'function' ? value : expected('function', value),
  );

export const any = (name: string, meaning = '', type = 'any'): Parameter<LuaValue> =>
  parameter(name, type, meaning, (value) => value);

export const userdata = <T extends object>(name: string, type: UserdataType<T>, meaning = ''): Parameter<T> =>
  parameter(name, type.name, meaning, (value) => type.unwrap(value) ?? expected(type.name, value));

/** A parameter with a check of its own. */
export const custom = <T>(
  name: string,
  type: string,
  meaning: string,
  take: (value: LuaValue) => T | Refusal,
): Parameter<T> => parameter(name, type, meaning, take);

export const optional = <T>(of: Parameter<T>): Parameter<T | undefined> => ({ ...of, optional: true });

/** All arguments from here on, each checked. */
export const rest = <T>(of: Parameter<T>): Parameter<readonly T[]> => ({
  ...of,
  optional: true,
  rest: true,
  take: (value) => {
    const taken = of.take(value);
    return taken instanceof Refusal ? taken : [taken];
  },
});

/** `name?: type`, as the docs of functions show it. */
export const parameterText = ({ name, type, optional: may, rest: all }: Parameter): string =>
  all ? `...: ${type}` : `${name}${may ? '?' : ''}: ${type}`;
