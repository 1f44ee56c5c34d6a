import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ioHandlers, Terminal } from '../../src/modules/io/host.js';
import { ioSpec } from '../../src/modules/io/spec.js';
import { nodeAnswers } from '../support/instance.js';
import { evaluate } from './evaluate.js';

class Screen {
  readonly input = Object.assign(new PassThrough(), {
    modes: [] as boolean[],
    setRawMode(on: boolean) {
      this.modes.push(on);
    },
  });
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly terminal = new Terminal({
    input: this.input,
    output: into(this.out),
    errors: into(this.err),
    args: ['a', 'b c', 'ä'],
    redact: (text) => text.replaceAll('s3cret', '[redacted]'),
  });
  lua(body: string) {
    return evaluate(body, { modules: [ioSpec], answers: nodeAnswers(ioHandlers(this.terminal)) });
  }
}
const into = (list: string[]) =>
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      list.push(chunk.toString('latin1'));
      done();
    },
  });

describe('io', () => {
  it('writes to both outputs, bytes as they are, without secrets', async () => {
    const screen = new Screen();
    await screen.lua(
      `io.write("a", 1, 2.5, nil, true, "\\xff\\0") io.print("x", nil, {}, "s3cret") io.eprint("bad", 1) io.print()`,
    );
    expect(screen.out.join('')).toBe('a12.5niltrue\xff\0x\tnil\t<table>\t[redacted]\n\n');
    expect(screen.err.join('')).toBe('bad\t1\n');
  });

  it('reads lines of any ends, and bytes, whatever pieces they come in', async () => {
    const screen = new Screen();
    for (const piece of ['o', 'ne\r\ntw', 'o\n\nthr', 'ee\nrest of', ' it']) screen.input.write(piece);
    screen.input.end();
    expect(
      await screen.lua(
        'return io.readline(), io.readline(), io.readline(), io.readline(), io.read(4), io.read(0), io.read(), io.readline(), io.read()',
      ),
    ).toEqual(['one', 'two', '', 'three', 'rest', ' of it', '<nil>', '<nil>', '<nil>']);
  });

  it('waits for input, and lets readers take turns', async () => {
    const screen = new Screen();
    const both = Promise.all([screen.terminal.readLine(), screen.terminal.read(1)]);
    screen.input.write('one');
    setImmediate(() => screen.input.write('\n'));
    setTimeout(() => screen.input.end('2\n'), 5);
    expect(await both).toEqual(['one', '2']);
  });

  it('counts raw mode, and leaves it at the end', async () => {
    const screen = new Screen();
    expect(await screen.lua('return io.raw(), io.raw(true), io.raw(false)')).toEqual([true, true, true]);
    expect(screen.input.modes).toEqual([true]);
    await screen.lua('io.raw(false) io.raw(false) io.raw(true)');
    expect(screen.input.modes).toEqual([true, false, true]);
    screen.terminal[Symbol.dispose]();
    expect(screen.input.modes).toEqual([true, false, true, false]);
  });

  it('gives the arguments of the command line', async () => {
    expect(await new Screen().lua('return io.args()')).toEqual([['a', 'b c', 'Ã¤']]);
  });

  it('tells that the input broke', async () => {
    const screen = new Screen();
    setImmediate(() => screen.input.destroy(new Error('gone')));
    expect(await screen.lua('local v, err = io.read() return v, err:kind(), err:message()')).toEqual([
      '<nil>',
      'Internal',
      'the input cannot be read: gone',
    ]);
  });

  it.each(['write("x")', 'print("x")', 'eprint("x")', 'read()', 'readline()', 'raw()', 'flush()', 'args()'])(
    'io.%s fails without a terminal, and in a workflow',
    async (call) => {
      const without = { modules: [ioSpec], answers: nodeAnswers(ioHandlers(undefined)) };
      const body = `local v, err = io.${call} return v, err:kind(), err:message()`;
      expect(await evaluate(body, without)).toEqual([
        '<nil>',
        'Unavailable',
        'this program has no terminal; run it with `moontide run -x` or `moontide call`',
      ]);
      const [, kind, message] = await evaluate(body, { ...without, host: { place: 'workflow' } });
      expect([kind, message]).toEqual(['Invalid', expect.stringContaining('cannot run in a workflow')]);
    },
  );

  it('refuses a size that is none', async () => {
    expect(await new Screen().lua('local v, err = io.read("x") return v, err:kind()')).toEqual([
      '<nil>',
      'Invalid',
    ]);
  });
});
