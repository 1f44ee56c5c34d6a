// What the generator knows of the place it writes at: variables, functions, and how often the code there will run.
import type { Random } from './random.js';

/** Types as the generator keeps them; a program may break them where it wants to see an error. */
export type Type = 'int' | 'float' | 'string' | 'boolean' | 'ints' | 'record' | 'strings' | 'any';

export interface Variable {
  readonly name: string;
  readonly type: Type;
  /** Whether statements may assign to it. */
  readonly mutable: boolean;
}

export interface Callee {
  readonly name: string;
  readonly parameters: readonly Type[];
  readonly results: readonly Type[];
  /** It assigns nothing that its caller can see, so that it may stand in the middle of an expression. */
  readonly pure: boolean;
  /** Statements that a call runs, about. */
  readonly cost: number;
}

/** How many statements a program may run, about. */
export const MAX_COST = 3000;

export interface Surroundings {
  /** `...` is there. */
  readonly varargs: boolean;
  /** `break` is allowed. */
  readonly loop: boolean;
  /** `return` is allowed, with these types. */
  readonly returns: readonly Type[] | undefined;
  /** Assigning to variables of enclosing functions is not allowed. */
  readonly pure: boolean;
}

export class Scope {
  readonly variables: Variable[] = [];
  readonly callees: Callee[] = [];
  readonly parent: Scope | undefined;
  readonly around: Surroundings;
  /** Passes of enclosing loops, multiplied. */
  readonly passes: number;
  /** Statements of this function so far, each times its passes. */
  readonly spent: { cost: number };
  /** Blocks around. */
  readonly depth: number;
  /** The scopes of enclosing functions begin above this one. */
  readonly opensFunction: boolean;

  constructor(parent: Scope | undefined, around: Surroundings, passes = 1, opensFunction = false) {
    this.parent = parent;
    this.around = around;
    this.passes = opensFunction ? passes : (parent?.passes ?? 1) * passes;
    this.spent = opensFunction || parent === undefined ? { cost: 0 } : parent.spent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.opensFunction = opensFunction;
  }

  block(passes = 1, around: Partial<Surroundings> = {}): Scope {
    return new Scope(this, { ...this.around, ...around }, passes);
  }

  function(around: Partial<Surroundings> = {}): Scope {
    const inner: Surroundings = {
      varargs: false,
      loop: false,
      returns: [],
      pure: this.around.pure,
      ...around,
    };
    return new Scope(this, inner, 1, true);
  }

  declare(name: string, type: Type, mutable = true): void {
    this.variables.push({ name, type, mutable });
  }

  spend(cost = 1): void {
    this.spent.cost += cost * this.passes;
  }

  /** Whether a call of this cost still fits in. */
  affords(cost: number): boolean {
    return (this.spent.cost + cost * this.passes) * this.outerPasses() < MAX_COST;
  }

  outerPasses(): number {
    for (let scope = this.parent; scope !== undefined; scope = scope.parent)
      if (scope.spent !== this.spent) return scope.passes;
    return 1;
  }

  /** This scope and those around it, innermost first. */
  *#outwards(): Generator<Scope> {
    yield this;
    if (this.parent !== undefined) yield* this.parent.#outwards();
  }

  /** Visible variables that fit. `own`: only those that may be assigned here. */
  find(fits: (variable: Variable) => boolean, own = false): Variable[] {
    const found: Variable[] = [];
    for (const scope of this.#outwards()) {
      found.push(...scope.variables.filter(fits));
      if (own && this.around.pure && scope.opensFunction) break;
    }
    return found;
  }

  ofType(type: Type): Variable[] {
    return this.find((variable) => variable.type === type);
  }

  visibleCallees(fits: (callee: Callee) => boolean): Callee[] {
    return [...this.#outwards()].flatMap(({ callees }) =>
      callees.filter((callee) => fits(callee) && this.affords(callee.cost)),
    );
  }
}

/** Names that no two variables of a program share, so that removing a statement never changes what a name means. */
export class Names {
  #count = 0;
  fresh(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }
}

export interface Writing {
  readonly random: Random;
  readonly names: Names;
}
