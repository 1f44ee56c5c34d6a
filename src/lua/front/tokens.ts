// Token kinds. Sealed.
// K1: a one-char token is its own byte; reserved words and longer tokens are numbered from FIRST_RESERVED.

export const FIRST_RESERVED = 257;

/** Reserved words in PUC's order, then the other tokens; their index plus FIRST_RESERVED is their kind. */
const NAMES = [
  'and',
  'break',
  'do',
  'else',
  'elseif',
  'end',
  'false',
  'for',
  'function',
  'goto',
  'if',
  'in',
  'local',
  'nil',
  'not',
  'or',
  'repeat',
  'return',
  'then',
  'true',
  'until',
  'while',
  '//',
  '..',
  '...',
  '==',
  '>=',
  '<=',
  '~=',
  '<<',
  '>>',
  '::',
  '<eof>',
  '<number>',
  '<integer>',
  '<name>',
  '<string>',
] as const;
const RESERVED_WORDS = 22;

export const T_AND = 257 as number;
export const T_BREAK = 258 as number;
export const T_DO = 259 as number;
export const T_ELSE = 260 as number;
export const T_ELSEIF = 261 as number;
export const T_END = 262 as number;
export const T_FALSE = 263 as number;
export const T_FOR = 264 as number;
export const T_FUNCTION = 265 as number;
export const T_GOTO = 266 as number;
export const T_IF = 267 as number;
export const T_IN = 268 as number;
export const T_LOCAL = 269 as number;
export const T_NIL = 270 as number;
export const T_NOT = 271 as number;
export const T_OR = 272 as number;
export const T_REPEAT = 273 as number;
export const T_RETURN = 274 as number;
export const T_THEN = 275 as number;
export const T_TRUE = 276 as number;
export const T_UNTIL = 277 as number;
export const T_WHILE = 278 as number;
export const T_FLOOR_DIVIDE = 279 as number;
export const T_CONCAT = 280 as number;
export const T_DOTS = 281 as number;
export const T_EQUAL = 282 as number;
export const T_GREATER_EQUAL = 283 as number;
export const T_LESS_EQUAL = 284 as number;
export const T_NOT_EQUAL = 285 as number;
export const T_SHIFT_LEFT = 286 as number;
export const T_SHIFT_RIGHT = 287 as number;
export const T_DOUBLE_COLON = 288 as number;
export const T_END_OF_SOURCE = 289 as number;
export const T_FLOAT = 290 as number;
export const T_INTEGER = 291 as number;
export const T_NAME = 292 as number;
export const T_STRING = 293 as number;

// One-char tokens that the parser names. All are `as number`, since a token changes behind a narrowed type.
export const EXCLAMATION = 33 as number;
export const AMPERSAND = 38 as number;
export const OPEN_PAREN = 40 as number;
export const CLOSE_PAREN = 41 as number;
export const COMMA = 44 as number;
export const MINUS = 45 as number;
export const DOT = 46 as number;
export const COLON = 58 as number;
export const SEMICOLON = 59 as number;
export const LESS = 60 as number;
export const EQUALS = 61 as number;
export const GREATER = 62 as number;
export const QUESTION = 63 as number;
export const AT = 64 as number;
export const OPEN_BRACKET = 91 as number;
export const CLOSE_BRACKET = 93 as number;
export const OPEN_BRACE = 123 as number;
export const BAR = 124 as number;
export const CLOSE_BRACE = 125 as number;

export const TOKEN_KINDS = 294;

/** Reserved word -> kind. */
export const KEYWORDS: ReadonlyMap<string, number> = new Map(
  NAMES.slice(0, RESERVED_WORDS).map((word, index) => [word, FIRST_RESERVED + index]),
);

/** A kind as PUC's messages name it: `'end'`, `'='`, `<eof>`, `<name>`. */
export function describeToken(token: number): string {
  const name = NAMES[token - FIRST_RESERVED];
  if (name !== undefined) return token < T_END_OF_SOURCE ? `'${name}'` : name;
  const printable = token >= 32 && token < 127;
  return printable ? `'${String.fromCharCode(token)}'` : `'<\\${String(token)}>'`;
}
