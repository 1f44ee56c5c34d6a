import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asInteger,
  formatDuration,
  parseDuration,
  parseDurationMs,
  toMilliseconds,
} from '../../../src/core/durations.js';

describe('durations', () => {
  it.each<[string, bigint]>([
    ['0', 0n],
    ['1h30m', 5_400_000_000_000n],
    ['2h30m45s500ms', 9_045_500_000_000n],
    ['1.5s', 1_500_000_000n],
    ['.5s', 500_000_000n],
    ['1.s', 1_000_000_000n],
    ['-5ms', -5_000_000n],
    ['+1us', 1_000n],
    ['3\u00b5s', 3_000n],
    ['3\u03bcs', 3_000n],
    ['3\xc2\xb5s', 3_000n],
    ['0.1ns', 0n],
    ['9223372036854775807ns', 2n ** 63n - 1n],
    ['-9223372036854775808ns', -(2n ** 63n)],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  it.each([
    ['', 'it is empty'],
    ['-', 'it is empty'],
    ['5', "a unit is missing after '5'"],
    ['1h5', "a unit is missing after '5'"],
    ['h', 'a number is missing'],
    ['.s', 'a number is missing'],
    ['5 s', "unknown unit ' s'"],
    ['1d', "unknown unit 'd'"],
    ['1e3s', "unknown unit 'e'"],
    ['9223372036854775808ns', 'it is longer than 292 years'],
    ['9'.repeat(300), 'it is too long'],
  ])('refuses %o and names it', (text, why) => {
    expect(() => parseDuration(text)).toThrow(why);
    expect(() => parseDuration(text)).toThrow(`invalid duration '${text.slice(0, 40)}`);
  });

  it('prints as Go does and reads back what it printed', () => {
    expect(formatDuration(5_400_000_000_000)).toBe('1h30m0s');
    expect(formatDuration(1_500_000_000n)).toBe('1.5s');
    expect(formatDuration(1_500n)).toBe('1.5\u00b5s');
    expect(formatDuration(0)).toBe('0s');
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(parseDuration(formatDuration(value))).toBe(value);
      }),
    );
  });

  it('gives milliseconds and Lua integers', () => {
    expect(parseDurationMs('1.5s')).toBe(1_500);
    expect(toMilliseconds(1_500_000n)).toBe(1.5);
    expect(asInteger(2n ** 53n)).toBe(2 ** 53);
    expect(asInteger(2n ** 53n + 1n)).toBe(2n ** 53n + 1n);
  });
});
