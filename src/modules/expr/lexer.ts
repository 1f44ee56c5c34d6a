// Tokens of the expression language (expr-lang.org/docs/language-definition). Sealed.
export type Token =
  | { readonly is: 'number'; readonly value: number | bigint; readonly float: boolean; readonly at: number }
  | { readonly is: 'string'; readonly value: string; readonly at: number }
  | { readonly is: 'name'; readonly value: string; readonly at: number }
  | { readonly is: 'operator'; readonly value: string; readonly at: number }
  | { readonly is: 'end'; readonly value: ''; readonly at: number };

/** An expression that is none; the place is in the message. */
export class ExpressionSyntaxError extends Error {
  override readonly name = 'ExpressionSyntaxError';
  constructor(source: string, at: number, problem: string) {
    const before = source.slice(0, at).split('\n');
    super(`${problem} at ${before.length}:${(before.at(-1) ?? '').length + 1}`);
  }
}

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
const NUMBER =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_$][\w$]*/y;
const STRING = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/y;
const RAW = /`[^`]*`/y;
const OPERATOR = /\?\.|\?\?|\.\.|\*\*|==|!=|<=|>=|&&|\|\||#(?:acc|index)\b|[-+*/%^<>!?:,.;|()[\]{}=#]/y;

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
};
const ESCAPE =
  /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\}|U([\da-fA-F]{8})|([0-3][0-7]{2})|([^]))/g;

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  for (;;) {
    at += take(SPACE)?.length ?? 0;
    if (at >= source.length) break;
    const token = tokenAt(source, at, take);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ is: 'end', value: '', at });
  return tokens;
}

function tokenAt(
  source: string,
  at: number,
  take: (pattern: RegExp) => string | undefined,
): { readonly token: Token; readonly length: number } {
  const number = take(NUMBER);
  if (number !== undefined) return { token: numberToken(source, number, at), length: number.length };
  const name = take(NAME);
  if (name !== undefined) return { token: { is: 'name', value: name, at }, length: name.length };
  const text = take(STRING);
  if (text !== undefined)
    return {
      token: { is: 'string', value: unescape(source, text.slice(1, -1), at), at },
      length: text.length,
    };
  const raw = take(RAW);
  if (raw !== undefined) return { token: { is: 'string', value: raw.slice(1, -1), at }, length: raw.length };
  const operator = take(OPERATOR);
  if (operator !== undefined)
    return { token: { is: 'operator', value: operator, at }, length: operator.length };
  throw new ExpressionSyntaxError(source, at, `unexpected character ${JSON.stringify(source[at])}`);
}

function numberToken(source: string, text: string, at: number): Token {
  const plain = text.replaceAll('_', '');
  const float = !/^0[xXoObB]/.test(plain) && /[.eE]/.test(plain);
  if (float) return { is: 'number', value: Number(plain), float, at };
  const value = BigInt(plain);
  if (value > 2n ** 63n)
    throw new ExpressionSyntaxError(source, at, `the integer ${plain} has more than 64 bits`);
  return { is: 'number', value: Number.isSafeInteger(Number(value)) ? Number(value) : value, float, at };
}

function unescape(source: string, text: string, at: number): string {
  return text.replace(
    ESCAPE,
    (whole: string, x?: string, u?: string, braced?: string, long?: string, octal?: string, one?: string) => {
      const hex = x ?? u ?? braced ?? long;
      const code =
        hex !== undefined ? parseInt(hex, 16) : octal !== undefined ? parseInt(octal, 8) : undefined;
      if (code !== undefined && code <= 0x10ffff) return String.fromCodePoint(code);
      const known = one === undefined ? undefined : ESCAPES[one];
      if (known === undefined) throw new ExpressionSyntaxError(source, at, `unknown escape ${whole}`);
      return known;
    },
  );
}
