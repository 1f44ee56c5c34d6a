// Figures of start-up and of instances, as JSON: `node --expose-gc start-up.js cold|warm`. A process of its own each.
// F1: the work is always the same, so what makes one time longer than another is not ours: figures are the least of many times.
//     Medians go along, to show how busy the machine was.
import { writeSync } from 'node:fs';
import type { Program } from '../../src/core/program.js';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import type { Artifact, LoadedProgram } from '../../src/lua/engine.js';
import type { Instance } from '../../src/lua/step.js';
import { instanceMaker } from './instance.js';
import { least, median } from './measure.js';
import { sampleProgram } from './sample-program.js';

function compile(program: Program): Artifact {
  const compiled = compiledEngine.compile(program);
  if (!compiled.ok) throw new SyntaxError(compiled.diagnostics.map(({ message }) => message).join('; '));
  return compiled.artifact;
}

/**
 * Milliseconds: the lesser of the time by the clock and of the process's CPU time. What else runs on the machine makes the one
 * longer than the work takes, V8's own threads the other.
 */
function timeOf(work: () => void): number {
  const cpu = process.cpuUsage();
  const started = performance.now();
  work();
  const elapsed = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return Math.min(elapsed, (user + system) / 1000);
}

/** Milliseconds until the chunk has run and its main function has been called. */
const timeToCall = (make: () => LoadedProgram): number =>
  timeOf(() => void instanceMaker(make())().start([]));

const fromSource = (salt: string): number => {
  const program = sampleProgram(350, salt);
  return timeToCall(() => compiledEngine.load(compile(program)));
};

const WARM_UP = 15;
/** V8 optimizes what runs once for each instance after some thousands of them. */
const WARM_UP_INSTANCES = 15_000;
const TIMES = 21;

interface Times {
  readonly least: number;
  readonly median: number;
}

const summary = (times: readonly number[]): Times => ({ least: least(times), median: median(times) });

function fromArtifact(): Times {
  const artifact = compile(sampleProgram(350, 'kept'));
  const times: number[] = [];
  for (let at = 0; at < WARM_UP + TIMES; at++) times.push(timeToCall(() => compiledEngine.load(artifact)));
  return summary(times.slice(WARM_UP));
}

/** Microseconds and bytes of an instance whose main waits. */
function instances(lines: number): { readonly us: Times; readonly bytes: number } {
  const count = 6000;
  const make = instanceMaker(compiledEngine.load(compile(sampleProgram(lines, `instances${lines}`))));
  const open = (): Instance => {
    const instance = make();
    instance.start([]);
    return instance;
  };
  for (let at = 0; at < WARM_UP_INSTANCES; at++) open().close();
  const kept: Instance[] = [];
  const times: number[] = [];
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 10; round++) {
    const ms = timeOf(() => {
      for (let at = 0; at < count / 10; at++) kept.push(open());
    });
    times.push((ms * 10_000) / count);
  }
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / kept.length;
  return { us: summary(times), bytes };
}

const figures =
  process.argv[2] === 'cold'
    ? { cold: fromSource('cold') }
    : {
        warm: (() => {
          const times = Array.from({ length: WARM_UP + TIMES }, (_, at) => fromSource(`warm${at}`));
          return summary(times.slice(WARM_UP));
        })(),
        artifact: fromArtifact(),
        small: instances(20),
        large: instances(350),
      };
writeSync(1, JSON.stringify(figures));
