// What the request and the response of the `http` module share. Sealed.
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import type { ErrorKind } from '../../core/errors.js';
import type { HttpExchange } from '../../core/http-exchange.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import { command } from '../../lua/suspend.js';
import type { HostResult } from '../../lua/values.js';

export const ask = (asked: Command, then: (value: Data) => HostResult): HostResult =>
  command(asked, (answer) => (answer.ok ? then(answer.value) : [undefined, errorFromData(answer.error)]));

/** An error of one of http.ERROR's types. */
export const typed = (kind: ErrorKind, type: string, message: string): HostResult =>
  failure(kind, message, dataObject({ type }));

/** The instance's exchange, as its two sides hold it. */
export interface Held {
  readonly exchange: HttpExchange;
}

export const NO_CONTEXT = 'no HTTP request is being answered here (only what an http.endpoint calls has one)';
