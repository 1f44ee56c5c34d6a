import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import { describe, expect, it } from 'vitest';
import { toBytes, toText } from '../../src/core/text.js';
import { htmlSpec } from '../../src/modules/html/spec.js';
import { runLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [htmlSpec];
const clean = async (policy: string, html: string): Promise<string> => {
  const [result] = await evaluate(`local dirty = ... ${policy} return policy:sanitize(dirty)`, {
    modules,
    args: [toBytes(html)],
  });
  return toText(result as string);
};
const UGC = 'local policy = html.sanitize.ugc_policy()';
/** Allows as much as a careless author would. */
const WIDE = `local policy = html.sanitize.new_policy()
  policy:allow_elements("a", "img", "div", "p", "script", "style", "svg", "math", "noscript", "textarea", "title", "form", "input", "iframe", "table", "td")
  policy:allow_attrs("href", "src", "class", "title", "alt", "action", "id", "background"):globally()`;

/** What a browser could run in it. */
function dangers(html: string): string[] {
  const found: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (['script', 'style', 'svg', 'math', 'object', 'embed', 'noscript'].includes(name))
        found.push(`<${name}>`);
      for (const [key, value] of Object.entries(attributes)) {
        const url = value.replace(/[\0-\x20]/g, '').toLowerCase();
        if (key.startsWith('on')) found.push(key);
        if (/^(?:javascript|vbscript|data(?!:image\/(?:png|gif|jpeg|webp);base64,)):/.test(url))
          found.push(`${key}=${url}`);
      }
    },
  });
  parser.end(html);
  return found;
}

// Of the OWASP cheat sheet on filter evasion, and of known mutations.
const ATTACKS = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=http://xss.rocks/xss.js></SCRIPT>',
  '<scr<script>ipt>alert(1)</script>',
  '<img src="javascript:alert(1)">',
  '<img src=x onerror=alert(1)>',
  '<img src=x:x onerror="alert(1)"//',
  '<a href="jav\tascript:alert(1)">x</a>',
  '<a href="jav&#x0A;ascript:alert(1)">x</a>',
  '<a href="&#106;&#97;&#118;&#97;script:alert(1)">x</a>',
  '<a href=" &#14; javascript:alert(1)">x</a>',
  '<a href="javascript&colon;alert(1)">x</a>',
  '<a href="JaVaScRiPt:alert(1)">x</a>',
  '<a href="\u0001javascript:alert(1)">x</a>',
  '<a href="vbscript:msgbox(1)">x</a>',
  '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
  '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
  '<svg/onload=alert(1)>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<form action="javascript:alert(1)"><input type=submit></form>',
  '<textarea></textarea><script>alert(1)</script>',
  '<title><img src=x onerror=alert(1)></title>',
  '<div style="background:url(javascript:alert(1))">x</div>',
  '<table background="javascript:alert(1)"></table>',
  '<!--<img src="--><img src=x onerror=alert(1)//">',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml <script>alert(1)</script>?>',
  '<a title="><script>alert(1)</script>">x</a>',
  '<p/onclick=alert(1)>x</p>',
  '<img """><script>alert(1)</script>">',
  '<plaintext><script>alert(1)</script>',
  '<template><script>alert(1)</script></template>',
];

describe('html.sanitize', () => {
  it.each(ATTACKS)('leaves nothing that runs of %s', async (attack) => {
    for (const policy of [UGC, WIDE, 'local policy = html.sanitize.strict_policy()'])
      expect(dangers(await clean(policy, attack))).toEqual([]);
  });

  it('leaves nothing that runs of any mixture of them, nor when it is cleaned again', async () => {
    const piece = fc.oneof(
      fc.constantFrom(...ATTACKS),
      fc.constantFrom('<', '>', '"', "'", '&', '<p>', '</p>', 'é', '\0'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        for (const policy of [UGC, WIDE]) {
          const once = await clean(policy, pieces.join(''));
          expect(dangers(once)).toEqual([]);
          expect(dangers(await clean(policy, once))).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['<p>a<b>c</p>d', '<p>a<b>c</b></p>d'],
    ['a < b & c > d', 'a &lt; b &amp; c &gt; d'],
    ['&lt;script&gt;', '&lt;script&gt;'],
    ['<p title="&quot;x&quot;">é🌙</p>', '<p title="&quot;x&quot;">é🌙</p>'],
    ['<h1>T</h1><ul><li>x</ul>', '<h1>T</h1><ul><li>x</li></ul>'],
    ['<td colspan="2" scope="evil">x</td>', '<td colspan="2">x</td>'],
    ['<a href="//example.com/x">x</a>', '<a href="//example.com/x" rel="nofollow">x</a>'],
    ['', ''],
  ])('makes %j well-formed', async (dirty, wanted) => {
    expect(await clean(UGC, dirty)).toBe(wanted);
  });

  it('lets relative URLs through once schemes are listed only where the policy says so', async () => {
    const links = '<a href="/x">x</a><a href="//evil.example">y</a><a href="https://a.example">z</a>';
    const listed =
      'local policy = html.sanitize.new_policy():allow_attrs("href"):on_elements("a"):allow_url_schemes("https")';
    expect(await clean(listed, links)).toBe('<a>x</a><a>y</a><a href="https://a.example">z</a>');
    expect(await clean(`${listed} policy:allow_relative_urls(true)`, links)).toBe(links);
    expect(
      await clean(`${listed} policy:allow_relative_urls(true) policy:allow_relative_urls(false)`, links),
    ).toBe('<a>x</a><a>y</a><a href="https://a.example">z</a>');
    expect(await clean(`${listed} policy:allow_standard_urls()`, '<a href="/x">x</a>')).toBe(
      '<a href="/x" rel="nofollow">x</a>',
    );
  });

  it('takes deep nesting, much text and bytes that are no text', async () => {
    expect((await clean(UGC, '<b>'.repeat(20_000))).length).toBeLessThan(200 * 7 + 1);
    expect(await clean(UGC, 'x'.repeat(1_000_000))).toHaveLength(1_000_000);
    const run = await runLua('return html.sanitize.ugc_policy():sanitize("a\\xffb")', { modules });
    expect(run.values).toEqual([toBytes('a\ufffdb')]);
  });

  it('removes URLs that do not parse where the policy says so', async () => {
    const policy = `local policy = html.sanitize.new_policy():allow_attrs("href"):on_elements("a")
      policy:require_parseable_urls(true)`;
    for (const url of [
      'http://a b',
      'http://a/b c',
      'http:// a',
      'http://a/%zz',
      '/a b',
      '/%',
      'http://',
      'java\nscript:x',
    ])
      expect(await clean(policy, `<a href="${url}">x</a>`)).toBe('<a>x</a>');
    for (const url of ['http://a/b%20c', ' http://a ', '/a?b#c', 'mailto:a@b.c'])
      expect(await clean(policy, `<a href="${url}">x</a>`)).toBe(`<a href="${url}">x</a>`);
  });

  it('charges for depth: the parser goes through all open elements at each tag', async () => {
    const nested = (open: number, close: string) =>
      runLua(
        `return #html.sanitize.ugc_policy():sanitize(("<div>"):rep(${open}) .. ("${close}"):rep(${open}))`,
        {
          modules,
        },
      );
    expect((await nested(5000, '</x>')).error).toBeUndefined();
    for (const close of ['', '</x>', '</div>'])
      expect((await nested(200_000, close)).error?.message).toMatch(/^budget exceeded at main.lua:1/);
  });

  it('raises for wrong arguments', async () => {
    await expect(evaluate('html.sanitize.new_policy():allow_elements({})', { modules })).rejects.toThrow(
      "bad argument #1 to 'allow_elements' (string expected, got table)",
    );
    await expect(evaluate('html.sanitize.new_policy():sanitize(nil)', { modules })).rejects.toThrow(
      "bad argument #1 to 'sanitize' (string expected, got nil)",
    );
  });
});
