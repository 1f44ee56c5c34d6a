// The fengari engine: an interpreter of Lua 5.3, for processes without code generation and as the second opinion. Sealed.
// Limits, next to the compiled engine: integers of 32 bits (see bridge.ts), no `<close>` and no typed syntax, at most 200
// nested calls through host functions (pcall in pcall, metamethods), chunk names cut to 59 bytes in messages, floats from 1e15 on
// printed with all digits. Budgets are coarser (meter.ts); `on_exceed = park` ends the run as `fail` does.
import { lauxlib, lua } from './internals.js';
import type { LClosure, Proto } from './internals.js';
import type { Diagnostic } from '../../core/diagnostics.js';
import type { Program, Unit } from '../../core/program.js';
import type { Artifact, CompileResult, LoadedProgram, LuaEngine } from '../engine.js';
import { fromBytes, toBytes } from './strings.js';
import { FengariVm } from './vm.js';

export const FENGARI_VERSION = 1;

export const fengariEngine: LuaEngine = Object.freeze({ name: 'fengari', compile, load } as const);

function compile(program: Program): CompileResult {
  const diagnostics: Diagnostic[] = [];
  for (const unit of Object.values(program.units)) {
    const parsed = parse(unit);
    if (!parsed.ok) diagnostics.push(parsed.diagnostic);
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const units = Object.fromEntries(
    Object.entries(program.units).map(([id, unit]) => [id, { ...unit, source: '' }]),
  );
  const text = JSON.stringify(program);
  return {
    ok: true,
    artifact: {
      engine: 'fengari',
      engineVersion: FENGARI_VERSION,
      program: { ...program, units },
      text,
      size: text.length,
    },
  };
}

function load(artifact: Artifact): LoadedProgram {
  if (artifact.engine !== 'fengari' || artifact.engineVersion !== FENGARI_VERSION)
    throw new TypeError(
      `the artifact is of engine ${artifact.engine} ${artifact.engineVersion}, not of fengari ${FENGARI_VERSION}; compile it again`,
    );
  const program = JSON.parse(artifact.text) as Program;
  const prototypes = new Map<string, Proto>();
  const prototypeOf = (unit: Unit): Proto => {
    let proto = prototypes.get(unit.id);
    if (proto === undefined) {
      const parsed = parse(unit);
      if (!parsed.ok) throw new TypeError(`unit '${unit.id}' does not parse: ${parsed.diagnostic.message}`);
      prototypes.set(unit.id, (proto = parsed.proto));
    }
    return proto;
  };
  return {
    program,
    instantiate: (context, modules) => new FengariVm(context, modules, prototypeOf),
  };
}

const TEXT_ONLY = toBytes('t');

function parse(
  unit: Unit,
): { readonly ok: true; readonly proto: Proto } | { readonly ok: false; readonly diagnostic: Diagnostic } {
  const L = lauxlib.luaL_newstate();
  const bytes = toBytes(unit.source);
  const status = lauxlib.luaL_loadbufferx(L, bytes, bytes.length, toBytes(`@${unit.chunk}`), TEXT_ONLY);
  const top = L.stack[L.top - 1]!;
  if (status === lua.LUA_OK) return { ok: true, proto: (top.value as LClosure).p };
  const text = fromBytes(lauxlib.luaL_tolstring(L, -1));
  const match = /:(\d+): ([\s\S]*)$/.exec(text);
  return {
    ok: false,
    diagnostic: {
      severity: 'error',
      place: { file: unit.chunk, line: Number(match?.[1] ?? 0), column: 0 },
      message: match?.[2] ?? text,
    },
  };
}
