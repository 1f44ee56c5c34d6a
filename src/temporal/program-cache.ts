// Programs that this thread has loaded, by engine and hash. Sealed; shared by all runs of a worker thread.
// P1: one instance for all runs, as all sealed modules are (bundle.ts, B4).
// P2: a cached program is immutable; one run can never see another through it.
// P3: bounded by bytes of artifact; what was dropped is loaded again from the next payload.
import { engineNamed } from '../lua/engines.js';
import { sandboxDebugging } from '../lua/compiled/debugging.js';
import { setUnitSupport } from '../lua/compiled/unit-support.js';
import type { Artifact, LoadedProgram } from '../lua/engine.js';
import { decodeText } from './payload-converter.js';

const LIMIT_BYTES = 64 * 1024 * 1024;

interface Cached {
  readonly program: LoadedProgram;
  readonly bytes: number;
}

/** The contents of a Map stay writable in a shared module; nothing else does. */
const programs = new Map<string, Cached>();

/** What the codec sends for a program: ArtifactSource.artifact answers with this text. */
export const artifactText = (artifact: Artifact): string => JSON.stringify(artifact);

/** The program of an artifact's bytes, decoded only when it is not here yet. `debugged`: a debugger of this thread sees its Lua. */
export function loadProgram(
  engine: string,
  hash: string,
  artifact: Uint8Array,
  debugged = false,
): LoadedProgram {
  if (debugged) setUnitSupport(sandboxDebugging);
  const key = `${engine} ${hash}`;
  const known = programs.get(key);
  if (known !== undefined) {
    programs.delete(key);
    programs.set(key, known);
    return known.program;
  }
  const parsed = JSON.parse(decodeText(artifact)) as Artifact;
  const program = engineNamed(parsed.engine).load(parsed);
  programs.set(key, { program, bytes: artifact.length });
  let total = 0;
  for (const { bytes } of programs.values()) total += bytes;
  for (const [oldest, { bytes }] of programs) {
    if (total <= LIMIT_BYTES || oldest === key) break;
    programs.delete(oldest);
    total -= bytes;
  }
  return program;
}
