// The compiled engine: Lua to JavaScript. Sealed.
// E1: an artifact's text is JSON of the compiled units (unit.ts), sources included: from them twins are made where they are needed.
// E2: loaded units are kept per realm by their source, so programs that share libraries share their code.
import type { Diagnostic } from '../../core/diagnostics.js';
import type { Program, Unit } from '../../core/program.js';
import type { Artifact, CompileResult, LoadedProgram, LuaEngine } from '../engine.js';
import { parseChunk } from '../front/parse.js';
import type { Chunk } from '../front/tree.js';
import { startMachine } from './machine.js';
import { compileUnit, loadUnit } from './unit.js';
import type { CompiledUnit, LoadedUnit } from './unit.js';
import { unitSupport } from './unit-support.js';
import { CompiledVm } from './vm.js';

/** Changes with what generated text looks like or may name: a twin must be of the compiler that its function is of. */
export const COMPILED_VERSION = 7;

export const compiledEngine: LuaEngine = Object.freeze({ name: 'compiled', compile, load } as const);

function compile(program: Program): CompileResult {
  const diagnostics: Diagnostic[] = [];
  const compiled: Record<string, CompiledUnit> = {};
  const support = unitSupport();
  for (const [id, unit] of Object.entries(program.units)) {
    const known = support.find?.(unit.chunk, unit.source);
    if (known !== undefined) {
      compiled[id] = known;
      continue;
    }
    const parsed = parseChunk(unit.source, unit.chunk);
    const made = parsed.ok ? compileOrRefuse(parsed.chunk, unit) : parsed.diagnostics;
    if ('text' in made) {
      compiled[id] = made;
      support.keep?.(made);
    } else diagnostics.push(...made);
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const units = Object.fromEntries(
    Object.entries(program.units).map(([id, unit]) => [id, { ...unit, source: '' }]),
  );
  let text: string | undefined;
  let size = 0;
  for (const unit of Object.values(compiled)) size += unit.text.length + unit.source.length;
  const artifact: Artifact = Object.freeze({
    engine: 'compiled',
    engineVersion: COMPILED_VERSION,
    program: { ...program, units },
    // What is loaded where it was compiled never needs it.
    get text() {
      return (text ??= JSON.stringify(compiled));
    },
    size,
  });
  unitsOf.set(artifact, compiled);
  return { ok: true, artifact };
}

/** Units of artifacts that were compiled here, so that loading one does not read its text again. */
const unitsOf = new WeakMap<Artifact, Readonly<Record<string, CompiledUnit>>>();

/** A chunk that is nested deeper than the compiler's stack is refused, as by PUC's limit on C levels. */
function compileOrRefuse(chunk: Chunk, unit: Unit): CompiledUnit | readonly Diagnostic[] {
  try {
    return compileUnit(chunk, unit.source);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const place = { file: unit.chunk, line: 0, column: 0 };
    return [{ severity: 'error', place, message: 'chunk has too many syntax levels' }];
  }
}

/** Texts of loaded units that are kept, in characters. */
const MAX_KEPT = 32_000_000;
const kept = new Map<string, LoadedUnit>();
let keptSize = 0;

function keep(unit: CompiledUnit): LoadedUnit {
  // Two sources may give one text, with other lines and names.
  const key = `${unit.chunk}\n${unit.text.length}\n${unit.source}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const loaded = loadUnit(unit);
  const size = key.length + unit.text.length;
  if (keptSize + size > MAX_KEPT) {
    kept.clear();
    keptSize = 0;
  }
  kept.set(key, loaded);
  keptSize += size;
  return loaded;
}

function load(artifact: Artifact): LoadedProgram {
  if (artifact.engine !== 'compiled' || artifact.engineVersion !== COMPILED_VERSION)
    throw new TypeError(
      `the artifact is of engine ${artifact.engine} ${artifact.engineVersion}, not of compiled ${COMPILED_VERSION}; compile it again`,
    );
  startMachine();
  const compiled =
    unitsOf.get(artifact) ?? (JSON.parse(artifact.text) as Readonly<Record<string, CompiledUnit>>);
  const units = new Map<string, LoadedUnit>();
  const unitOf = ({ id }: Unit): LoadedUnit => {
    let loaded = units.get(id);
    if (loaded === undefined) {
      const unit = Object.hasOwn(compiled, id) ? compiled[id] : undefined;
      if (unit === undefined) throw new TypeError(`the artifact has no unit '${id}'`);
      units.set(id, (loaded = keep(unit)));
    }
    return loaded;
  };
  return {
    program: artifact.program,
    instantiate: (context, modules) => new CompiledVm(context, modules, unitOf),
  };
}
