// Figures of start-up and of instances, as JSON: `node --expose-gc start-up.js cold|warm`. A process of its own each.
import { writeSync } from 'node:fs';
import type { Program } from '../../src/core/program.js';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import type { Artifact, LoadedProgram } from '../../src/lua/engine.js';
import type { Instance } from '../../src/lua/step.js';
import { instanceMaker } from './instance.js';
import { median } from './measure.js';
import { sampleProgram } from './sample-program.js';

function compile(program: Program): Artifact {
  const compiled = compiledEngine.compile(program);
  if (!compiled.ok) throw new SyntaxError(compiled.diagnostics.map(({ message }) => message).join('; '));
  return compiled.artifact;
}

/** Milliseconds until the chunk has run and its main function has been called. */
function timeToCall(make: () => LoadedProgram): number {
  const started = performance.now();
  instanceMaker(make())().start([]);
  return performance.now() - started;
}

const fromSource = (salt: string): number => {
  const program = sampleProgram(350, salt);
  return timeToCall(() => compiledEngine.load(compile(program)));
};

const WARM_UP = 15;
/** V8 optimizes what runs once for each instance after some thousands of them. */
const WARM_UP_INSTANCES = 15_000;
const TIMES = 21;

function fromArtifact(): number {
  const artifact = compile(sampleProgram(350, 'kept'));
  const times: number[] = [];
  for (let at = 0; at < WARM_UP + TIMES; at++) times.push(timeToCall(() => compiledEngine.load(artifact)));
  return median(times.slice(WARM_UP));
}

/** Microseconds and bytes of an instance whose main waits. */
function instances(lines: number): { readonly us: number; readonly bytes: number } {
  const count = 3000;
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
    const started = performance.now();
    for (let at = 0; at < count / 10; at++) kept.push(open());
    times.push(((performance.now() - started) * 10_000) / count);
  }
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / kept.length;
  return { us: median(times), bytes };
}

const figures =
  process.argv[2] === 'cold'
    ? { cold: fromSource('cold') }
    : {
        warm: (() => {
          const times = Array.from({ length: WARM_UP + TIMES }, (_, at) => fromSource(`warm${at}`));
          return median(times.slice(WARM_UP));
        })(),
        artifact: fromArtifact(),
        small: instances(20),
        large: instances(350),
      };
writeSync(1, JSON.stringify(figures));
