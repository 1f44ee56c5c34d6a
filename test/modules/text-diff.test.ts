import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textSpec } from '../../src/modules/text/spec.js';
import { runLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [textSpec];
const lua = (text: string, ...args: string[]) => evaluate(text, { modules, args });
const bytes = (text: string) => Buffer.from(text).toString('latin1');

describe('text.diff', () => {
  it('gives diffs that rebuild both texts, and patches that turn one into the other', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '\n', 'é', '🌙', '🌚', '\ue000'),
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        const [old, young, patched, fits] = await lua(
          `local a, b = ... local diff = text.diff.new()
          local old, young = {}, {}
          for _, d in ipairs(diff:compare(a, b)) do
            if d.operation ~= "insert" then old[#old + 1] = d.text end
            if d.operation ~= "delete" then young[#young + 1] = d.text end
          end
          local patched, fits = diff:patch_apply(diff:patch_make(a, b), a)
          return table.concat(old), table.concat(young), patched, fits`,
          bytes(before),
          bytes(after),
        );
        expect([old, young, patched, fits]).toEqual([bytes(before), bytes(after), bytes(after), true]);
      }),
      { numRuns: 60 },
    );
  });

  it('never cuts a character in two', async () => {
    expect(
      await lua(
        `local diff = text.diff.new() local all = {}
        for i, d in ipairs(diff:compare(...)) do all[i] = d.operation .. " " .. d.text end return all`,
        bytes('a🌙'),
        bytes('a🌚'),
      ),
    ).toEqual([['equal a', bytes('delete 🌙'), bytes('insert 🌚')]]);
  });

  it('escapes HTML', async () => {
    expect(
      await lua('local d = text.diff.new() return d:pretty_html(d:compare("<a>\\n", "<b>\\n&"))'),
    ).toEqual(['&lt;<del>a</del><ins>b</ins>&gt;&para;<br><ins>&amp;</ins>']);
  });

  it.each([
    ['text.diff.new({diff_timeout = -1})', 'diff_timeout is a number from 0 to 60, got -1'],
    ['text.diff.new({patch_margin = 1.5})', 'patch_margin is an integer from 0 to 16, got 1.5'],
    ['text.diff.new({match_distance = "far"})', 'match_distance is an integer from 0 to 1000000, got string'],
    ['text.diff.new():compare("a", "\\xff")', 'the text is not UTF-8'],
    ['text.diff.new():summarize({{}})', 'diff 1 has no operation'],
    [
      'text.diff.new():pretty_text({{operation = "swap", text = ""}})',
      'the operation of diff 1 is none of equal, delete, insert',
    ],
    ['text.diff.new():patch_apply({{}}, "a")', 'patch 1 has no diffs'],
    ['text.diff.new():patch_apply({{diffs = {}, start1 = -1}}, "a")', 'start1 of patch 1 is no position'],
  ])('refuses %s', async (call, message) => {
    expect(await lua(`local v, err = ${call} return v, err:kind(), err:message()`)).toEqual([
      '<nil>',
      'Invalid',
      message,
    ]);
  });

  it('ends within the usual budget for texts that have nothing in common', async () => {
    const [diffs, patches] = await lua(
      `local a, b, x = {}, {}, 7
      for i = 1, 12000 do x = x * 1103515245 + 12345 & 0x7fffffff a[i] = string.char(97 + (x >> 9) % 26) end
      for i = 1, 12000 do x = x * 1103515245 + 12345 & 0x7fffffff b[i] = string.char(97 + (x >> 9) % 26) end
      a, b = table.concat(a), table.concat(b)
      local diff = text.diff.new()
      local patched, fits = diff:patch_apply(diff:patch_make(a, b), a)
      return #diff:compare(a, b) > 0, patched == b and fits`,
    );
    expect([diffs, patches]).toEqual([true, true]);
  });

  it('finds each of many small changes in a long text', async () => {
    const [insertions] = await lua(
      `local a, b = {}, {}
      for i = 1, 20000 do a[i] = "line " .. i b[i] = i % 40 == 0 and "line x" .. i or a[i] end
      local diff = text.diff.new()
      return diff:summarize(diff:compare(table.concat(a, "\\n"), table.concat(b, "\\n"))).insertions`,
    );
    expect(insertions).toBe(500);
  });

  it('stops by its work and not by the clock, and within the budget', async () => {
    const texts = `local a, b = {}, {} for i = 1, 20000 do a[i] = string.char(97 + i * 7 % 23) b[i] = string.char(97 + i * 11 % 25) end
      a, b = table.concat(a), table.concat(b) `;
    const count = `${texts} return #text.diff.new({diff_timeout = 0.01}):compare(a, b)`;
    const [first] = await lua(count);
    expect(await lua(count)).toEqual([first]);
    const { error } = await runLua(
      `${texts} a, b = a:rep(50), b:rep(49) for i = 1, 1000 do text.diff.new({diff_timeout = 60}):compare(a, b) end`,
      { modules },
    );
    expect(error?.message).toMatch(/^budget exceeded at main.lua/);
  });
});

describe('text.splitter', () => {
  it('keeps chunks to their size, and loses no word', async () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'é', '🌙'), minLength: 1, maxLength: 12 });
    const document = fc
      .array(word, { maxLength: 60 })
      .chain((words) =>
        fc
          .array(fc.constantFrom(' ', '\n', '\n\n'), { minLength: words.length, maxLength: words.length })
          .map((gaps) => words.map((one, index) => one + gaps[index]).join('')),
      );
    await fc.assert(
      fc.asyncProperty(document, fc.integer({ min: 2, max: 40 }), async (text, size) => {
        const [chunks] = (await lua(
          `return text.splitter.recursive({chunk_size = ${size}, chunk_overlap = 0}):split_text(...)`,
          bytes(text),
        )) as [string[]];
        const all = chunks.map((chunk) => Buffer.from(chunk, 'latin1').toString());
        for (const chunk of all) expect([...chunk].length).toBeLessThanOrEqual(size);
        expect(all.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
      }),
      { numRuns: 40 },
    );
  });

  it('repeats the end of a chunk at the beginning of the next', async () => {
    expect(
      await lua(
        'return text.splitter.recursive({chunk_size = 10, chunk_overlap = 5}):split_text("a1 b2 c3 d4 e5 f6")',
      ),
    ).toEqual([['a1 b2 c3', 'b2 c3 d4', 'c3 d4 e5', 'd4 e5 f6']]);
  });

  const markdown = `# Guide

Intro with a [link][home].

## Code

\`\`\`lua
local a = 1

-- # no heading
\`\`\`

## Data

| a | b |
|---|---|
| 1 | 2 |
| 3 | 4 |

[home]: https://example.com
`;

  it('keeps the structure of Markdown', async () => {
    const [chunks] = (await lua(
      `return text.splitter.markdown({chunk_size = 60, code_blocks = true, heading_hierarchy = true, reference_links = true, join_table_rows = true}):split_text(...)`,
      markdown,
    )) as [string[]];
    expect(chunks).toEqual([
      '# Guide\nIntro with a [link](https://example.com).',
      '# Guide\n## Code\n```lua\nlocal a = 1\n\n-- # no heading\n```',
      '# Guide\n## Data\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |',
      '# Guide\n## Data\n[home]: https://example.com',
    ]);
  });

  it('repeats the head of a table that is too long', async () => {
    const [chunks] = (await lua(
      'return text.splitter.markdown({chunk_size = 32, chunk_overlap = 0, join_table_rows = true}):split_text("| a | b |\\n|---|---|\\n| 1 | 2 |\\n| 3 | 4 |")',
    )) as [string[]];
    expect(chunks).toEqual(['| a | b |\n|---|---|\n| 1 | 2 |', '| a | b |\n|---|---|\n| 3 | 4 |']);
  });

  it.each([
    ['recursive({chunk_size = 0})', 'chunk_size is an integer of at least 1, got 0'],
    ['recursive({chunk_size = 10, chunk_overlap = 10})', 'chunk_overlap (10) must be below chunk_size (10)'],
    ['recursive({separators = {}})', 'separators is a list of texts that is not empty'],
    ['markdown({code_blocks = 1})', 'code_blocks is true or false, got number'],
    ['recursive():split_text("\\xff")', 'the text is not UTF-8'],
    ['recursive():split_batch({{}})', 'page 1 has no content'],
  ])('refuses %s', async (call, message) => {
    expect(await lua(`local v, err = text.splitter.${call} return v, err:kind(), err:message()`)).toEqual([
      '<nil>',
      'Invalid',
      message,
    ]);
  });

  it('takes nothing, and much', async () => {
    expect(
      await lua(`local r, m = text.splitter.recursive(), text.splitter.markdown()
        return #r:split_text(""), #m:split_text(""), #r:split_batch({}), #r:split_text(("word "):rep(1e5)) > 900, #m:split_text(("# h\\n\\ntext\\n"):rep(1e4))`),
    ).toEqual([0, 0, 0, true, 10000]);
  });
});
