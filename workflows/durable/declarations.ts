// Queries and updates: what a program declares becomes handlers of the SDK, with their names and descriptions. Sealed.
// D1: a program may wait before it declares. An update that its text declares by name is then accepted and waits; such
//     a query is NOT_READY. Any other name is refused at once, with what there is.
// D2: whatever a handler ends with is a result or an ApplicationFailure: any other error would fail the task and hang the caller.
// D3: a validator refuses by raising, by `false` first, or by an error second.
import { defineQuery, defineUpdate, setDefaultQueryHandler, setHandler } from '@temporalio/workflow';
import type { Data } from '../../src/core/data.js';
import type { ErrorData } from '../../src/core/error-data.js';
import { toBytes, toTextLossy } from '../../src/core/text.js';
import type { Outcome } from '../../src/lua/step.js';
import { declaredHandlers } from '../../src/modules/workflow/durable.js';
import type { QueryHandler, UpdateHandler } from '../../src/modules/workflow/durable.js';
import type { Declares } from '../../src/temporal/contracts.js';
import { errorToErrorData, toFailure } from '../../src/temporal/failures.js';
import { NO_HANDLER, NOT_READY } from '../../src/temporal/names.js';
import { encodedResults, toDataOrThrow } from '../../src/temporal/payload-converter.js';
import { refuseUnknownUpdates } from '../../src/temporal/sdk-internals.js';
import type { Run } from './run.js';

export class Declarations {
  readonly #run: Run;
  readonly #declares: Declares;
  /** Updates that came before their handler (D1). */
  readonly #waiting = new Map<string, ((why?: ErrorData) => void)[]>();
  /** Handlers that the SDK has been told of. */
  readonly #queries = new Map<string, QueryHandler>();
  readonly #updates = new Map<string, UpdateHandler>();
  #changes = 0;
  #closed = false;

  constructor(run: Run, declares: Declares = { query: [], update: [] }) {
    this.#run = run;
    this.#declares = declares;
  }

  /** From now on queries are answered, or refused by their names. */
  open(): void {
    setDefaultQueryHandler((name) => {
      const known = [...this.#queries.keys()].map(toTextLossy).join(', ');
      if (!this.#run.ended && this.#mentions('query', name))
        throw new Error(`${NOT_READY}: query '${name}' is not declared yet`);
      throw new Error(
        `the workflow ${NO_HANDLER} for ${name}; its queries: ${known === '' ? 'none' : known}`,
      );
    });
    refuseUnknownUpdates((name) => toFailure(noUpdate(name, [...this.#updates.keys()])));
  }

  /** Tells the SDK what the last step declared. */
  sync(): void {
    const declared = declaredHandlers(this.#run.instance);
    if (declared.changes === this.#changes) return;
    this.#changes = declared.changes;
    for (const [name, handler] of declared.queries)
      if (this.#queries.get(name) !== handler) this.#query(name, handler);
    for (const [name, handler] of declared.updates)
      if (this.#updates.get(name) !== handler) this.#update(name, handler);
  }

  /** An update of that name comes: gives it a handler that waits, where its own may still be declared (D1). */
  expect(name: string): void {
    if (
      this.#closed ||
      this.#updates.has(toBytes(name)) ||
      this.#waiting.has(name) ||
      !this.#mentions('update', name)
    )
      return;
    const waiting: ((why?: ErrorData) => void)[] = [];
    this.#waiting.set(name, waiting);
    setHandler(defineUpdate<unknown, unknown[]>(name), async (...args) => {
      const refused = await new Promise<ErrorData | undefined>((resolve) => waiting.push(resolve));
      if (refused !== undefined) throw toFailure(refused);
      const handler = this.#updates.get(toBytes(name));
      if (handler === undefined) throw toFailure(neverDeclared(name));
      this.#validate(handler, args);
      return this.#handle(handler, args);
    });
  }

  /** Main has ended: what waits for a declaration waits in vain. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  /**
   * Main goes on as another run: what waits for a declaration was accepted by this one, so that the next cannot have it, and must
   * not run here any more, where what it does would be lost.
   */
  leave(): void {
    this.#closed = true;
    this.#release(GOES_ON);
  }

  /** It does not. */
  stay(): void {
    this.#closed = false;
  }

  #release(why?: ErrorData): void {
    for (const waiting of this.#waiting.values()) for (const resolve of waiting.splice(0)) resolve(why);
    this.#waiting.clear();
  }

  #query(name: string, handler: QueryHandler): void {
    this.#queries.set(name, handler);
    setHandler(
      defineQuery<unknown, unknown[]>(toTextLossy(name)),
      (...args) => resultsOf(this.#run.consult(handler.handle, args.map(toDataOrThrow))),
      described(handler),
    );
  }

  #update(name: string, handler: UpdateHandler): void {
    this.#updates.set(name, handler);
    setHandler(
      defineUpdate<unknown, unknown[]>(toTextLossy(name)),
      (...args) => this.#handle(handler, args),
      { validator: (...args) => this.#validate(handler, args), ...described(handler) },
    );
    const waiting = this.#waiting.get(toTextLossy(name));
    this.#waiting.delete(toTextLossy(name));
    for (const resolve of waiting ?? []) resolve();
  }

  #validate({ validate }: UpdateHandler, args: readonly unknown[]): void {
    const data = dataOf(args);
    if (validate === undefined) return;
    const outcome = this.#run.consult(validate, data);
    // A refusal in plain words is of no kind: that of a bad request is meant.
    if (!outcome.ok)
      throw toFailure(
        outcome.error.kind === 'Unknown' ? { ...outcome.error, kind: 'Invalid' } : outcome.error,
      );
    if (outcome.values[0] === false) throw toFailure(REFUSED);
  }

  async #handle({ handle }: UpdateHandler, args: readonly unknown[]): Promise<unknown> {
    const data = dataOf(args);
    return resultsOf(await new Promise<Outcome>((ended) => this.#run.invoke(handle, data, ended)));
  }

  /** Whether the program's text declares that name. */
  #mentions(verb: 'query' | 'update', name: string): boolean {
    return this.#declares[verb].includes(toBytes(name));
  }
}

const REFUSED: ErrorData = {
  kind: 'Invalid',
  message: 'the update was refused by its validator',
  retryable: false,
};

const GOES_ON: ErrorData = {
  kind: 'Unavailable',
  message: 'the run goes on as another, which does not know of this update; send it again',
  retryable: true,
};

const noUpdate = (name: string, known: readonly string[]): ErrorData => ({
  kind: 'NotFound',
  message: `the workflow ${NO_HANDLER} for ${toBytes(name)}; its updates: ${known.length === 0 ? 'none' : known.join(', ')}`,
  retryable: false,
});

const neverDeclared = (name: string): ErrorData => ({
  kind: 'NotFound',
  message: toBytes(`the run ended before it declared the update '${name}'`),
  retryable: false,
});

const described = ({ description }: QueryHandler): { readonly description?: string } =>
  description === undefined ? {} : { description: toTextLossy(description) };

/** Arguments that cannot be read are the caller's fault, not the task's. */
export function dataOf(args: readonly unknown[]): readonly Data[] {
  try {
    return args.map(toDataOrThrow);
  } catch (error) {
    throw toFailure(errorToErrorData(error));
  }
}

/** Results as they are recorded (D2). */
export function resultsOf(outcome: Outcome): unknown {
  if (!outcome.ok) throw toFailure(outcome.error);
  try {
    return encodedResults(outcome.values);
  } catch (error) {
    throw toFailure(errorToErrorData(error));
  }
}
