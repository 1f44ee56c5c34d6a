// What the library needs of the instance whose code runs. Sealed.
// H1: only one instance runs at a time; the engine sets its host where a step begins.
import { LuaError } from '../values.js';

export interface LibraryHost {
  /** Uniform in [0, 1): the host's chance, or that of the seed that was given. */
  random(): number;
  /** From now on `random` follows from the seed alone. */
  randomSeed(seed: number): void;
  /** One line of `print`, without its newline. */
  print(line: string): void;
}

const NO_HOST: LibraryHost = {
  random: absent,
  randomSeed: absent,
  print: absent,
};

function absent(): never {
  throw new LuaError('no instance runs');
}

let current: LibraryHost = NO_HOST;

/** Called where an instance begins a step; gives back the host that was set before. */
export function setLibraryHost(host: LibraryHost): LibraryHost {
  const before = current;
  current = host;
  return before;
}

export const libraryHost = (): LibraryHost => current;
