// The reference of RE2's syntax (google/re2, doc/syntax.txt), row by row through text.regexp: what it documents finds what it says,
// what it marks as not supported is refused. Its rows of Vim are left out: there they are other patterns, not wrong ones.
import { describe, expect, it } from 'vitest';
import { textSpec } from '../../src/modules/text/spec.js';
import { evaluate } from './evaluate.js';

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
/** What a pattern finds first, or `<nil>`; or the kind of the error. */
const find = async (pattern: string, subject: string): Promise<unknown> => {
  const [found] = await evaluate(
    `local pattern, subject = ... local re, err = text.regexp.compile(pattern)
    if err then return err:kind() end return re:find_string(subject)`,
    { modules: [textSpec], args: [latin1(pattern), latin1(subject)] },
  );
  return typeof found === 'string' && found !== '<nil>' ? Buffer.from(found, 'latin1').toString() : found;
};

const NONE = '<nil>';

describe("RE2's reference", () => {
  it.each([
    // Single characters
    ['.', 'é', 'é'],
    ['.', '\n', NONE],
    ['(?s).', '\n', '\n'],
    ['[xyz]', 'ay', 'y'],
    ['[^xyz]', 'xyza', 'a'],
    ['\\d', 'a1', '1'],
    ['\\D', '1a', 'a'],
    ['[[:alpha:]]', '1a', 'a'],
    ['[[:^alpha:]]', 'a1', '1'],
    ['\\pN', 'a1', '1'],
    ['\\p{Greek}', 'aβ', 'β'],
    ['\\PN', '1a', 'a'],
    ['\\P{Greek}', 'βa', 'a'],
    // Composites
    ['xy', 'axyb', 'xy'],
    ['x|xy', 'xy', 'x'],
    ['xy|x', 'xy', 'xy'],
    // Repetitions
    ['x*', 'xxx', 'xxx'],
    ['x+', 'axx', 'xx'],
    ['x?', 'xx', 'x'],
    ['x{2,3}', 'xxxx', 'xxx'],
    ['x{2,}', 'xxxx', 'xxxx'],
    ['x{2}', 'xxxx', 'xx'],
    ['ax*?', 'axx', 'a'],
    ['x+?', 'xx', 'x'],
    ['ax??', 'ax', 'a'],
    ['x{2,3}?', 'xxxx', 'xx'],
    ['x{2,}?', 'xxxx', 'xx'],
    ['x{2}?', 'xxxx', 'xx'],
    // Grouping and flags
    ['(a)(b)', 'ab', 'ab'],
    ['(?P<name>a)b', 'ab', 'ab'],
    ['(?<name>a)b', 'ab', 'ab'], // as Go has it since 1.22
    ['(?:a|b)c', 'bc', 'bc'],
    ['a(?i)B', 'aB', 'aB'],
    ['a(?i)b', 'aB', 'aB'],
    ['((?i)a)b', 'Ab', 'Ab'],
    ['((?i)a)b', 'AB', NONE],
    ['(?i:a)b', 'Ab', 'Ab'],
    ['(?m)^b$', 'a\nb\nc', 'b'],
    ['^b$', 'a\nb\nc', NONE],
    ['(?s)a.b', 'a\nb', 'a\nb'],
    ['(?U)x+', 'xx', 'x'],
    ['(?U)x+?', 'xx', 'xx'],
    ['(?is-m)A.B', 'a\nb', 'a\nb'],
    ['(?i)a(?-i)b', 'AB', NONE],
    // Empty strings
    ['^a', 'ab', 'a'],
    ['b$', 'ab', 'b'],
    ['\\Aa', 'ab', 'a'],
    ['(?m)\\Ab', 'a\nb', NONE],
    ['\\bb\\b', 'ab b', 'b'],
    ['\\Bb', 'b ab', 'b'],
    ['b\\z', 'b\nb', 'b'],
    // Escape sequences
    ['\\a', '\x07', '\x07'],
    ['\\f', '\f', '\f'],
    ['\\t', '\t', '\t'],
    ['\\n', '\n', '\n'],
    ['\\r', '\r', '\r'],
    ['\\v', '\v', '\v'],
    ['\\*\\.\\+\\[', '*.+[', '*.+['],
    ['\\123', 'S', 'S'],
    ['\\x7F', '\x7f', '\x7f'],
    ['\\x{10FFFF}', '\u{10ffff}', '\u{10ffff}'],
    ['\\Q.+*(\\E', '.+*(', '.+*('],
    // Elements of classes
    ['[a-c]', 'xb', 'b'],
    ['[\\d]', 'a1', '1'],
    ['[^\\d]', '1a', 'a'],
    ['[\\D]', '1a', 'a'],
    ['[^\\D]', 'a1', '1'],
    ['[[:digit:]x]', 'a1', '1'],
    ['[^[:digit:]]', '1a', 'a'],
    ['[\\p{Greek}]', 'aβ', 'β'],
    ['[^\\p{Greek}]', 'βa', 'a'],
    // Classes of Perl, of ASCII only
    ['\\d', '٣', NONE],
    ['\\s', 'a\v\u00a0 ', ' '],
    ['\\S', ' a', 'a'],
    ['\\w+', 'é_a1', '_a1'],
    ['\\W', 'aé', 'é'],
  ])('%s in %j is %j', async (pattern, subject, wanted) => {
    expect(await find(pattern, subject)).toBe(wanted);
  });

  /** Which of the characters of ASCII a class has, as the reference says. */
  it.each([
    ['alnum', '[0-9A-Za-z]'],
    ['alpha', '[A-Za-z]'],
    ['ascii', '[\\x00-\\x7F]'],
    ['blank', '[\\t ]'],
    ['cntrl', '[\\x00-\\x1F\\x7F]'],
    ['digit', '[0-9]'],
    ['graph', '[!-~]'],
    ['lower', '[a-z]'],
    ['print', '[ -~]'],
    ['punct', '[!-/:-@[-`{-~]'],
    ['space', '[\\t\\n\\v\\f\\r ]'],
    ['upper', '[A-Z]'],
    ['word', '[0-9A-Za-z_]'],
    ['xdigit', '[0-9A-Fa-f]'],
  ])('[:%s:] is %s', async (name, characters) => {
    const ascii = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
    const all = await evaluate(
      'local p, s = ... return table.concat(text.regexp.compile(p):find_all_string(s))',
      {
        modules: [textSpec],
        args: [`[[:${name}:]]`, ascii],
      },
    );
    expect(all).toEqual([ascii.match(new RegExp(characters, 'g'))?.join('')]);
  });

  /** One character that has the property, and one that has not. */
  function samples(property: string): readonly [has: string, not: string] {
    const test = new RegExp(`^\\p{${property}}$`, 'u');
    let [has, not] = ['', ''];
    for (let code = 0; code < 0x1_1ffff && (has === '' || not === ''); code++) {
      if (code >= 0xd800 && code < 0xe000) continue; // halves of characters
      const character = String.fromCodePoint(code);
      if (test.test(character)) has ||= character;
      else not ||= character;
    }
    return [has, not];
  }

  it.each(
    'C Cc Cf Co L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs'.split(
      ' ',
    ),
  )('\\p{%s} is the general category', async (name) => {
    const [has, not] = samples(`General_Category=${name}`);
    expect([await find(`^\\p{${name}}$`, has), await find(`^\\p{${name}}$`, not)]).toEqual([has, NONE]);
    expect([await find(`^\\P{${name}}$`, not), await find(`^\\P{${name}}$`, has)]).toEqual([not, NONE]);
  });

  it.each(
    `Arabic Armenian Balinese Bengali Bopomofo Braille Buginese Buhid Canadian_Aboriginal Carian Cham Cherokee Common Coptic
    Cuneiform Cypriot Cyrillic Deseret Devanagari Ethiopic Georgian Glagolitic Gothic Greek Gujarati Gurmukhi Han Hangul Hanunoo
    Hebrew Hiragana Inherited Kannada Katakana Kayah_Li Kharoshthi Khmer Lao Latin Lepcha Limbu Linear_B Lycian Lydian Malayalam
    Mongolian Myanmar New_Tai_Lue Nko Ogham Ol_Chiki Old_Italic Old_Persian Oriya Osmanya Phags_Pa Phoenician Rejang Runic
    Saurashtra Shavian Sinhala Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tamil Telugu Thaana Thai Tibetan Tifinagh
    Ugaritic Vai Yi`.split(/\s+/),
  )('\\p{%s} is the script', async (name) => {
    const [has, not] = samples(`Script=${name}`);
    expect([await find(`^\\p{${name}}$`, has), await find(`^\\p{${name}}$`, not)]).toEqual([has, NONE]);
  });

  it.each([
    ...['x*+', 'x++', 'x?+', 'x{2,3}+', 'x{2,}+', 'x{2}+'],
    ...["(?'name're)", '(?#text)', '(?|x|y|z)', '(?>re)'],
    ...['\\G', '\\Z', '(?=re)', '(?!re)', '(?<=re)', '(?<!re)'],
    ...[
      '(re)\\1',
      '[\\b]',
      '\\cK',
      '\\e',
      '\\g1',
      '\\g{1}',
      '\\g{+1}',
      '\\g{-1}',
      '\\g{name}',
      '\\g<name>',
      "\\g'name'",
    ],
    ...[
      '\\k<name>',
      "\\k'name'",
      '\\lX',
      '\\ux',
      '\\Lx\\E',
      '\\K',
      '\\N{DASH}',
      '\\R',
      '\\Ux\\E',
      '\\X',
      '\\h',
      '\\H',
      '\\V',
    ],
    ...[
      '(?{code})',
      '(??{code})',
      '(?1)',
      '(?+1)',
      '(?-1)',
      '(?C)',
      '(?R)',
      '(?&name)',
      '(?P=name)',
      '(?P>name)',
    ],
    ...[
      '(?(1)a|b)',
      '(?(1)a)',
      '(*ACCEPT)',
      '(*COMMIT)',
      '(*F)',
      '(*FAIL)',
      '(*MARK)',
      '(*PRUNE)',
      '(*SKIP)',
      '(*THEN)',
    ],
    ...['(*ANY)', '(*ANYCRLF)', '(*CR)', '(*CRLF)', '(*LF)', '(*BSR_ANYCRLF)', '(*BSR_UNICODE)'],
    '\\C', // one byte of a character: RE2 has it, Go has not
  ])('%s is refused', async (pattern) => {
    expect(await find(pattern, 'x')).toBe('Invalid');
  });
});
