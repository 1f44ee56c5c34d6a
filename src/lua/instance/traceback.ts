// Lua stacks as text: one frame a line, innermost first. Sealed.
import type { LuaFrame } from '../engine.js';

export const formatFrame = ({ chunk, line, name }: LuaFrame): string =>
  `${chunk}${line > 0 ? `:${line}` : ''}: in ${name === '' ? '?' : name}`;

export const formatFrames = (frames: readonly LuaFrame[]): string => frames.map(formatFrame).join('\n');

/** The reverse of formatFrames; lines of another form become frames without a line. */
export function parseFrames(text: string): LuaFrame[] {
  if (text === '') return [];
  return text.split('\n').map((line) => {
    const match = /^(.*?)(?::(\d+))?: in (.*)$/.exec(line);
    return match === null
      ? { chunk: line, line: 0, name: '' }
      : { chunk: match[1] ?? '', line: Number(match[2] ?? 0), name: match[3] ?? '' };
  });
}
