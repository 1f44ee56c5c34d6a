import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { toBytes, toText } from '../../src/core/text.js';
import { TemplateError } from '../../src/modules/templates/errors.js';
import { templatesHandlers } from '../../src/modules/templates/host.js';
import { USUAL_DELIMITERS } from '../../src/modules/templates/lexer.js';
import { templatesSpec } from '../../src/modules/templates/spec.js';
import { TemplateSet, USUAL_EXTENSIONS } from '../../src/modules/templates/template-set.js';
import type { Entry } from '../../src/registry/model/entry.js';
import { entryOf, resourcesOf } from '../support/examples.js';
import { nodeAnswers } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const OPTIONS = {
  delimiters: USUAL_DELIMITERS,
  extensions: USUAL_EXTENSIONS,
  globals: dataObject(),
  forgets: false,
};

const plainOf = (value: unknown): Data =>
  JSON.parse(JSON.stringify(value), (_key, one: unknown) =>
    typeof one === 'string'
      ? toBytes(one)
      : typeof one === 'object' && one !== null && !Array.isArray(one)
        ? dataObject(one as Record<string, Data>)
        : one,
  ) as Data;

/** Renders `main` of these templates. */
function render(templates: string | Record<string, string>, data: unknown = {}): string {
  const texts = typeof templates === 'string' ? { main: templates } : templates;
  const set = new TemplateSet(
    Object.entries(texts).map(([name, source]) => ({ name, source: toBytes(source) })),
    OPTIONS,
  );
  return toText(set.render('main', plainOf(data) as Record<string, Data>));
}

function problem(templates: string | Record<string, string>, data: unknown = {}): string {
  try {
    return `rendered: ${render(templates, data).slice(0, 100)}`;
  } catch (error) {
    if (error instanceof TemplateError) return `${error.kind}: ${toText(error.message)}`;
    throw error;
  }
}

const DATA = {
  name: 'Ann',
  html: '<b>"x" & \'y\'</b>',
  yes: true,
  no: false,
  zero: 0,
  five: 5,
  two: 2,
  half: 0.5,
  empty: '',
  none: [],
  letters: ['a', 'b', 'c'],
  user: { name: 'Bob', mail: { home: 'bob@example.com' } },
  users: [{ name: 'Ann' }, { name: 'Bob' }],
  m: { b: 2, a: 1 },
  unicode: 'Grüße 🌙',
};

// What each prints is what Jet prints (docs/syntax.md, docs/builtins.md and its own tests).
const RENDERS: readonly (readonly [string, string])[] = [
  // Text, comments, white space.
  ['hello {{ "bar" }} baz', 'hello bar baz'],
  ['hello {*Buddy*} World', 'hello  World'],
  ['a{* {{ five }}\n{{ include "x" }} *}b', 'ab'],
  ['foo {{- "bar" -}} baz', 'foobarbaz'],
  ['foo \t\r\n{{- "bar" -}}\n\n baz', 'foobarbaz'],
  ['{{ "" -}} {{ "x" }} {{- "y" }}', 'xy'],
  ['{{ five -}}', '5'],
  ['{{five-2}}', '3'],
  ['a { b } c {', 'a { b } c {'],
  ['{{ "a" }} }} {{ "b" }}', 'a }} b'],
  // Constants and escapes.
  ['{{ "a\\tb\\n\\"\\u00e9\\x41\\101" }}', 'a\tb\n&#34;éAA'],
  ['{{ `raw\\n` }}', 'raw\\n'],
  ["{{ 'a' }}", '97'],
  ['{{ 1.50 }} {{ 0x1F }} {{ 1e3 }} {{ .5 }}', '1.5 31 1000 0.5'],
  ['{{ true }} {{ false }} [{{ nil }}]', 'true false []'],
  // Names, fields, indexes.
  ['{{ name }} {{ user.name }} {{ user.mail.home }}', 'Ann Bob bob@example.com'],
  ['{{ .name }} {{ .user.name }} {{ .["name"] }} {{ .user["mail"].home }}', 'Ann Bob Ann bob@example.com'],
  ['{{ letters[0] }}{{ letters[two] }} {{ users[1].name }}', 'ac Bob'],
  ['{{ s := "helloworld" }}{{ s[1] }} {{ name[0] }}', '101 65'],
  ['[{{ user.missing }}][{{ user["missing"] }}]', '[][]'],
  [
    '{{ range letters[1:] }}{{ . }}{{ end }} {{ range letters[:2] }}{{ . }}{{ end }} {{ letters[0:1] }}',
    'bc ab [a]',
  ],
  ['{{ m := map("foo", 123, "bar", 456) }}{{ m["foo"] }}{{ m.bar }}', '123456'],
  ['{{ m := map("foo", "bar", "asd", 123)}}{{m}}', 'map[asd:123 foo:bar]'],
  ['{{ m := slice("foo", "bar", 123)}}{{m}} {{ array(1, 2) }}', '[foo bar 123] [1 2]'],
  // Calculating.
  ['{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 - 4.1 }}', '3 4.9'],
  ['{{ 5 / 2 }} {{ five / two }} {{ five / 2 }} {{ five % two }} {{ 7 % 4 }}', '2.5 2 2.5 1 3'],
  ['{{ -5 }} {{ 1 + -5 }} {{ -five }} {{ +five }} {{ 2+1+4-3 }}', '-5 -4 -5 5 4'],
  ['{{ "HELLO" + " " + "WORLD!" }} {{ "1"+2 }} {{ 2+"1" }} {{ "n" + half }}', 'HELLO WORLD! 12 3 n0.5'],
  // Conditions.
  ['{{ (2*5)==10 }} {{ (2*5)==5 || true }} {{ 5*5 >= 2*12.5 }} {{ 1 != 2 }}', 'true true true true'],
  [
    '{{ five == 5 }} {{ five > two && two < five }} {{ !yes }} {{ not no }} {{ yes and no or yes }}',
    'true true false true true',
  ],
  [
    '{{ name == "Ann" }} {{ letters == slice("a", "b", "c") }} {{ m == map("a", 1, "b", 2) }} {{ nil == user.x }}',
    'true true true true',
  ],
  ['{{ true || false && false }}', 'false'], // alike, from left to right
  ['{{ five ? "y" : "n" }} {{ zero ? "y" : empty ? "e" : "n" }} {{ none ? "y" : "n" }}', 'y n y'],
  ['{{ if name == "x" }}1{{ else if five > 7 }}2{{ else if yes }}3{{ else }}4{{ end }}', '3'],
  ['{{ if no }}1{{ else }}2{{ end }}{{ if nil }}3{{ end }}', '2'],
  ['{{ if x := five; x > 4 }}{{ x }}{{ end }}', '5'],
  [
    '{{ if v, ok := m["a"]; ok }}{{ v }}{{ else }}none{{ end }} {{ if v, ok := m["z"]; ok }}{{ v }}{{ else }}none{{ end }}',
    '1 none',
  ],
  // Variables.
  ['{{ foo := "bar" }}{{ foo }}{{ foo = 4711 }} {{ foo }}', 'bar 4711'],
  ['{{ a, b := 1, 2 }}{{ a }}{{ b }}{{ a, b = b, a }}{{ a }}{{ b }}', '1221'],
  ['{{ _ := len(name) }}{{ _ = upper(name) }}{{ _x := 1 }}{{ _x }}', '1'],
  ['{{ x := 1; x + 1 }}', '2'],
  ['{{ x := 1 }}{{ if yes }}{{ x = 2 }}{{ x := 3 }}{{ x }}{{ end }}{{ x }}', '32'],
  // Loops.
  ['{{ range letters }}{{ . }}{{ end }} {{ range i := letters }}{{ i }}{{ . }}{{ end }}', 'abc 0a1b2c'],
  ['{{ range i, v := letters }}{{ i }}{{ v }}{{ .name }};{{ end }}', '0aAnn;1bAnn;2cAnn;'],
  ['{{ range _, u := users }}{{ u.name }}{{ end }} {{ range users }}{{ .name }}{{ end }}', 'AnnBob AnnBob'],
  ['{{ range k, v := m }}{{ k }}={{ v }} {{ end }}', 'b=2 a=1 '],
  ['{{ range none }}x{{ else }}nothing{{ end }}', 'nothing'],
  [
    '{{ range ints(2, 5) }}{{ . }}{{ end }} {{ range i, v := ints(2, 4) }}{{ i }}{{ v }}{{ end }} {{ len(ints(2, 5)) }}',
    '234 0213 3',
  ],
  ['{{ x := 0 }}{{ range letters }}{{ x = x + 1 }}{{ end }}{{ x }}', '3'],
  // Functions and pipelines.
  [
    '{{ lower: "WORLD" | upper }} {{ "foo" | repeat(2) }} {{ lower ("A") | upper | repeat: 2 }}',
    'WORLD foofoo AA',
  ],
  [
    '{{ 2 | repeat("foo", _) | repeat(_, 3) }} {{ 2 | repeat: "foo", _ | upper | repeat: _, 2 }}',
    'foofoofoofoofoofoo FOOFOOFOOFOO',
  ],
  ['{{ "123" | len }} {{ len(m) }} {{ len(letters) }} {{ len(unicode) }}', '3 2 3 12'],
  [
    '{{ upper(unicode) }} {{ hasPrefix(name, "An") }} {{ hasSuffix(name, "An") }} [{{ trimSpace("\\n x ") }}]',
    'GRÜSSE 🌙 true false [x]',
  ],
  [
    '{{ replace("My Name Is", " ", "_", -1) }} {{ replace("aaa", "a", "b", 2) }} {{ replace("ab", "", "-", -1) }} {{ replace("ab", "", "-", 1) }}',
    'My_Name_Is bba -a-b- -ab',
  ],
  ['{{ replace(\n"a b",\n" ",\n"_",\n-1,\n) }}', 'a_b'],
  ['{{ range split("a,b,c", ",") }}{{ . }};{{ end }} {{ len(split("äb", "")) }}', 'a;b;c; 2'],
  ['{{ url("<h1>Hello Buddy!</h1>") }}', '%3Ch1%3EHello+Buddy%21%3C%2Fh1%3E'],
  ['{{ json(map("b", slice(1, 2.5, nil), "a", "<x>")) | raw }}', '{"a":"\\u003cx\\u003e","b":[1,2.5,null]}'],
  ['{{ m | writeJson }}', '{"a":1,"b":2}\n'],
  [
    '{{ isset(name) }} {{ isset(nobody) }} {{ isset(user.name, user.mail) }} {{ isset(user.x.y) }} {{ isset(letters[9]) }} {{ isset(.name) }} {{ isset(.x) }} {{ name | isset }}',
    'true false true false false true false true',
  ],
  // Escaping.
  ['{{ html }}', '&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39;&lt;/b&gt;'],
  [
    '{{ html | raw }} {{ raw: html }} {{ html | unsafe }} {{ raw(html) }}',
    Array.from({ length: 4 }, () => DATA.html).join(' '),
  ],
  [
    '{{ html | safeHtml }} {{ safeHtml: "<", ">" }}',
    '&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39;&lt;/b&gt; &lt;&gt;',
  ],
  ['{{ "</script>\'\\"" | safeJs }}', '\\u003C/script\\u003E\\\'\\"'],
  ['{{ slice("<", map("k", "&")) }}', '[&lt; map[k:&amp;]]'],
  ['{{ "a\\x00b" }}', 'a\ufffdb'],
  // try.
  ['{{ try }}a{{ nobody }}b{{ end }}c', 'c'],
  ['{{ try }}a{{ name }}{{ end }}c', 'aAnnc'],
  ['{{ try }}a{{ nobody }}{{ catch }}sorry{{ end }}', 'sorry'],
  [
    '{{ try }}{{ nobody }}{{ catch err }}{{ err }} / {{ err.Error() }}{{ end }}',
    'main:1: &#39;nobody&#39; is not set / main:1: &#39;nobody&#39; is not set',
  ],
  ['{{ try }}{{ try }}{{ nobody }}{{ catch }}{{ nobody }}{{ end }}{{ catch }}outer{{ end }}', 'outer'],
  // Blocks.
  ['{{ block hello() "Buddy" }}Hello {{ . }}{{ end }},{{ yield hello() name }}', 'Hello Buddy,Hello Ann'],
  [
    '{{ block f(a, b="2", c=b) }}[{{ a }}{{ b }}{{ c }}]{{ end }}{{ yield f(b="3", a="1") }}{{ yield f(a="1",) }}',
    '[false22][133][122]',
  ],
  [
    '{{ block link(target) }}<a href="{{ target }}">{{ yield content }}</a>{{ content }}x{{ end }} {{ yield link(target="/y") content }}Y{{ name }}{{ end }}',
    '<a href="false">x</a> <a href="/y">YAnn</a>',
  ],
  [
    '{{ block menu() }}<ul>{{ range . }}<li>{{ .t }}{{ if isset(.c) }}{{ yield menu() .c }}{{ end }}</li>{{ end }}</ul>{{ end }}',
    'menu',
  ],
  [
    '{{ x := "outer" }}{{ block b() }}{{ x := "inner" }}{{ yield content }}{{ end }}|{{ yield b() content }}{{ x }}{{ end }}',
    '|outer',
  ],
];

describe('a template', () => {
  it.each(RENDERS.filter(([, text]) => text !== 'menu'))('%s', (source, expected) => {
    expect(render(source, DATA)).toBe(expected);
  });

  it('calls its own blocks within themselves', () => {
    const [source] = RENDERS.find(([, text]) => text === 'menu')!;
    expect(
      render(`{{ range tree }}{{ end }}${source.replace('menu() }}', 'menu() tree }}')}`, {
        tree: [{ t: 1, c: [{ t: 2 }] }, { t: 3 }],
      }),
    ).toBe('<ul><li>1<ul><li>2</li></ul></li><li>3</li></ul>');
  });

  it('keeps 64 bits of an integer', () => {
    expect(
      toText(
        new TemplateSet([{ name: 'main', source: '{{ n }} {{ n - one }}' }], OPTIONS).render(
          'main',
          dataObject({ n: 9_007_199_254_740_993n, one: 1 }),
        ),
      ),
    ).toBe('9007199254740993 9007199254740992');
  });

  // Each was quadratic: the search for the next comment, or for the next action, went to the end of the text each time.
  it.each([
    ['actions', '{{ 1 }}abc\n', '1abc\n'],
    ['comments', '{* x *}abc\n', 'abc\n'],
  ])('takes 80000 %s', (_what, one, rendered) => {
    expect(render(one.repeat(80_000))).toBe(rendered.repeat(80_000));
  });

  it('writes bytes that are no text as they are', () => {
    const set = new TemplateSet([{ name: 'main', source: '{{ data }}\xff' }], OPTIONS);
    expect(set.render('main', dataObject({ data: '\xfe<' }))).toBe('\xfe&lt;\xff');
  });
});

describe('templates of one set', () => {
  it('extend each other: the child fills what the parent yields', () => {
    const layout = '<title>{{ yield title() }}</title>{{ yield body() }}{{ block foot() }}F{{ end }}';
    expect(
      render(
        {
          layout,
          main: '{* x *}\n{{ extends "layout" }}{{ block title() }}My {{ name }}{{ end }}lost{{ block body() }}<p>{{ end }}',
        },
        DATA,
      ),
    ).toBe('<title>My Ann</title><p>F');
    expect(
      render({
        layout: '{{ yield a() }}{{ block b() }}b0{{ end }}',
        middle: '{{ extends "layout" }}{{ block a() }}a1{{ end }}{{ block b() }}b1{{ end }}',
        main: '{{ extends "middle" }}{{ block b() }}b2{{ end }}',
      }),
    ).toBe('a1b2');
  });

  it('import blocks, which included templates see too', () => {
    const blocks = '{{ block hello() }}Hello {{ . }}{{ end }}ignored';
    expect(render({ blocks, main: '{{ import "blocks" }}{{ yield hello() "B" }}' })).toBe('Hello B');
    expect(
      render({ blocks, part: '{{ yield hello() "C" }}', main: '{{ import "blocks" }}{{ include "part" }}' }),
    ).toBe('Hello C');
  });

  it('include each other with the variables and the context of the place, or another context', () => {
    expect(
      render(
        {
          'user.jet': '{{ .name }}/{{ five }};',
          main: '{{ range users }}{{ include "user" }}{{ end }}{{ include "./user.jet" user }}',
        },
        DATA,
      ),
    ).toBe('Ann/5;Bob/5;Bob/5;');
    expect(
      render({
        a: '{{ extends "b" }}{{ block x() }}X{{ end }}',
        b: '[{{ yield x() }}]',
        main: '{{ include "a" }}',
      }),
    ).toBe('[X]');
    expect(render({ part: 'P', main: '{{ n := "pa" }}{{ include n + "rt" }}' })).toBe('P');
  });

  it('are found by paths, with and without extensions', () => {
    const templates = {
      'mail/head.html.jet': 'H',
      'mail/body': '{{ include "head" }}{{ include "../foot" }}',
      foot: 'F',
    };
    expect(
      render({ ...templates, main: '{{ include "mail/body" }}{{ include "/mail/head.html.jet" }}' }),
    ).toBe('HFH');
    expect(render({ main: '{{ include "../../foot.jet" }}', foot: 'F' })).toBe('F');
  });

  it('return values to exec, and can be included where they are', () => {
    expect(
      render({ f: 'gone{{ o := "o" }}{{ return "f" + o + o }}', main: '{{ x := exec("f") }}Hello {{ x }}' }),
    ).toBe('Hello foo');
    expect(
      render(
        {
          f: '{{ range i, v := . }}{{ if v == "b" }}{{ return i }}{{ end }}{{ end }}',
          main: '{{ exec("f", letters) }}',
        },
        DATA,
      ),
    ).toBe('1');
    expect(
      render({
        f: 'Hi {{ . }}',
        main: '{{ includeIfExists("f", "x") }}{{ includeIfExists("g") }}{{ if includeIfExists("g") }}y{{ else }}n{{ end }}',
      }),
    ).toBe('Hi xn');
  });

  it('take their faults into a try, broken texts too', () => {
    expect(render({ bad: '{{ if }}', main: 'a{{ try }}{{ include "bad" }}{{ catch e }}b{{ end }}c' })).toBe(
      'abc',
    );
  });
});

describe('a template that cannot be rendered', () => {
  it.each([
    ['{{ nobody }}', "Internal: main:1: 'nobody' is not set"],
    ['\n\n{{ nam }}', "Internal: main:3: 'nam' is not set; did you mean 'name'?"],
    ['{{ .missing }}', "Internal: main:1: there is no field 'missing' in a map"],
    ['{{ user.x.y }}', "Internal: main:1: there is no field 'x' in a map"],
    ['{{ five.x }}', "Internal: main:1: there is no field 'x' in a number"],
    ['{{ letters[3] }}', 'Internal: main:1: index 3 is out of range of 3 elements'],
    ['{{ letters[-1] }}', 'Internal: main:1: index -1 is out of range of 3 elements'],
    ['{{ letters[2:1] }}', 'Internal: main:1: slice [2:1] is out of range of 3 elements'],
    ['{{ 1 / 0 }}', 'Internal: main:1: division by zero'],
    ['{{ five % zero }}', 'Internal: main:1: division by zero'],
    ['{{ name - 1 }}', "Internal: main:1: '-' takes numbers, got a string"],
    ['{{ name < 1 }}', "Internal: main:1: '<' takes numbers, got a string"],
    [
      '{{ user.name() }}',
      'Internal: main:1: a string is no function; the values of a template have no methods',
    ],
    ['{{ range five }}{{ end }}', "Internal: main:1: 'range' takes a list or a map, got a number"],
    ['{{ x = 1 }}', "Internal: main:1: 'x' is not declared; write 'x := ...' first"],
    ['{{ yield nothing() }}', "Internal: main:1: there is no block 'nothing'"],
    [
      '{{ block b(a) }}{{ end }}{{ yield b(c=1) }}',
      "Internal: main:1: the block 'b' has no parameter 'c'; did you mean 'a'?",
    ],
    ['{{ include "nothing" }}', "Internal: main:1: there is no template 'nothing' in the set"],
    ['{{ extends "nothing" }}', "Internal: main:1: there is no template 'nothing' in the set"],
    ['{{ extends "main" }}', "Internal: 'main' extends or imports itself: main -> main"],
    ['{{ raw: "x" | upper }}', "Internal: main:1: 'raw' writes, so it is the last of its action"],
    ['{{ len(raw("x")) }}', "Internal: main:1: 'raw' writes, so it is the last of its action"],
    ['{{ upper }}', "Internal: main:1: the function 'upper' cannot be written"],
    ['{{ repeat("x") }}', 'Internal: main:1: repeat() takes 2 arguments, got 1'],
    ['{{ len(five) }}', 'Internal: main:1: len() takes a string, a list or a map, got a number'],
    ['{{ map("a") }}', 'Internal: main:1: map() takes pairs of keys and values'],
    ['{{ ints(3, 3) }}', 'Internal: main:1: ints() counts up, and 3 is not above 3'],
    ['{{ upper(_) }}', "Internal: main:1: '_' stands for a piped value, and nothing is piped here"],
  ])('%s', (source, message) => {
    expect(problem(source, DATA)).toBe(message);
  });

  it.each([
    ['{{ if }}', "1:7: expected a value, got '}}'"],
    ['{{ if yes }}x', "1:4: 'if' has no end; close it with 'end'"],
    ['x{{ end }}', "1:5: unexpected 'end': nothing is open that it could belong to"],
    ['{{ range x }}{{ catch }}', "1:17: unexpected 'catch' within 'range'"],
    ['a\n  {{ 1 + }}', "2:10: expected a value, got '}}'"],
    ['{{ "abc }}', '1:4: the string is not closed; end it with "'],
    ['{{ name', "1:1: the action is not closed; end it with '}}'"],
    ['{* x', "1:1: the comment is not closed; end it with '*}'"],
    ['{{ # }}', "1:4: unexpected '#' in an action"],
    ['{{ 1x }}', "1:4: '1x' is no number"],
    ['{{ "\\q" }}', "1:4: unknown escape '\\q' in a string"],
    ['x{{ extends "y" }}', "1:5: 'extends' stands at the top of a template, before anything else"],
    ['{{ import "a" }}{{ extends "b" }}', "1:20: 'extends' comes before 'import'"],
    ['{{ a.b := 1 }}', "1:8: expected the end of the action, got ':='"],
    ['{{ a, b := 1 }}', '1:4: 2 names and 1 values in an assignment'],
    ['{{ yield b(x) }}', "1:4: 'x' needs a value here: write x=..."],
    ['{{ f(_, _) | g }}', "1:9: a call has one place '_' for the piped value"],
    ['{{ "a".b }}', "1:7: unexpected '.b' after a constant"],
    ["{{ 'ab' }}", "1:4: 'ab' is not one character; write strings in double quotes"],
    ['{{ trans "x" }}', "1:4: 'trans' cannot stand here"],
    [`${'{{ if 1 }}'.repeat(101)}`, '1:1007: nested deeper than 100 levels'],
    [`{{ ${'('.repeat(5000)} }}`, '1:104: nested deeper than 100 levels'],
    [`{{ ${'!'.repeat(5000)}1 }}`, '1:103: nested deeper than 100 levels'],
  ])('%s', (source, message) => {
    expect(problem(source, DATA)).toBe(`Internal: main:${message}`);
  });
});

describe('a hostile template', () => {
  it.each([
    '{{ constructor }}',
    '{{ .constructor }}',
    '{{ name.constructor }}',
    '{{ letters.length }}',
    '{{ letters["length"] }}',
    '{{ user.__proto__ }}{{ user.__proto__.x }}',
    '{{ user["constructor"]["constructor"]("return process")() }}',
    '{{ len.call }}',
    '{{ toString }}',
    '{{ __proto__ }}',
    '{{ m := map("__proto__", 1) }}{{ m.constructor.name }}',
    '{{ try }}{{ nobody }}{{ catch e }}{{ e.stack }}{{ end }}',
    '{{ process.env }}',
    '{{ globalThis }}',
  ])('reaches nothing of the host: %s', (source) => {
    expect(problem(source, DATA)).toMatch(
      /^Internal: main:1: (?:there is no field|'\w+' is not set|a \w+ is no)|^Internal: main:1: nil/,
    );
  });

  it.each([
    ['{{ range ints(0, 1000000000000) }}{{ end }}', /more than 5000000 steps/],
    ['{{ range ints(0, 9999) }}{{ range ints(0, 9999) }}x{{ end }}{{ end }}', /more than 5000000 steps/],
    ['{{ repeat("x", 1000000000) }}', /more than 32 MB/],
    ['{{ repeat("x", 9007199254740991) }}', /more than 32 MB/],
    ['{{ x := "xxxxxxxx" }}{{ range ints(0, 60) }}{{ x = x + x }}{{ end }}', /more than 32 MB/],
    [
      '{{ x := slice(1) }}{{ range ints(0, 90) }}{{ x = slice(x, x) }}{{ end }}{{ x }}',
      /more than (?:32 MB|5000000 steps)/,
    ],
    [
      '{{ x := slice(1) }}{{ range ints(0, 90) }}{{ x = slice(x, x) }}{{ end }}{{ json(x) }}',
      /more than (?:32 MB|5000000 steps)/,
    ],
    [
      '{{ x := slice(1) }}{{ y := slice(1) }}{{ range ints(0, 60) }}{{ x = slice(x, x) }}{{ y = slice(y, y) }}{{ end }}{{ x == y }}',
      /more than 5000000 steps/,
    ],
    ['{{ replace(repeat("a", 99999), "a", repeat("b", 99999), -1) }}', /more than 32 MB/],
    ['{{ block b() }}{{ yield b() }}{{ end }}', /more than 100 templates and blocks/],
    ['{{ include "main" }}', /more than 100 templates and blocks/],
    ['{{ exec("main") }}', /more than 100 templates and blocks/],
    ['{{ try }}{{ include "main" }}{{ catch }}caught{{ end }}', /more than 100 templates and blocks/],
    [
      '{{ try }}{{ range ints(0, 1000000000000) }}{{ end }}{{ catch }}caught{{ end }}',
      /more than 5000000 steps/,
    ],
  ])('is stopped: %s', (source, expected) => {
    expect(problem(source, DATA)).toMatch(expected);
  });

  it('only ever renders or tells what is wrong', () => {
    const piece = fc.constantFrom(
      ...'{{|}}|{*|*}|{{-| -}}|if |else|end|range |i, v := |block b() |yield b() |yield content|content|include "main"|try|catch e|return 1|name|.name|letters[0]|[|]|(|)|1|"x"| + | == |? 1 : 2| | upper|: |,|;|_|x := 1| }}'
        .split('|')
        .filter((text) => text !== ''),
      ' | ',
      '\n',
      '\xff',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        expect(problem(pieces.join(''), DATA)).toMatch(/^(?:rendered|Internal): /);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('templates in Lua', () => {
  let entries: Entry[] = [];
  const resources = { made: resourcesOf([]) };
  const lua = (body: string, own: readonly Entry[]) => {
    entries = [...own];
    resources.made = resourcesOf(entries);
    return evaluate(body, {
      modules: [templatesSpec],
      answers: nodeAnswers(
        templatesHandlers((_context, _action, id) => id !== 'app:secret'),
        {
          entry: 'app:main',
          resource: (entry, kind) => resources.made.user().use(entry, kind),
        },
      ),
    });
  };
  afterEach(() => resources.made[Symbol.asyncDispose]());

  const views = [
    entryOf('app:views', 'template.set', { engine: { globals: { site: 'Grüße', version: 3 } } as never }),
    entryOf('app:hello', 'template.jet', {
      set: 'views',
      source: 'Hello {{ name }} of {{ site }} {{ version }}',
    }),
    entryOf(
      'other:named',
      'template.jet',
      { set: 'app:views', source: 'N{{ len(.) }}' },
      { name: 'mail/welcome' },
    ),
    entryOf('app:square', 'template.set', {
      engine: {
        delimiters: { left: '[[', right: ']]', comment_left: '[#', comment_right: '#]' },
        extensions: ['.txt'],
      } as never,
    }),
    entryOf('app:x.txt', 'template.jet', { set: 'app:square', source: '[# no #][[ name ]] {{ name }}' }),
    entryOf('app:bad', 'template.jet', { set: 'views', source: '{{ if }}' }),
  ];

  it('are rendered by set and name, with the globals of the set', async () => {
    expect(await lua('return templates.get("app:views"):render("hello", { name = "Ann" })', views)).toEqual([
      toBytes('Hello Ann of Grüße 3'),
    ]);
    expect(
      await lua('return templates.get("app:views"):render("mail/welcome.jet", { a = 1, b = 2 })', views),
    ).toEqual(['N2']);
    expect(await lua('return templates.get("app:views"):render("mail/welcome")', views)).toEqual(['N0']);
    expect(await lua('return templates.get("app:square"):render("x", { name = "<" })', views)).toEqual([
      '&lt; {{ name }}',
    ]);
  });

  it.each([
    ['templates.get("")', 'Invalid', 'the id of the template set is empty'],
    ['templates.get(1)', 'Invalid', "bad argument #1 to 'get' (string expected, got number)"],
    [
      'templates.get("app:nothing")',
      'NotFound',
      "there is no entry 'app:nothing'; ids are `namespace:name`, as the app's _index.yaml files have them",
    ],
    ['templates.get("app:hello")', 'Invalid', "'app:hello' is a template.jet; a template.set is needed here"],
    [
      'templates.get("app:secret")',
      'PermissionDenied',
      "'app:main' may not do 'templates.get' on 'app:secret'; allow it with a policy of its scope",
    ],
    ['templates.get("app:views"):render("")', 'Invalid', 'the name of the template is empty'],
    [
      'templates.get("app:views"):render("helo")',
      'NotFound',
      "there is no template 'helo' in the set; did you mean 'hello'?",
    ],
    [
      'templates.get("app:views"):render("hello", { 1, 2 })',
      'Invalid',
      'the data of a template is a table with string keys',
    ],
    ['templates.get("app:views"):render("hello", { f = print })', 'Invalid', undefined],
    ['templates.get("app:views"):render("hello", { x = 1 })', 'Internal', "hello:1: 'name' is not set"],
    ['templates.get("app:views"):render("bad")', 'Internal', "bad:1:7: expected a value, got '}}'"],
  ])('%s fails with %s', async (call, kind, message) => {
    const [none, found, told, retryable] = await lua(
      `local v, err = ${call} return v, err:kind(), err:message(), err:retryable()`,
      views,
    );
    expect([none, found, retryable]).toEqual(['<nil>', kind, false]);
    if (message !== undefined) expect(told).toBe(message);
  });

  it('are those of the newest version at each rendering', async () => {
    const [set, ...rest] = views;
    const own = [set!, ...rest];
    const made = resourcesOf(own);
    const renderer = await made
      .user()
      .use<{ render(name: string, data: object): string }>('app:views', 'template.set');
    expect(renderer.render('hello', dataObject({ name: 'A' }))).toContain('Hello A');
    own[1] = entryOf('app:hello', 'template.jet', { set: 'views', source: 'Bye {{ name }}' });
    expect(renderer.render('hello', dataObject({ name: 'A' }))).toBe('Bye A');
    await made[Symbol.asyncDispose]();
  });
});
