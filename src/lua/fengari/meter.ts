// What a program on fengari may do in one step: instructions and memory, as on the compiled engine, but coarser. Sealed.
// T1: Lua's instructions are counted by a hook, in strides; what fengari does in JavaScript for one of them, by its size, where
//     it is done (counted-strings.ts, counted.ts).
// T2: counts follow from the program and its inputs only, so a replay stops at the same place.
// T3: only the state that runs is counted; what is done for an instance before it runs is not.
// T4: what is over its budget ends past every pcall, and its state is not run again.

/** Bytes of a string besides its characters. */
export const STRING_BYTES = 100;

export interface MeterLimits {
  readonly instructions: number;
  /** Bytes. */
  readonly memory: number;
}

/** Ends a thread past every pcall (T4). */
export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded';
  readonly traceback: string;
  readonly resource: keyof MeterLimits;
  readonly limit: number;
  constructor(message: string, traceback: string, resource: keyof MeterLimits, limit: number) {
    super(message);
    this.traceback = traceback;
    this.resource = resource;
    this.limit = limit;
  }
}

export class Meter {
  readonly #limits: MeterLimits;
  /** Where the code is that runs: its place and its traceback. */
  readonly #where: () => { readonly place: string; readonly traceback: string };
  #instructions = 0;
  #memory = 0;
  #stop: BudgetExceeded | undefined;

  constructor(limits: MeterLimits, where: () => { readonly place: string; readonly traceback: string }) {
    this.#limits = limits;
    this.#where = where;
  }

  /** A step begins. */
  reset(): void {
    this.#instructions = this.#memory = 0;
  }

  /** Instructions since the step began. */
  get used(): number {
    return this.#instructions;
  }

  /** Instructions that the step may still take. */
  get left(): number {
    return this.#limits.instructions - this.#instructions;
  }

  /** Why the state was stopped. */
  get stop(): BudgetExceeded | undefined {
    return this.#stop;
  }

  charge(units: number): void {
    if (this.#stop !== undefined) throw this.#stop;
    this.#instructions += units;
    if (this.#instructions > this.#limits.instructions) this.exceed('instructions', 'instructions');
  }

  chargeMemory(bytes: number): void {
    if (this.#stop !== undefined) throw this.#stop;
    this.#memory += bytes;
    if (this.#memory > this.#limits.memory) this.exceed('memory', 'bytes of memory');
  }

  exceed(resource: keyof MeterLimits, what: string): never {
    const limit = this.#limits[resource];
    const { place, traceback } = this.#where();
    const message = `budget exceeded${place === '' ? '' : ` at ${place}`}: more than ${limit} ${what} in one step; 'budget.${resource}' of the entry sets the limit`;
    this.#stop = new BudgetExceeded(message, traceback, resource, limit);
    throw this.#stop;
  }
}

let current: Meter | undefined;

/** The meter of the state that runs from now on; gives back the one before. */
export function setMeter(meter: Meter | undefined): Meter | undefined {
  const before = current;
  current = meter;
  return before;
}
export const runningMeter = (): Meter | undefined => current;

/** Counts for the state that runs. */
export const chargeRunning = (units: number): void => current?.charge(units);
export const chargeMemoryRunning = (bytes: number): void => current?.chargeMemory(bytes);
