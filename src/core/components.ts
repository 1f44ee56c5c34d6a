// The component loader: from a set of components to an order, and through load, start and stop. Sealed.
// C1: components of one level depend only on those of levels before; one level loads in parallel.
// C2: starts go one by one in the order of levels, names within a level sorted; stops are the exact reverse of the starts.
// C3: what failed to start is not stopped, what started before it is.
import type { AppContext } from './app-context.js';
import type { Component } from './component.js';
import { type ErrorKind, type ExitCode, PlatformError } from './errors.js';

/** The set of components cannot be put in order. */
export class ComponentOrderError extends PlatformError {
  override readonly name = 'ComponentOrderError';
  readonly code = 'COMPONENT_ORDER';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
}

/** A component failed; the cause says why, and how it is judged. */
export class ComponentError extends PlatformError {
  override readonly name = 'ComponentError';
  readonly code = 'COMPONENT_FAILED';
  override readonly kind: ErrorKind;
  override readonly retryable: boolean;
  override readonly exitCode: ExitCode;
  readonly component: string;
  constructor(component: string, phase: 'load' | 'start' | 'stop', cause: unknown) {
    super(
      `component '${component}' failed to ${phase}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.component = component;
    const known = cause instanceof PlatformError ? cause : undefined;
    this.kind = known?.kind ?? 'Internal';
    this.retryable = known?.retryable ?? false;
    this.exitCode = known?.exitCode ?? 1;
  }
}

export interface ComponentTiming {
  readonly name: string;
  /** From 0. */
  readonly level: number;
  readonly dependsOn: readonly string[];
  /** Milliseconds; undefined before it happened. */
  readonly loadMs: number | undefined;
  readonly startMs: number | undefined;
}

/** The levels of the components, names sorted within each. Throws ComponentOrderError. */
export function orderComponents(components: readonly Component[]): readonly (readonly Component[])[] {
  const byName = new Map<string, Component>();
  for (const component of components) {
    if (byName.has(component.name))
      throw new ComponentOrderError(`two components are named '${component.name}'; rename one of them`);
    byName.set(component.name, component);
  }
  for (const { name, dependsOn } of components)
    for (const needed of dependsOn)
      if (!byName.has(needed))
        throw new ComponentOrderError(
          `component '${name}' depends on '${needed}', which is not there; add it or drop the dependency`,
        );

  const levels: Component[][] = [];
  const placed = new Set<string>();
  while (placed.size < byName.size) {
    const level = [...byName.values()].filter(
      ({ name, dependsOn }) => !placed.has(name) && dependsOn.every((needed) => placed.has(needed)),
    );
    if (level.length === 0)
      throw new ComponentOrderError(
        `components depend on each other in a circle: ${findCycle(byName, placed).join(' -> ')}; break one of these dependencies`,
      );
    level.sort((left, right) => (left.name < right.name ? -1 : 1));
    for (const { name } of level) placed.add(name);
    levels.push(level);
  }
  return levels;
}

/** Names along one cycle among the components that could not be placed, the first one again at the end. */
function findCycle(byName: ReadonlyMap<string, Component>, placed: ReadonlySet<string>): string[] {
  const path: string[] = [];
  let name = [...byName.keys()].filter((candidate) => !placed.has(candidate)).sort()[0];
  while (name !== undefined && !path.includes(name)) {
    path.push(name);
    name = byName.get(name)?.dependsOn.find((needed) => !placed.has(needed));
  }
  return name === undefined ? path : [...path.slice(path.indexOf(name)), name];
}

export interface ComponentSetOptions {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

export class ComponentSet {
  readonly levels: readonly (readonly Component[])[];
  readonly #app: AppContext;
  readonly #now: () => number;
  readonly #loadMs = new Map<string, number>();
  readonly #startMs = new Map<string, number>();
  /** Started and not stopped, in the order of their starts. */
  readonly #started: Component[] = [];

  constructor(components: readonly Component[], app: AppContext, { now }: ComponentSetOptions) {
    this.levels = orderComponents(components);
    this.#app = app;
    this.#now = now;
  }

  /** Loads level by level. All of a level settle before a failure is thrown. */
  async load(): Promise<void> {
    for (const level of this.levels) {
      const results = await Promise.allSettled(level.map((component) => this.#load(component)));
      throwGathered(
        results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
        'several components failed to load',
      );
    }
  }

  /** Starts in order; when one fails, stops those already started and throws. */
  async start(): Promise<void> {
    for (const component of this.levels.flat()) {
      const begin = this.#now();
      try {
        await component.start?.(this.#app);
      } catch (cause) {
        const errors: unknown[] = [new ComponentError(component.name, 'start', cause)];
        await this.#stopInto(errors); // C3
        throwGathered(
          errors,
          `component '${component.name}' failed to start, and stopping the others failed too`,
        );
      }
      this.#startMs.set(component.name, this.#now() - begin);
      this.#started.push(component);
    }
  }

  /** Stops what was started, in reverse; every component gets its turn, errors are gathered in one AggregateError. */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    await this.#stopInto(errors);
    if (errors.length > 0)
      throw new AggregateError(errors, `stopping failed for ${errors.length} component(s)`);
  }

  get timings(): readonly ComponentTiming[] {
    return this.levels.flatMap((level, index) =>
      level.map(({ name, dependsOn }) => ({
        name,
        level: index,
        dependsOn,
        loadMs: this.#loadMs.get(name),
        startMs: this.#startMs.get(name),
      })),
    );
  }

  async #load(component: Component): Promise<void> {
    const begin = this.#now();
    try {
      await component.load?.(this.#app);
    } catch (cause) {
      throw new ComponentError(component.name, 'load', cause);
    }
    this.#loadMs.set(component.name, this.#now() - begin);
  }

  async #stopInto(errors: unknown[]): Promise<void> {
    for (let component = this.#started.pop(); component !== undefined; component = this.#started.pop()) {
      try {
        await component.stop?.(this.#app);
      } catch (cause) {
        errors.push(new ComponentError(component.name, 'stop', cause));
      }
    }
  }
}

function throwGathered(errors: readonly unknown[], message: string): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, message);
}
