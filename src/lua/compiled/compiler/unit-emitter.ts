// Compiles a chunk to the text of one JavaScript function body, and single functions of it to resumable twins. Sealed.
// U1: the text is the body of a function of RUNTIME_NAMES (runtime.ts) and `unit`, the loaded unit (unit.ts). It returns `m0`,
//     which makes the main function of an environment, and everything else that twins refer to. Parameters and `var`s, never
//     `const`: V8 would test each use of an outer constant for being initialised.
// U2: the text depends on the chunk and the options only, so a twin made later, elsewhere, fits.
// U3: nothing of the source gets into the text but numbers, JSON strings and names that Lua's lexer has accepted.
import type { Chunk, FunctionBody } from '../../front/tree.js';
import { FIELD_BYTES } from '../budget.js';
import { isArrayIndexText } from '../fields.js';
import { FunctionEmitter } from './function-emitter.js';
import { writeFunction } from './statements.js';
import type { Scope, Written } from './writer.js';

export interface UnitOptions {
  /** Globals may be looked up in any value, as with `load` and an environment of its own. */
  readonly anyEnvironment?: boolean;
  /** Every statement has a JavaScript line of its own, for debuggers. */
  readonly marksLines?: boolean;
  /**
   * For `debug`: every function tells when it is made, entered and left, and lets its variables be read and set. The chunk is
   * one that parseObserved made.
   */
  readonly isObserved?: boolean;
}

/** Positions of a text; JavaScript lines count from 1 (the first line of the text). */
export interface TextMap {
  /** Lua line by JavaScript line minus 1; 0: none. */
  readonly lines: readonly number[];
  /** [JavaScript line, names of operands] */
  readonly operands: readonly (readonly [number, readonly string[]])[];
  /** [first JavaScript line, title] of each function, in order. */
  readonly functions: readonly (readonly [number, string])[];
  /** [JavaScript line, variables in scope], where code is observed. */
  readonly scopes?: readonly (readonly [number, Scope])[];
}

export interface UnitText {
  readonly text: string;
  readonly map: TextMap;
  /** Lua line of each site, by function id and pc. */
  readonly sites: readonly (readonly number[])[];
  /** Variables in scope at each site, by function id and pc, where code is observed. */
  readonly siteScopes?: readonly ReadonlyMap<number, Scope>[];
}

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** What generated text may use of the runtime; runtime.ts provides exactly these. */
export const RUNTIME_NAMES = [
  'S',
  'EMPTY',
  'A',
  'M',
  'T',
  'D',
  'NF',
  'NR',
  'ST',
  'floor',
  'imul',
  'I',
  'push',
  'overflow',
  'callable',
  'index',
  'setIndex',
  'setField',
  'add',
  'subtract',
  'multiply',
  'divide',
  'floorDivide',
  'modulo',
  'power',
  'negate',
  'bitAnd',
  'bitOr',
  'bitXor',
  'bitNot',
  'shiftLeft',
  'shiftRight',
  'equals',
  'rawEquals',
  'lessThan',
  'lessOrEqual',
  'length',
  'concat',
  'concatAll',
  'joined',
  'sameText',
  'all',
  'spread',
  'results',
  'arrayTable',
  'extend',
  'setRaw',
  'iteratorOf',
  'loopLimit',
  'planLoop',
  'loopValue',
  'float',
  'floatModulo',
  'toSlot',
  'fromSlot',
  'integer',
  'shape',
  'refill',
  'pause',
  'pauseAtEntry',
  'checkClosable',
  'closeValue',
  'toThrown',
  'RAISE',
] as const;

export class UnitEmitter {
  readonly chunk: Chunk;
  readonly options: UnitOptions;
  /** Name of the helper by key. */
  readonly #getters = new Map<string, string>();
  readonly #setters = new Map<string, string>();
  /** Name of the constructor by its keys, joined as JSON. */
  readonly #shapes = new Map<string, string>();
  /** Name by text. */
  readonly #helpers = new Map<string, string>();
  /** Name by initializer. */
  readonly #constants = new Map<string, string>();
  /** What P recorded for R, by function id. */
  readonly ends: (readonly number[])[] = [];

  constructor(chunk: Chunk, options: UnitOptions = {}) {
    this.chunk = chunk;
    this.options = options;
  }

  /** Globals are fields of a table, unless the chunk or its loader says otherwise. */
  get environmentIsTable(): boolean {
    return !this.chunk.assignsEnvironment && this.options.anyEnvironment !== true;
  }

  /** The environment's value. */
  get environmentText(): string {
    return this.chunk.assignsEnvironment ? 'G.v' : 'G';
  }

  getter(key: string): string {
    return named(this.#getters, 'g', key);
  }

  setter(key: string): string {
    return named(this.#setters, 's', key);
  }

  constant(initializer: string): string {
    let name = this.#constants.get(initializer);
    if (name === undefined) this.#constants.set(initializer, (name = `K${this.#constants.size}`));
    return name;
  }

  /** A function of the unit: `(a,b){return ...}`; the same text gives the same one. */
  helper(text: string): string {
    let name = this.#helpers.get(text);
    if (name === undefined) this.#helpers.set(text, (name = `h${this.#helpers.size}`));
    return name;
  }

  shape(keys: readonly string[]): string {
    const id = JSON.stringify(keys);
    let name = this.#shapes.get(id);
    if (name === undefined) this.#shapes.set(id, (name = `C${this.#shapes.size}`));
    return name;
  }

  compile(): UnitText {
    const lines: number[] = [0]; // of the header, which is one line
    const operands: [number, readonly string[]][] = [];
    const functions: [number, string][] = [];
    const sites: (readonly number[])[] = [];
    const siteScopes: ReadonlyMap<number, Scope>[] = [];
    const scopes: [number, Scope][] = [];
    const isObserved = this.options.isObserved === true;
    let text = '';
    for (const body of this.chunk.functions) {
      const emitter = new FunctionEmitter(this, body);
      writeFunction(emitter);
      const written = emitter.finish();
      this.ends[body.id] = emitter.writer.ends;
      sites[body.id] = written.siteLines;
      const frame = this.#frameText(emitter, written);
      text += `${frame}${this.#headText(emitter)}${written.text}${this.#tailText(body)}\n`;
      functions.push([lines.length + 1, this.#titleOf(body)]);
      for (const [line, scope] of written.scopes) scopes.push([lines.length + line + 1, scope]);
      siteScopes[body.id] = written.siteScopes;
      addLines(written, body, lines, operands);
      if (isObserved && body.id > 0) lines.push(body.endLine);
    }
    const whole = this.#header() + text + this.#footer();
    const map: TextMap = { lines, operands, functions };
    return isObserved
      ? { text: whole, map: { ...map, scopes }, sites, siteScopes }
      : { text: whole, map, sites };
  }

  /** The twin of one function: the body of a function of the same parameters that returns its `resume`. Call `compile` first. */
  compileTwin(id: number): UnitText {
    const body = this.chunk.functions[id];
    if (body === undefined) throw new TypeError(`chunk '${this.chunk.file}' has no function ${id}`);
    const emitter = new FunctionEmitter(this, body, this.ends[id]);
    writeFunction(emitter);
    const written = emitter.finish();
    const names = [...emitter.fixedNames(), ...slotNames(emitter, 0)];
    const loads = names.map((name) => `,${name}=F.${name}`).join('');
    const lines: number[] = [0];
    const operands: [number, readonly string[]][] = [];
    const scopes = [...written.scopes].map(([line, scope]) => [lines.length + line + 1, scope] as const);
    addLines(written, body, lines, operands);
    const depth = emitter.countsDepth ? `M.depth+=${emitter.weight};` : '';
    const isObserved = this.options.isObserved === true;
    const entered = isObserved ? `O.enter(${emitter.name},$=>eval($),true);try{` : '';
    if (isObserved) lines.push(body.endLine);
    return {
      text:
        `"use strict";var{${this.#exports().join(',')}}=unit${isObserved ? ',O=unit.observer' : ''};\n` +
        `var B=0;unit.resets.push(()=>{const b=B;B=0;return b});return function(v){const F=this;let pc=F.pc${loads},x,y,k;${depth}${emitter.closes ? SAVED : ''}${entered}${written.text}${isObserved ? '\n}finally{O.leave()}' : ''}}`,
      map: {
        lines,
        operands,
        functions: [[2, this.#titleOf(body)]],
        ...(isObserved ? { scopes } : {}),
      },
      sites: [],
    };
  }

  /** What follows the body of a function. */
  #tailText({ id }: FunctionBody): string {
    if (this.options.isObserved !== true || id === 0) return '}}';
    return `\n}finally{O.leave()}},$=>eval($))}`;
  }

  #titleOf(body: FunctionBody): string {
    // The chunk's own function is in one that only gives it its environment.
    const main = this.options.isObserved === true ? 1 : 0;
    if (body.id <= main) return 'main chunk';
    return body.name === undefined ? `function <${this.chunk.file}:${body.line}>` : `function '${body.name}'`;
  }

  /** Everything in the unit's scope that a twin may name. */
  #exports(): string[] {
    return [
      ...this.chunk.functions.map(({ id }) => `m${id}`),
      ...this.#getters.values(),
      ...this.#setters.values(),
      ...this.#helpers.values(),
      ...this.#shapes.values(),
      ...this.#constants.values(),
    ];
  }

  #header(): string {
    let text = this.options.isObserved === true ? OBSERVED : '"use strict";var B=0;';
    for (const [initializer, name] of this.#constants) text += `var ${name}=${initializer};`;
    for (const [id, name] of this.#shapes) {
      const keys = JSON.parse(id) as string[];
      const stores = keys.map((key, at) => `this${property(key)}=a${at};`).join('');
      const counted = `M.memory-=${FIELD_BYTES * keys.length};`;
      text += `var ${name}=shape(${id},function(${keys.map((_key, at) => `a${at}`).join(',')}){${counted}${stores}});`;
    }
    return `${text}\n`;
  }

  #footer(): string {
    let text = '';
    for (const [key, name] of this.#getters) text += getterText(name, key);
    for (const [key, name] of this.#setters) text += setterText(name, key);
    for (const [helper, name] of this.#helpers) text += `function ${name}${helper}`;
    return `${text}return{reset(){const b=B;B=0;return b},${this.#exports().join(',')}}`;
  }

  #headText(emitter: FunctionEmitter): string {
    const { body } = emitter;
    const parameters = body.parameters.map((_variable, at) => `r${at}`);
    const rest = body.hasVarargs ? ['...va'] : [];
    const fixed = [
      ...(body.usesEnvironment ? ['G'] : []),
      ...emitter.closureVariables.map((_variable, at) => `u${at}`),
    ].join(',');
    const locals = [...slotNames(emitter, body.parameters.length), 'x', 'y', 'k'].join(',');
    const given = [...parameters, ...(body.hasVarargs ? ['...va'] : [])].join(',');
    const cost = emitter.entryCost;
    // Without a call it is a leaf: whoever calls it can pause.
    const pauses = cost === 0 ? '' : `||(B-=${cost})<0&&(B=pauseAtEntry(B,${cost}))<0`;
    const check = emitter.countsDepth
      ? `if((M.depth+=${emitter.weight})>M.limit${pauses})return overflow(${emitter.name},[${given}],${emitter.weight});`
      : '';
    const cell = body.id === 0 && this.chunk.assignsEnvironment ? 'G={v:G};' : '';
    const budget = emitter.countsDepth || cost === 0 ? '' : `if((B-=${cost})<0)B=refill(B);`;
    const size = CLOSURE_BYTES + UPVALUE_BYTES * emitter.closureVariables.length;
    const isObserved = this.options.isObserved === true && body.id > 0;
    const made = isObserved ? `O.made(unit,${body.id},` : '';
    const entered = isObserved ? `O.enter(${emitter.name},$=>eval($),false);try{` : '';
    return (
      `function m${body.id}(${fixed}){${cell}M.memory-=${size};return ${made}function ${emitter.name}(${[...parameters, ...rest].join(',')})` +
      `{let ${locals};${check}${budget}${emitter.closes ? SAVED : ''}${entered}`
    );
  }

  /** The class of the function's frames. */
  #frameText(emitter: FunctionEmitter, written: Written): string {
    if (written.siteLines.length === 1) return '';
    const { id } = emitter.body;
    const names = ['pc', ...emitter.fixedNames(), ...slotNames(emitter, 0)];
    const stores = names.map((name) => `this.${name}=${name};`).join('');
    return `function F${id}(${names.join(',')}){this.next=null;${stores}}F${id}.prototype=unit.frame(${id},${emitter.closes});`;
  }
}

/** The header of observed code. */
const OBSERVED = '"use strict";var B=0,O=unit.observer;';

/** A closure, and each variable that it captures: a cell, or its place in V8's context. */
const CLOSURE_BYTES = 96;
const UPVALUE_BYTES = 24;

/** What a function with to-be-closed variables puts back when it catches an error. No name of RUNTIME_NAMES: it would hide that one. */
const SAVED = 'const depth=M.depth,barrier=M.barrier,levels=M.levels;';

function slotNames(emitter: FunctionEmitter, from: number): string[] {
  const count = Math.max(emitter.slotCount - from, 0);
  return Array.from({ length: count }, (_none, at) => `r${from + at}`);
}

function addLines(
  written: Written,
  body: FunctionBody,
  lines: number[],
  operands: [number, readonly string[]][],
): void {
  const from = lines.length;
  written.lines.forEach((line, at) => {
    lines.push(at === 0 ? body.line : line);
    const names = written.operands.get(at);
    if (names !== undefined) operands.push([from + at + 1, names]);
  });
}

function named(names: Map<string, string>, prefix: string, key: string): string {
  let name = names.get(key);
  if (name === undefined) {
    name = IDENTIFIER.test(key) ? `${prefix}_${key}` : `${prefix}$${names.size}`;
    names.set(key, name);
  }
  return name;
}

/** `.key` or `["key"]` */
export function property(key: string): string {
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Whether a constant key may be a field of a record (table.ts T4). */
export const isFieldKey = (key: string): boolean => !isArrayIndexText(key);

/** Reads a field of anything: own, of the class, of its class, of a string; else the general way. */
function getterText(name: string, key: string): string {
  const field = `.fields${property(key)}`;
  return (
    `function ${name}(o){let v,m;if(o instanceof T){if((v=o${field})!==undefined)return v;` +
    `if(o.hash===null){if((m=o.meta)===null)return;if((m=m.index)instanceof T){` +
    `if((v=m${field})!==undefined)return v;` +
    `if(m.hash===null){if((m=m.meta)===null)return;if((m=m.index)instanceof T&&(v=m${field})!==undefined)return v}}}}` +
    `else if(typeof o==='string'&&(v=ST${field})!==undefined)return v;return index(o,${JSON.stringify(key)})}`
  );
}

/** Writes a field that is new to its table. */
function setterText(name: string, key: string): string {
  const quoted = JSON.stringify(key);
  if (key.startsWith('_')) return `function ${name}(o,v){return setField(o,${quoted},v)}`;
  return (
    `function ${name}(o,v){if(o instanceof T&&o.hash===null&&v!==undefined&&(o.meta===null||o.meta.newindex===undefined)){` +
    `if(o.fields===NF)o.fields=new NR();M.memory-=${FIELD_BYTES};o.fields${property(key)}=v;return}return setField(o,${quoted},v)}`
  );
}
