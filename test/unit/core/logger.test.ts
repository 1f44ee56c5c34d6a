import { describe, expect, it } from 'vitest';
import { LuaFloat } from '../../../src/core/data.js';
import { EventBus } from '../../../src/core/event-bus.js';
import { createHostLogger, type HostLoggerOptions } from '../../../src/core/logger-host.js';
import { Redactor } from '../../../src/core/redaction.js';

const now = (): Date => new Date('2026-01-02T03:04:05.678Z');

function collect(options: HostLoggerOptions = {}): {
  lines: string[];
  log: ReturnType<typeof createHostLogger>;
} {
  const lines: string[] = [];
  return { lines, log: createHostLogger({ now, write: (line) => void lines.push(line), ...options }) };
}

describe('the logger', () => {
  it('writes one JSON object a line with level, time, message and fields', () => {
    const { lines, log } = collect();
    log
      .child({ component: 'registry' })
      .info('version applied', { version: 3, big: 2n ** 60n, float: new LuaFloat(2) });
    log.debug('not this');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        level: 'info',
        time: '2026-01-02T03:04:05.678Z',
        component: 'registry',
        version: 3,
        big: '1152921504606846976',
        float: 2,
        message: 'version applied',
      },
    ]);
    expect(lines[0]).toMatch(/\}\n$/);
  });

  it('does not let fields take the place of the record', () => {
    const { lines, log } = collect();
    log.warn('real', { level: 'info', message: 'forged', time: 'never' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      message: 'real',
      field_message: 'forged',
      field_level: 'info',
      field_time: 'never',
    });
  });

  it('writes a line for people', () => {
    const { lines, log } = collect({ format: 'console' });
    log.info('ready', { url: 'http://127.0.0.1:8080', note: 'two words', list: [1] });
    expect(lines).toEqual(['03:04:05.678 INFO  ready url=http://127.0.0.1:8080 note="two words" list=[1]\n']);
  });

  it('lets no message forge another line or speak to the terminal', () => {
    const { lines, log } = collect({ format: 'console' });
    log.warn('a\nb\u001b[31m\u202e', { 'k\n': 'v\u001b[0m\r\n' });
    expect(lines).toEqual(['03:04:05.678 WARN  a\\nb\\u{1b}[31m\\u{202e} k\\n="v\\u001b[0m\\r\\n"\n']);
  });

  it('shows errors with their code and stack', () => {
    const { lines, log } = collect({ format: 'console' });
    log.error('failed', { error: new TypeError('bad\nthing', { cause: new Error('why') }) });
    const [first, ...rest] = (lines[0] ?? '').trimEnd().split('\n');
    expect(first).toBe('03:04:05.678 ERROR failed error=TypeError: "bad\\nthing"');
    expect(rest.length).toBeGreaterThan(2);
    for (const line of rest) expect(line).toMatch(/^ {4}\| /);
    const json = collect();
    json.log.error('failed', { error: new Error('outer', { cause: new Error('inner') }) });
    expect(JSON.parse(json.lines[0] ?? '')).toMatchObject({
      error: { message: 'outer', cause: { message: 'inner' } },
    });
  });

  it('keeps registered secrets out of messages, keys, values, numbers, errors and events', () => {
    const bus = new EventBus();
    const events = bus.subscribe('log.*');
    const { lines, log } = collect({ bus });
    log.info('early hunter22');
    log.redactor.add('hunter22');
    log.redactor.add('87654321');
    log.redactor.add('пароль');
    log.redactor.add('abc');
    log.warn('got hunter22', {
      'key hunter22': ['x hunter22 y', { deep: 'hunter22' }],
      pin: 87654321,
      encoded: Buffer.from('hunter22').toString('base64'),
      url: `https://x/?p=${encodeURIComponent('пароль')}`,
      short: 'abc',
      error: new Error('auth hunter22 failed'),
    });
    expect(lines[0]).toContain('hunter22');
    expect(lines[1]).not.toMatch(/hunter22|87654321|aHVudGVyMjI|%D0/);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({
      message: 'got [redacted]',
      pin: '[redacted]',
      short: 'abc',
    });
    events.take();
    expect(JSON.stringify(events.take())).not.toContain('hunter22');
  });

  it('replaces the longer of two secrets that overlap', () => {
    const redactor = new Redactor();
    redactor.add('pass');
    redactor.add('password1');
    expect(redactor.text('password1 pass a.b')).toBe('[redacted] [redacted] a.b');
  });

  it('survives fields that no log can hold', () => {
    const { lines, log } = collect();
    const cycle: Record<string, unknown> = { f: () => 1, nan: NaN, bytes: new Uint8Array(3) };
    cycle.self = cycle;
    Object.defineProperty(cycle, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    log.info('odd', { cycle });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      cycle: { f: '[function]', nan: 'NaN', bytes: '[3 bytes]', self: '[circular]', bad: '[unreadable]' },
    });
  });

  it('streams records to the bus where asked, and stops', () => {
    const bus = new EventBus();
    const events = bus.subscribe('log.**');
    const { log } = collect({ level: 'warn' });
    log.warn('not yet');
    log.stream(bus);
    log.info('below the level');
    log.warn('привет', { entry: 'app:a', n: 1 });
    const event = events.take();
    expect(event).toMatchObject({
      system: 'log',
      kind: 'warn',
      path: 'app:a',
      data: { fields: { entry: 'app:a', n: 1 } },
    });
    expect((event?.data as Record<string, unknown>).message).toBe(Buffer.from('привет').toString('latin1'));
    expect(events.take()).toBe(undefined);
    log.level = 'debug';
    expect(log.isEnabled('debug')).toBe(true);
  });
});
