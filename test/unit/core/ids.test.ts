import { describe, expect, it } from 'vitest';
import { formatPid, parsePid, PidGenerator, tryPid } from '../../../src/core/ids.js';

describe('process ids', () => {
  it.each([
    ['{app:processes|0x00004}', { host: 'app:processes', id: '0x00004' }],
    ['{n1@app:processes|sse-1}', { node: 'n1', host: 'app:processes', id: 'sse-1' }],
    ['{orders|order-{1}|a@b}', { host: 'orders', id: 'order-{1}|a@b' }],
  ])('reads and writes %s', (text, pid) => {
    expect(parsePid(text)).toEqual(pid);
    expect(formatPid(pid)).toBe(text);
  });

  it.each(['', 'worker', '{}', '{a}', '{|x}', '{a|}', '{@a|x}', '{a|x', '{a|x\n}'])(
    'takes %o as no process id',
    (text) => {
      expect(tryPid(text)).toBe(undefined);
      expect(() => parsePid(text)).toThrow("expected '{host|id}'");
    },
  );

  it('counts per node and never gives an id twice', () => {
    const local = new PidGenerator();
    expect([local.next('app:a'), local.next('app:b')].map(formatPid)).toEqual([
      '{app:a|0x00001}',
      '{app:b|0x00002}',
    ]);
    expect(formatPid(new PidGenerator('n1').next('app:a'))).toBe('{n1@app:a|0x00001}');
  });
});
