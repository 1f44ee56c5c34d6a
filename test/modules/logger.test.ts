import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import type { CommandContext } from '../../src/core/handler.js';
import { loggerHandlers } from '../../src/modules/logger/host.js';
import { loggerSpec } from '../../src/modules/logger/spec.js';
import { runLua } from '../support/instance.js';
import { evaluate } from './evaluate.js';

const modules = [loggerSpec];
const emitted = async (text: string) => (await runLua(text, { modules })).emitted;

describe('logger', () => {
  it.each(['debug', 'info', 'warn', 'error'])(
    'emits a %s record with its fields and place',
    async (level) => {
      expect(await emitted(`logger:${level}("it happened", {key = "value", n = 3})`)).toEqual([
        {
          type: 'logger.write',
          level,
          message: 'it happened',
          fields: dataObject({ key: 'value', n: 3 }),
          where: 'main.lua:1',
        },
      ]);
    },
  );

  it('may be called with a dot', async () => {
    const [record] = await emitted('logger.info("x", {a = 1})');
    expect(record).toMatchObject({ message: 'x', fields: { a: 1 } });
  });

  it('adds fields and names', async () => {
    const [first, second] = await emitted(`
      local base = logger:with({request = "r1", a = 1})
      base:named("auth"):named("token"):warn("no", {a = 2})
      base:info("yes")`);
    expect(first).toMatchObject({ logger: 'auth.token', fields: { request: 'r1', a: 2 } });
    expect(second).toMatchObject({ fields: { request: 'r1', a: 1 } });
    expect(second).not.toHaveProperty('logger');
  });

  it('never fails: what cannot cross is written as its type, an error as its text', async () => {
    const [record] = await emitted(
      'logger:info({}, {f = print, e = errors.new("bad"), t = {1, x = 2}, [3] = true}) logger:info(nil, "x")',
    );
    expect(record).toMatchObject({
      message: '<table>',
      fields: { f: '<function>', e: 'bad', t: '<table>', 3: true },
    });
  });

  it('refuses an empty name', async () => {
    expect(await evaluate('local l, err = logger:named("") return l, err:kind()', { modules })).toEqual([
      '<nil>',
      'Invalid',
    ]);
  });

  it('writes text with who and where on a node', async () => {
    const written: unknown[] = [];
    const handlers = loggerHandlers((...record) => void written.push(record));
    const context = { entry: 'app:main', pid: '{f|1}' } as CommandContext;
    await handlers['logger.write']?.(
      {
        type: 'logger.write',
        level: 'warn',
        message: 'caf\xc3\xa9 \xff',
        fields: dataObject({ deep: dataObject({ list: ['\xc3\xa9'] }) }),
        logger: 'a.b',
        where: 'main.lua:3',
      },
      context,
    );
    expect(written).toEqual([
      [
        'warn',
        'a.b',
        'café \ufffd',
        { deep: { list: ['é'] }, entry: 'app:main', pid: '{f|1}', at: 'main.lua:3' },
      ],
    ]);
  });
});
