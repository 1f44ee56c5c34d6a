// math.random and math.randomseed, the same for every engine: from the host, or from a seed once one was given. Sealed.
import { LuaFloat } from '../values.js';
import type { HostFunction } from '../values.js';
import { Arguments } from './arguments.js';

/** 53 random bits a draw, equal for equal seeds (sfc32). */
class SeededRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  constructor(seed: number) {
    const high = Math.trunc(seed / 4294967296);
    this.#a = seed | 0;
    this.#b = high | 0;
    this.#c = Math.trunc((seed % 1) * 4294967296) | 0;
    for (let round = 0; round < 15; round++) this.#next();
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  draw(): number {
    return ((this.#next() >>> 5) * 67108864 + (this.#next() >>> 6)) / 9007199254740992;
  }
}

const KEY = {};
const seeds = (): { random: SeededRandom | undefined } => ({ random: undefined });

export const random: HostFunction = (call, ...values) => {
  const { random: seeded } = call.instance.state(KEY, seeds);
  const draw = seeded === undefined ? call.instance.host.random() : seeded.draw();
  if (values.length === 0) return draw === 0 ? new LuaFloat(0) : draw;
  const args = new Arguments(call, 'random', values);
  const low = values.length === 1 ? 1 : args.integer(1);
  const high = args.integer(values.length === 1 ? 1 : 2);
  if (low > high) throw args.error(values.length === 1 ? 1 : 2, 'interval is empty');
  return low + Math.floor(draw * (high - low + 1));
};

export const randomSeed: HostFunction = (call, ...values) => {
  const args = new Arguments(call, 'randomseed', values);
  call.instance.state(KEY, seeds).random = new SeededRandom(args.number(1));
  return [];
};
