// The state of compiling one function: its slots, where its variables live, its writer. Sealed.
// F1: slots r0, r1, ... are JavaScript variables, handed out like a stack: variables in scope below, intermediate values above.
//     So what is alive at a site is a prefix of them, which is all that a frame has to keep.
// F2: a variable that is captured and assigned lives in a cell `{v}`; one that is captured only goes to closures by value; one
//     that is a short constant is written out wherever it is used; a local function that is never assigned is known by its own
//     name inside itself.
// F3: x and y are scratch: they hold nothing across a site.
import type { Block, Expression, FunctionBody, Statement, Variable } from '../../front/tree.js';
import { inferTypes } from './inference.js';
import { ANY, BOOLEAN, FUNCTION, generalType, isRawFloat, NIL, STRING } from './static-types.js';
import type { StaticType } from './static-types.js';
import type { UnitEmitter } from './unit-emitter.js';
import { Writer } from './writer.js';
import type { Site, Written } from './writer.js';

/** The JavaScript text of a value. It may be written several times; it has no effects. */
export interface Operand {
  readonly js: string;
  readonly type: StaticType;
  /** A cell's content: load it right where it is used. */
  readonly isCell: boolean;
}

export interface Storage {
  /** `float`: a slot that is kept raw (static-types.ts K3). */
  readonly kind: 'slot' | 'float' | 'cell' | 'upvalue' | 'upcell' | 'literal' | 'self';
  /** The text of the value, for cells that of the cell. */
  readonly js: string;
  readonly type: StaticType;
}

/** A jump of the JavaScript text, and how many regions are open where it ends up. */
export interface Jump {
  readonly js: string;
  readonly regions: number;
}

/** The rest of a block after the declaration of a to-be-closed variable. */
export interface Region {
  readonly label: string;
  /** Slot of how it is left: 0 at its end, 1 by an error, 2 by return, more by jumps. */
  readonly code: string;
  /** Slot of the error or the result. */
  readonly value: string;
  readonly jumps: Jump[];
}

/** Operators; some 45 dense lines. */
const LONG = 300;

/** The general value of what is kept raw. */
export const generalText = ({ js, type }: Pick<Storage, 'js' | 'type'>): string =>
  type.is === 'float' ? `float(${js})` : `fromSlot(${js})`;

export class FunctionEmitter {
  readonly unit: UnitEmitter;
  readonly body: FunctionBody;
  readonly writer: Writer;
  readonly storage = new Map<Variable, Storage>();
  readonly #types: ReadonlyMap<Variable, StaticType>;
  /** It has to-be-closed variables. */
  readonly closes: boolean;
  /** What its closures are made with, as u0, u1, ... */
  readonly closureVariables: readonly Variable[];
  /** How `break` leaves each open loop, innermost last. */
  readonly loops: Jump[] = [];
  /** How gotos get to their labels, by label id. */
  readonly jumps = new Map<number, Jump>();
  /** Open blocks of to-be-closed variables, innermost last. */
  readonly regions: Region[] = [];
  /** Expressions inside one another that are being written. */
  nesting = 0;
  /** So long that V8 takes its time to optimize it: small code counts then. */
  readonly isLong: boolean;
  /** `fixedNames` as arguments. */
  #fixed: string | undefined;
  #top = 0;
  #slots = 0;
  #labels = 0;
  #loopCost = 0;
  /** It calls something, so that its depth counts. */
  calls = false;
  /** Variables in scope by their slots, where code is observed. */
  #variables: readonly { readonly name: string; readonly slot: number; readonly js: string }[] = [];
  /** It, or a function in it, refers to itself by its JavaScript name. */
  readonly #usesSelf: boolean;
  /** Holes before each `return`, for what leaving costs. */
  readonly #returns: number[] = [];

  constructor(unit: UnitEmitter, body: FunctionBody, ends?: readonly number[]) {
    this.unit = unit;
    this.body = body;
    this.isLong = body.operators > LONG;
    this.writer = new Writer((pc, live) => this.#exit(pc, live), ends);
    const { isObserved = false } = unit.options;
    // What is observed may be changed from outside: nothing is known of it.
    this.#types = isObserved ? new Map() : inferTypes(body);
    if (isObserved) this.writer.scope = () => this.#variables.map(({ name, js }) => [name, js] as const);
    this.closes = hasClosing(body);
    this.writer.raises = this.closes;
    this.closureVariables = closureVariables(body);
    this.#usesSelf = isObserved || body.upvalues.some((variable) => isOwn(variable, body));
    for (const variable of body.upvalues) {
      if (isOwn(variable, body)) this.storage.set(variable, { kind: 'self', js: this.name, type: FUNCTION });
      else if (literalOf(variable) !== undefined) this.storage.set(variable, literalStorage(variable));
    }
    this.closureVariables.forEach((variable, at) => {
      const kind = isCellVariable(variable) ? 'upcell' : 'upvalue';
      this.storage.set(variable, { kind, js: `u${at}`, type: typeOfConstant(variable) });
    });
  }

  /** Its JavaScript name. */
  get name(): string {
    return `f${this.body.id}`;
  }

  get slotCount(): number {
    return this.#slots;
  }

  get top(): number {
    return this.#top;
  }

  /** Gives back the slots above a mark that `top` gave. */
  release(mark: number): void {
    this.#top = mark;
    if (this.#variables.length > 0) this.#variables = this.#variables.filter(({ slot }) => slot < mark);
  }

  /** From here on the variable is in scope. */
  observe(variable: Variable, slot: string): void {
    if (this.unit.options.isObserved !== true) return;
    const js = isCellVariable(variable) ? `${slot}.v` : slot;
    this.#variables = [...this.#variables, { name: variable.name, slot: Number(slot.slice(1)), js }];
  }

  /** A new slot. */
  slot(): string {
    const js = `r${this.#top++}`;
    if (this.#top > this.#slots) this.#slots = this.#top;
    return js;
  }

  label(): string {
    return `L${this.#labels++}`;
  }

  line(js: string, line = 0, operands?: readonly string[]): void {
    this.writer.line(js, line, operands);
  }

  site(site: Omit<Site, 'live'> & { live?: number }): void {
    this.writer.site({ live: this.#top, ...site });
  }

  /** Writes the body of a loop, which counts each pass. */
  pass(line: number, write: () => void): void {
    const before = this.#loopCost;
    const start = this.writer.cost;
    const passCost = this.writer.pass(line, this.#top);
    if (this.unit.options.isObserved === true) this.line('if(O.hook!==null)O.again();');
    write();
    const total = this.writer.cost - start;
    this.writer.fill(passCost, String(total - (this.#loopCost - before)));
    this.#loopCost = before + total;
  }

  /** What the function costs besides its loops. */
  get entryCost(): number {
    return this.writer.cost - this.#loopCost;
  }

  /** Sites one after the other, with a way around all of them: `if(guard){ fast }else{ sites }`. */
  group(guard: string | undefined, fast: string, sites: readonly Omit<Site, 'live'>[], live: number): void {
    this.writer.group(
      guard,
      fast,
      sites.map((site) => ({ ...site, live: Math.max(live, this.#top) })),
    );
  }

  /** The value in a form that can be read now and again: cells are loaded into a slot. */
  use(operand: Operand): string {
    if (!operand.isCell) return operand.js;
    const slot = this.slot();
    this.line(`${slot}=${operand.js};`);
    return slot;
  }

  /** The type of a variable that is to be kept raw. */
  rawTypeOf(variable: Variable): StaticType | undefined {
    const inferred = this.#types.get(variable);
    return inferred === undefined || !isRawFloat(inferred) || variable.attribute === 'close'
      ? undefined
      : inferred;
  }

  /** Declares a variable whose value is in `slot`, which becomes its own; `isRaw`: as the variable keeps it. */
  declare(variable: Variable, slot: string, type: StaticType = ANY, isRaw = false): void {
    this.observe(variable, slot);
    if (isCellVariable(variable)) {
      this.line(`${slot}={v:${slot}};`);
      this.storage.set(variable, { kind: 'cell', js: slot, type: ANY });
      return;
    }
    const inferred = generalType(this.#types.get(variable) ?? ANY);
    const raw = this.rawTypeOf(variable);
    if (raw !== undefined) {
      if (!isRaw) this.line(`${slot}=toSlot(${slot});`);
      this.storage.set(variable, { kind: 'float', js: slot, type: raw });
      return;
    }
    this.storage.set(variable, {
      kind: 'slot',
      js: slot,
      type: variable.assigned || type === ANY ? inferred : type,
    });
  }

  storageOf(variable: Variable): Storage {
    const storage = this.storage.get(variable);
    if (storage === undefined) throw new TypeError(`variable '${variable.name}' has no place`);
    return storage;
  }

  /** What a closure of a nested function gets for one of its upvalues. */
  captureOf(variable: Variable): string {
    const storage = this.storageOf(variable);
    return storage.kind === 'float' ? generalText(storage) : storage.js;
  }

  /** A jump out of as many regions as lie between. */
  jump(jump: Jump): void {
    const region = this.regions.at(-1);
    if (region === undefined || this.regions.length === jump.regions) {
      this.line(`${jump.js};`);
      return;
    }
    const code = region.jumps.push(jump) + 2;
    this.line(`${region.code}=${code};break ${region.label};`);
  }

  /** Returns the result that a slot or another text holds. */
  giveResult(js: string): void {
    const region = this.regions.at(-1);
    if (region === undefined) this.leave(`return ${js};`);
    else this.line(`${region.value}=${js};${region.code}=2;break ${region.label};`);
  }

  /** Writes a statement that returns; whether depth counts turns out later. */
  leave(js: string): void {
    this.#returns.push(this.writer.lineWithHole('', js));
  }

  /** Names of what a frame keeps besides slots, in order. */
  fixedNames(): string[] {
    const names: string[] = [];
    if (this.#usesSelf) names.push(this.name);
    if (this.body.usesEnvironment) names.push('G');
    this.closureVariables.forEach((_variable, at) => names.push(`u${at}`));
    if (this.body.usesVarargs) names.push('va');
    return names;
  }

  #exit(pc: string, live: number): string {
    if (!this.writer.isTwin) {
      this.#fixed ??= this.fixedNames()
        .map((name) => `,${name}`)
        .join('');
      return `return push(new F${this.body.id}(${pc}${this.#fixed}${slotList(live)}))`;
    }
    let saves = '';
    for (let slot = 0; slot < live; slot++) saves += `F.r${slot}=r${slot};`;
    return `{F.pc=${pc};${saves}return push(F)}`;
  }

  /** Estimated bytes of an interpreter frame, as an expression. */
  get weight(): string {
    const fixed = 8 * this.#slots + 8 * this.body.parameters.length + 160;
    return this.body.usesVarargs ? `${fixed}+8*va.length` : String(fixed);
  }

  finish(): Written {
    const leaving = this.countsDepth ? `M.depth-=${this.weight};` : '';
    for (const hole of this.#returns) this.writer.fill(hole, leaving);
    return this.writer.finish();
  }

  get countsDepth(): boolean {
    return this.calls || this.#slots > 40;
  }
}

const slotLists = [''];
/** `,r0,r1,...`: so many slots. */
function slotList(count: number): string {
  for (let slot = slotLists.length - 1; slot < count; slot++) slotLists.push(`${slotLists[slot]},r${slot}`);
  return slotLists[count] ?? '';
}

/** The variable holds this function and nothing else, ever. */
const isOwn = (variable: Variable, body: FunctionBody): boolean =>
  variable.initializer === body && !variable.assigned;

/** Variables that a closure of the function is made with, in order. */
export function closureVariables(body: FunctionBody): Variable[] {
  return body.upvalues.filter((variable) => !isOwn(variable, body) && literalOf(variable) === undefined);
}

/** Some block of the function, not of a nested one, has a to-be-closed variable. */
function hasClosing(body: FunctionBody): boolean {
  return closingBlock(body.body);
}

function closingBlock(block: Block): boolean {
  return block.closes || block.statements.some((s) => blocksOf(s).some(closingBlock));
}

function blocksOf(s: Statement): readonly Block[] {
  switch (s.kind) {
    case 'do':
    case 'while':
    case 'repeat':
    case 'numericFor':
    case 'genericFor':
      return [s.body];
    case 'if':
      return [...s.clauses.map(({ body }) => body), ...(s.otherwise === undefined ? [] : [s.otherwise])];
    default:
      return [];
  }
}

export const isCellVariable = (variable: Variable): boolean => variable.captured && variable.assigned;

/** The constant that a variable always is, where it is short enough to be written out. */
export function literalOf(variable: Variable): Expression | undefined {
  const { initializer } = variable;
  if (variable.assigned || initializer === undefined || variable.attribute === 'close') return undefined;
  switch (initializer.kind) {
    case 'nil':
    case 'boolean':
      return initializer;
    case 'integer':
      return typeof initializer.value === 'number' ? initializer : undefined;
    case 'string':
      return initializer.value.length <= 24 ? initializer : undefined;
    default:
      return undefined;
  }
}

function literalStorage(variable: Variable): Storage {
  const literal = literalOf(variable);
  if (literal === undefined) throw new TypeError(`variable '${variable.name}' is no constant`);
  const { js, type } = literalText(literal);
  return { kind: 'literal', js, type };
}

/** The text of a nil, boolean, plain integer or string. */
export function literalText(literal: Expression): { readonly js: string; readonly type: StaticType } {
  switch (literal.kind) {
    case 'nil':
      return { js: 'undefined', type: NIL };
    case 'boolean':
      return { js: String(literal.value), type: BOOLEAN };
    case 'integer': {
      const value = Number(literal.value);
      return {
        js: value < 0 ? `(${value})` : String(value),
        type: { is: 'integer', low: value, high: value },
      };
    }
    case 'string':
      return { js: JSON.stringify(literal.value), type: STRING };
    default:
      throw new TypeError(`'${literal.kind}' is no literal`);
  }
}

/** The type that a variable of an enclosing function has for ever. */
function typeOfConstant(variable: Variable): StaticType {
  if (variable.assigned) return ANY;
  return variable.initializer?.kind === 'function'
    ? FUNCTION
    : variable.initializer?.kind === 'table'
      ? { is: 'table', low: 0, high: 0 }
      : ANY;
}
