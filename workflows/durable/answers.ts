// What updates were answered with, by their ids, for as long as the workflow lives: the server forgets it with the run. Sealed.
// A1: an update whose id an earlier run has answered gets that answer again; neither its validator nor its handler runs.
// A2: the newest are carried on, as many and as large as a start may hold beside its arguments.
// A3: an answer that is given again is a turn of the run all the same: whether it should go on as new is looked at there.
// A4: what is carried was written by who started the run: a part of another shape is as one that is not there.
import { RawValue } from '@temporalio/common';
import { dataObject } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import type { ErrorData } from '../../src/core/error-data.js';
import { dataToError, errorToData, errorToErrorData, toFailure } from '../../src/temporal/failures.js';
import { encodedResults, payloadConverter, toResults } from '../../src/temporal/payload-converter.js';
import { asObject } from './options.js';

type Answer =
  | { readonly results: readonly Data[]; readonly error?: never }
  | { readonly error: ErrorData; readonly results?: never };
/** As its handler left it. */
type Ended = { readonly result: unknown } | { readonly failure: unknown };

/** A2. The server takes 2,000 updates a run. */
const MOST = 2000;
const MOST_BYTES = 256 * 1024;

export class UpdateAnswers {
  /** Of earlier runs, oldest first. */
  readonly #earlier = new Map<string, Answer>();
  /** Of this run, in the order in which their handlers ended. */
  readonly #own = new Map<string, Ended>();
  /** Called when an answer was given again (A3). */
  repeated: () => void = () => undefined;

  constructor(carried: readonly Data[] = []) {
    for (const item of carried) {
      const { id, results, error } = asObject(item) ?? dataObject();
      if (typeof id !== 'string') continue;
      if (Array.isArray(results)) this.#earlier.set(id, { results });
      else {
        const data = dataToError(error);
        if (data !== undefined) this.#earlier.set(id, { error: data });
      }
    }
  }

  /** Whether an earlier run has answered it (A1). */
  has(id: string): boolean {
    return this.#earlier.has(id);
  }

  /** The answer that an earlier run gave, or else the handler's. */
  async of(id: string, handle: () => Promise<unknown>): Promise<unknown> {
    const known = this.#earlier.get(id);
    if (known !== undefined) this.repeated();
    if (known?.error !== undefined) throw toFailure(known.error);
    if (known !== undefined) return encodedResults(known.results);
    try {
      const result = await handle();
      this.#own.set(id, { result });
      return result;
    } catch (failure) {
      this.#own.set(id, { failure });
      throw failure;
    }
  }

  /** For the run after this one (A2). */
  get carried(): readonly DataObject[] {
    const kept: DataObject[] = [];
    let bytes = 0;
    const newest = [
      ...[...this.#own].reverse().map(([id, ended]) => [id, answerOf(ended)] as const),
      ...[...this.#earlier].reverse(),
    ];
    for (const [id, { results, error }] of newest.slice(0, MOST)) {
      const answer = dataObject({
        id,
        ...(error === undefined ? { results: [...results] } : { error: errorToData(error) }),
      });
      bytes += payloadConverter.toPayload(answer).data?.length ?? 0;
      if (bytes > MOST_BYTES) break;
      kept.push(answer);
    }
    return kept.reverse();
  }
}

function answerOf(ended: Ended): Answer {
  if ('failure' in ended) return { error: errorToErrorData(ended.failure) };
  const { result } = ended;
  return {
    results: result instanceof RawValue ? toResults(payloadConverter.fromPayload(result.payload)) : [],
  };
}
