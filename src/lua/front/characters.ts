// What each byte is to the lexer: ASCII only, no locale. Sealed.

export const C_LETTER = 1;
export const C_DIGIT = 2;
export const C_HEXADECIMAL = 4;
export const C_BLANK = 8;
export const C_NEWLINE = 16;
/** Letters, digits and underscore: what a name goes on with. */
export const C_NAME = C_LETTER | C_DIGIT;

function classify(code: number): number {
  const character = String.fromCharCode(code);
  return (
    (/[A-Za-z_]/.test(character) ? C_LETTER : 0) |
    (/[0-9]/.test(character) ? C_DIGIT : 0) |
    (/[0-9A-Fa-f]/.test(character) ? C_HEXADECIMAL : 0) |
    (/[ \t\f\v]/.test(character) ? C_BLANK : 0) |
    (/[\r\n]/.test(character) ? C_NEWLINE : 0)
  );
}

/** Class bits by char code; codes beyond a byte and the end of the source have none. */
export const CLASSES: Readonly<Uint8Array> = Uint8Array.from({ length: 257 }, (_, code) => classify(code));

export const isNewline = (code: number): boolean => code === 10 || code === 13;

/** The value of a hexadecimal digit, which `code` must be. */
export const hexadecimalValue = (code: number): number => (code <= 57 ? code - 48 : (code | 32) - 87);
