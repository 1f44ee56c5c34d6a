import { describe, expect, it } from 'vitest';
import { editDistance, nearest, quotedList } from '../../../src/registry/load/nearest.js';

describe('the nearest name', () => {
  it('counts inserts, removals, changes and swaps of neighbours', () => {
    expect(editDistance('kitten', 'sitting', 9)).toBe(3);
    expect(editDistance('function.lau', 'function.lua', 9)).toBe(1);
    expect(editDistance('', 'abc', 9)).toBe(3);
    expect(editDistance('abcdef', 'uvwxyz', 2)).toBe(3);
  });

  it('finds what was meant and leaves alone what was not', () => {
    const names = ['source', 'method', 'modules', 'imports'];
    expect(nearest('metod', names)).toBe('method');
    expect(nearest('SOURCE', names)).toBe('source');
    expect(nearest('colour', names)).toBeUndefined();
    expect(nearest('x', ['y'])).toBe('y');
    expect(nearest('x', [])).toBeUndefined();
  });

  it('takes the first in order when two are as near', () => {
    expect(nearest('bat', ['cat', 'hat', 'rat'])).toBe('cat');
    expect(nearest('bat', ['rat', 'hat', 'cat'])).toBe('cat');
  });

  it('writes lists as people do', () => {
    expect(quotedList(['a'])).toBe("'a'");
    expect(quotedList(['a', 'b', 'c'])).toBe("'a', 'b' or 'c'");
  });
});
