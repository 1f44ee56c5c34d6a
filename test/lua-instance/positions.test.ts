// Positions of units that were loaded long ago: a node loads new versions of programs without end.
import { expect, it } from 'vitest';
import type { UnitPositions } from '../../src/lua/compiled/positions.js';
import { positionsOf, usePositions } from '../../src/lua/compiled/positions.js';

const urlOf = (number: number): string => `lua-${number.toString(16).padStart(16, '0')}`;

function unitOf(number: number): UnitPositions {
  const positions = positionsOf(urlOf(number));
  positions.add(urlOf(number), 1_000_000, () => ({
    chunk: `${number}.lua`,
    lines: [],
    operands: new Map(),
    functions: [],
  }));
  return positions;
}

it('are dropped when others take the room, but for those of units that are still started', () => {
  const [first, second] = [unitOf(1), unitOf(2)];
  usePositions(urlOf(1), first);
  usePositions(urlOf(2), second);
  for (let number = 3; number < 300; number++) {
    usePositions(urlOf(number), unitOf(number));
    usePositions(urlOf(1), first);
  }
  expect(positionsOf(urlOf(1))).toBe(first);
  expect(positionsOf(urlOf(1)).get(urlOf(1))?.chunk).toBe('1.lua');
  expect(positionsOf(urlOf(2))).not.toBe(second);
  expect(positionsOf(urlOf(299)).get(urlOf(299))?.chunk).toBe('299.lua');
});

it('of a unit that is loaded again are the same, twins included', () => {
  const unit = unitOf(400);
  usePositions(urlOf(400), unit);
  positionsOf(urlOf(400)).add(`${urlOf(400)}r7`, 10, () => ({
    chunk: 'twin.lua',
    lines: [],
    operands: new Map(),
    functions: [],
  }));
  expect(unit.get(`${urlOf(400)}r7`)?.chunk).toBe('twin.lua');
});
