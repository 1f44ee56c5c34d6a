// What the SDK shows to interceptors only: headers in both directions, held updates, the reason of a cancellation. Sealed.
// I1: this module is evaluated once for each run; `session` is what it shares with the run's own code.
// I2: a signal of a Lua run goes from here straight to its inbox, with the PID of its sender.
import type { Payload } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { dataObject } from '../src/core/data.js';
import type { Data, DataObject } from '../src/core/data.js';
import { isSystemWorkflow } from '../src/temporal/names.js';
import { beginStep, payloadConverter, toDataOrThrow } from '../src/temporal/payload-converter.js';
import { cancelReason, updateGate } from '../src/temporal/sdk-internals.js';

export type Headers = Record<string, Payload>;

export interface IncomingSignal {
  readonly name: string;
  /** As the converter gave them: not yet checked. */
  readonly args: readonly unknown[];
  readonly headers: Headers;
}

interface Session {
  /** Headers of the start. */
  headers: Headers;
  /** Takes signals; what comes before it is set waits. */
  receive: ((signal: IncomingSignal) => void) | undefined;
  readonly early: IncomingSignal[];
  /** Headers of the call that is being made right now. */
  outgoing: Headers | undefined;
  readonly updates: ReturnType<typeof updateGate>;
  readonly cancellation: ReturnType<typeof cancelReason>;
}

export const session: Session = {
  headers: {},
  receive: undefined,
  early: [],
  outgoing: undefined,
  updates: updateGate(),
  cancellation: cancelReason(),
};

/** Makes a call of the SDK with these headers; the call is made before `call` returns. */
export function withHeaders<T>(headers: Headers, call: () => T): T {
  session.outgoing = headers;
  try {
    return call();
  } finally {
    session.outgoing = undefined;
  }
}

export function readHeader(headers: Headers, name: string): Data {
  const payload = headers[name];
  return payload === undefined ? null : toDataOrThrow(payloadConverter.fromPayload(payload));
}

export function readObjectHeader(headers: Headers, name: string): DataObject {
  const value = readHeader(headers, name);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as DataObject)
    : dataObject();
}

export function readTextHeader(headers: Headers, name: string): string | undefined {
  const value = readHeader(headers, name);
  return typeof value === 'string' ? value : undefined;
}

const outgoing = <T extends { readonly headers: Headers }>(input: T): T =>
  session.outgoing === undefined ? input : { ...input, headers: { ...input.headers, ...session.outgoing } };

/** The platform's own workflows declare their handlers themselves. */
export const interceptors = (): WorkflowInterceptors =>
  isSystemWorkflow(workflowInfo().workflowType) ? {} : luaInterceptors;

const luaInterceptors: WorkflowInterceptors = {
  inbound: [
    {
      execute(input, next) {
        session.headers = input.headers;
        return next(input);
      },
      handleSignal({ signalName, args, headers }) {
        const signal = { name: signalName, args, headers };
        if (session.receive === undefined) session.early.push(signal);
        else session.receive(signal);
        return Promise.resolve();
      },
    },
  ],
  outbound: [
    {
      scheduleActivity: (input, next) => next(outgoing(input)),
      scheduleLocalActivity: (input, next) => next(outgoing(input)),
      startChildWorkflowExecution: (input, next) => next(outgoing(input)),
      signalWorkflow: (input, next) => next(outgoing(input)),
      continueAsNew: (input, next) => next(outgoing(input)),
    },
  ],
  internals: [
    {
      activate(input, next) {
        beginStep();
        next(input);
      },
    },
    session.updates.interceptor,
    session.cancellation.interceptor,
  ],
};
