// Scopes while parsing: functions, blocks, variables, labels. Sealed.
// S1: `#bindings` maps a name to its innermost variable in scope; each variable remembers the one it hides, so leaving a block
//     puts the old ones back. One lookup resolves a name through all functions.
// S2: gotos are resolved as PUC 5.3 does it: to a label of the same block that came before, else they wait; a label takes the
//     waiting gotos of its block, and what still waits when a block ends moves out to the block around it.
// Long, since variables and labels are looked up, hidden and put back by the same blocks.
import { TokenReader } from './token-reader.js';
import type {
  Assignable,
  Block,
  Expression,
  FunctionBody,
  GlobalExpression,
  GotoStatement,
  Label,
  Statement,
  TypeAlias,
  TypeNode,
  TypeParameter,
  Variable,
} from './tree.js';

const MAX_VARIABLES = 200;
const MAX_UPVALUES = 255;
const ENVIRONMENT = '_ENV';

type Draft<T> = { -readonly [K in keyof T]: T[K] };

export interface VariableDraft extends Draft<Variable> {
  hides: VariableDraft | undefined;
  owner: FunctionDraft;
}
export interface LabelDraft extends Draft<Label> {
  /** Variables of the function that were active at the label. */
  active: number;
}
export interface FunctionDraft extends Draft<FunctionBody> {
  parent: FunctionDraft | undefined;
  parameters: VariableDraft[];
  upvalues: VariableDraft[];
  functions: FunctionDraft[];
  generics: readonly TypeParameter[];
}

interface WaitingGoto {
  readonly statement: Draft<GotoStatement> | undefined;
  /** `break` outside a loop waits like a goto and is never met. */
  readonly name: string;
  readonly line: number;
  active: number;
}

class BlockScope {
  readonly parent: BlockScope | undefined;
  readonly isLoop: boolean;
  readonly activeBefore: number;
  readonly firstWaiting: number;
  readonly variables: VariableDraft[] = [];
  readonly labels: LabelDraft[] = [];
  closes = false;
  constructor(parent: BlockScope | undefined, isLoop: boolean, activeBefore: number, firstWaiting: number) {
    this.parent = parent;
    this.isLoop = isLoop;
    this.activeBefore = activeBefore;
    this.firstWaiting = firstWaiting;
  }
}

class FunctionScope {
  readonly parent: FunctionScope | undefined;
  readonly draft: FunctionDraft;
  block: BlockScope;
  /** Variables in scope, in order; undefined stands for the hidden ones of a for loop. */
  readonly active: (VariableDraft | undefined)[] = [];
  /** `active` plus those that are declared but not in scope yet. */
  declared = 0;
  loopDepth = 0;
  readonly waiting: WaitingGoto[] = [];
  constructor(parent: FunctionScope | undefined, draft: FunctionDraft) {
    this.parent = parent;
    this.draft = draft;
    this.block = new BlockScope(undefined, false, 0, 0);
  }
}

const NO_BLOCK: Block = { statements: [], variables: [], labels: [], closes: false };

export abstract class ScopedParser extends TokenReader {
  protected readonly functions: FunctionDraft[] = [];
  protected readonly variables: VariableDraft[] = [];
  protected readonly types: TypeAlias[] = [];
  protected labelCount = 0;
  protected readsEnvironment = false;
  protected assignsEnvironment = false;
  /** Reads of globals, for the check that none of them names a type. */
  protected readonly globalReads: GlobalExpression[] = [];
  protected readonly assignedGlobals = new Set<string>();
  /** Above 0 inside `typeof(...)`: what is named there is not used at run time. */
  protected erased = 0;
  readonly #bindings = new Map<string, VariableDraft>();
  #scope: FunctionScope | undefined;

  get #current(): FunctionScope {
    if (this.#scope === undefined) throw new TypeError('no function is open');
    return this.#scope;
  }

  protected get function(): FunctionDraft {
    return this.#current.draft;
  }

  protected override describeFunction(): string {
    const draft = this.#scope?.draft;
    return draft === undefined || draft.parent === undefined
      ? 'main function'
      : `function at line ${String(draft.line)}`;
  }

  protected openFunction(name: string | undefined, line: number, column: number): FunctionDraft {
    const parent = this.#scope?.draft;
    const draft: FunctionDraft = {
      kind: 'function',
      line,
      column,
      id: this.functions.length,
      name,
      parent,
      parameters: [],
      hasVarargs: false,
      usesVarargs: false,
      body: NO_BLOCK,
      upvalues: [],
      usesEnvironment: false,
      functions: [],
      operators: 0,
      endLine: line,
      generics: [],
      varargType: undefined,
      returnType: undefined,
    };
    this.functions.push(draft);
    parent?.functions.push(draft);
    this.#scope = new FunctionScope(this.#scope, draft);
    return draft;
  }

  protected closeFunction(statements: readonly Statement[]): void {
    const scope = this.#current;
    scope.draft.body = this.#finishBlock(scope, statements);
    const unmet = scope.waiting[0];
    if (unmet !== undefined) {
      this.failPlainly(
        unmet.statement === undefined
          ? `<break> at line ${String(unmet.line)} not inside a loop`
          : `no visible label '${unmet.name}' for <goto> at line ${String(unmet.line)}`,
      );
    }
    this.#scope = scope.parent;
  }

  protected openBlock(isLoop: boolean): void {
    const scope = this.#current;
    scope.block = new BlockScope(scope.block, isLoop, scope.active.length, scope.waiting.length);
    if (isLoop) scope.loopDepth++;
  }

  protected closeBlock(statements: readonly Statement[]): Block {
    const scope = this.#current;
    const { block } = scope;
    const finished = this.#finishBlock(scope, statements);
    if (block.isLoop) scope.loopDepth--;
    if (block.parent !== undefined) scope.block = block.parent;
    this.#moveGotosOut(scope, block);
    return finished;
  }

  #finishBlock(scope: FunctionScope, statements: readonly Statement[]): Block {
    const { block } = scope;
    for (let i = scope.active.length - 1; i >= block.activeBefore; i--) {
      const variable = scope.active[i];
      if (variable === undefined) continue;
      if (variable.hides === undefined) this.#bindings.delete(variable.name);
      else this.#bindings.set(variable.name, variable.hides);
    }
    scope.active.length = scope.declared = block.activeBefore;
    return { statements, variables: block.variables, labels: block.labels, closes: block.closes };
  }

  // ---------------------------------------------------------------------------------------------- variables

  /** Declares a variable; it is in scope only after `activate`. */
  protected declare(
    name: string,
    role: Variable['role'],
    line: number,
    column: number,
    attribute: Variable['attribute'] = undefined,
    type: TypeNode | undefined = undefined,
  ): VariableDraft {
    const scope = this.#current;
    const variable: VariableDraft = {
      line,
      column,
      id: this.variables.length,
      name,
      role,
      owner: scope.draft,
      captured: false,
      assigned: false,
      attribute,
      loopDepth: scope.loopDepth,
      initializer: undefined,
      type,
      hides: undefined,
    };
    this.limit(++scope.declared, MAX_VARIABLES, 'local variables');
    this.variables.push(variable);
    return variable;
  }

  protected activate(variable: VariableDraft): void {
    const scope = this.#current;
    scope.active.push(variable);
    scope.block.variables.push(variable);
    if (variable.attribute === 'close') scope.block.closes = true;
    variable.hides = this.#bindings.get(variable.name);
    this.#bindings.set(variable.name, variable);
  }

  /** The variables that a for loop keeps for itself: they count towards the limit. */
  protected declareHidden(count: number): void {
    const scope = this.#current;
    for (let i = 0; i < count; i++) {
      this.limit(++scope.declared, MAX_VARIABLES, 'local variables');
      scope.active.push(undefined);
    }
  }

  /** What `name` stands for here. */
  protected resolve(name: string, line: number, column: number): Assignable {
    const variable = this.#bindings.get(name);
    if (variable !== undefined) return this.#use(variable, line, column);
    if (name === ENVIRONMENT) {
      this.#useEnvironment();
      this.readsEnvironment = true;
      return { kind: 'environment', line, column };
    }
    const environment = this.#bindings.get(ENVIRONMENT);
    if (environment !== undefined) {
      const object = this.#use(environment, line, column);
      return { kind: 'index', line, column, object, key: { kind: 'string', line, column, value: name } };
    }
    this.#useEnvironment();
    const global: GlobalExpression = { kind: 'global', line, column, name };
    if (this.erased === 0) this.globalReads.push(global);
    return global;
  }

  #use(variable: VariableDraft, line: number, column: number): Assignable {
    const scope = this.#current;
    if (variable.owner === scope.draft) return { kind: 'local', line, column, variable };
    if (this.erased === 0) {
      variable.captured = true;
      this.#capture(scope.draft, variable);
    }
    return { kind: 'upvalue', line, column, variable };
  }

  #capture(from: FunctionDraft, variable: VariableDraft): void {
    for (
      let draft: FunctionDraft | undefined = from;
      draft !== undefined && draft !== variable.owner;
      draft = draft.parent
    ) {
      if (draft.upvalues.includes(variable)) return;
      draft.upvalues.push(variable);
      this.limit(draft.upvalues.length + (draft.usesEnvironment ? 1 : 0), MAX_UPVALUES, 'upvalues');
    }
  }

  #useEnvironment(): void {
    if (this.erased > 0) return;
    for (
      let draft: FunctionDraft | undefined = this.#current.draft;
      draft !== undefined && !draft.usesEnvironment;
      draft = draft.parent
    ) {
      draft.usesEnvironment = true;
      this.limit(draft.upvalues.length + 1, MAX_UPVALUES, 'upvalues');
    }
  }

  /** Notes that `target` is assigned; refuses constants. */
  protected noteAssignment(target: Assignable): void {
    if (target.kind === 'local' || target.kind === 'upvalue') {
      const variable = this.variables[target.variable.id];
      if (variable === undefined) return;
      if (variable.attribute !== undefined) {
        this.failPlainly(`attempt to assign to const variable '${variable.name}'`);
      }
      variable.assigned = true;
    } else if (target.kind === 'environment') this.assignsEnvironment = true;
    else if (target.kind === 'global') this.assignedGlobals.add(target.name);
  }

  // ------------------------------------------------------------------------------------- labels, goto, break

  protected declareLabel(name: string, line: number, column: number): LabelDraft {
    const scope = this.#current;
    const same = scope.block.labels.find((label) => label.name === name);
    if (same !== undefined) {
      this.failPlainly(`label '${name}' already defined on line ${String(same.line)}`);
    }
    return {
      line,
      column,
      id: this.labelCount++,
      name,
      atEnd: false,
      forward: 0,
      backward: 0,
      active: scope.active.length,
    };
  }

  /** Puts the label in its block, which takes the gotos that wait for it. A label at the end is outside the block's variables. */
  protected placeLabel(label: LabelDraft, atEnd: boolean, beforeUntil: boolean): void {
    const scope = this.#current;
    const { block } = scope;
    block.labels.push(label);
    label.atEnd = atEnd;
    if (atEnd && !beforeUntil) label.active = block.activeBefore;
    for (let i = block.firstWaiting; i < scope.waiting.length;) {
      if (!this.#meet(scope, i, label, 'forward')) i++;
    }
  }

  protected addGoto(name: string, line: number, column: number): Statement {
    const scope = this.#current;
    const statement: Draft<GotoStatement> = {
      kind: 'goto',
      line,
      column,
      name,
      label: UNMET,
      direction: 'forward',
    };
    scope.waiting.push({ statement, name, line, active: scope.active.length });
    const label = scope.block.labels.find((candidate) => candidate.name === name);
    if (label !== undefined) this.#meet(scope, scope.waiting.length - 1, label, 'backward');
    return statement;
  }

  protected addBreak(line: number): void {
    const scope = this.#current;
    for (let block: BlockScope | undefined = scope.block; block !== undefined; block = block.parent) {
      if (block.isLoop) return;
    }
    scope.waiting.push({ statement: undefined, name: 'break', line, active: scope.active.length });
  }

  #meet(scope: FunctionScope, index: number, label: LabelDraft, direction: 'forward' | 'backward'): boolean {
    const waiting = scope.waiting[index];
    if (waiting?.statement === undefined || waiting.name !== label.name) return false;
    if (waiting.active < label.active) {
      const variable = scope.active[waiting.active]?.name ?? '?';
      this.failPlainly(
        `<goto ${label.name}> at line ${String(waiting.line)} jumps into the scope of local '${variable}'`,
      );
    }
    waiting.statement.label = label;
    waiting.statement.direction = direction;
    if (direction === 'forward') label.forward++;
    else label.backward++;
    scope.waiting.splice(index, 1);
    return true;
  }

  #moveGotosOut(scope: FunctionScope, left: BlockScope): void {
    for (let i = left.firstWaiting; i < scope.waiting.length;) {
      const waiting = scope.waiting[i];
      if (waiting === undefined) break;
      if (waiting.active > left.activeBefore) waiting.active = left.activeBefore;
      const label = scope.block.labels.find((candidate) => candidate.name === waiting.name);
      if (label === undefined || !this.#meet(scope, i, label, 'backward')) i++;
    }
  }

  /** For name hints: what an expression is called, `a.b.c`. */
  protected describeTarget(target: Expression): string | undefined {
    switch (target.kind) {
      case 'local':
      case 'upvalue':
        return target.variable.name;
      case 'global':
        return target.name;
      case 'index': {
        if (target.key.kind !== 'string') return undefined;
        const object = this.describeTarget(target.object);
        return object === undefined || object === ENVIRONMENT
          ? target.key.value
          : `${object}.${target.key.value}`;
      }
      default:
        return undefined;
    }
  }
}

const UNMET: Label = { line: 0, column: 0, id: -1, name: '', atEnd: false, forward: 0, backward: 0 };
