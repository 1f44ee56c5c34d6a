// What one run of a Lua workflow shares with the SDK's interceptors: headers in both directions, held updates, the reason of a
// cancellation. Sealed; shared by all runs of a worker thread, a Session is one run's.
// I1: a signal of a Lua run goes from here straight to its inbox, with the PID of its sender.
// I2: an update that an earlier run of the workflow has answered reaches neither validator nor handler (durable/answers.ts).
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { beginStep } from '../src/temporal/payload-converter.js';
import { cancelReason, updateGate } from '../src/temporal/sdk-internals.js';
import type { UpdateAnswers } from './durable/answers.js';
import type { Headers } from './durable/headers.js';

export interface IncomingSignal {
  readonly name: string;
  /** As the converter gave them: not yet checked. */
  readonly args: readonly unknown[];
  readonly headers: Headers;
}

export class Session {
  /** Headers of the start. */
  headers: Headers = {};
  /** Takes signals; what comes before it is set waits. */
  receive: ((signal: IncomingSignal) => void) | undefined;
  readonly early: IncomingSignal[] = [];
  readonly updates = updateGate();
  /** Set before an update is let in. */
  answers: UpdateAnswers | undefined;
  readonly cancellation = cancelReason();
  /** Called when a step of the run is over; set in a traced replay. */
  stepped: (() => void) | undefined;
  readonly interceptors: WorkflowInterceptors;
  /** Headers of the call that is being made right now. */
  #outgoing: Headers | undefined;

  constructor() {
    this.interceptors = this.#makeInterceptors();
  }

  /** Makes a call of the SDK with these headers; the call is made before `call` returns. */
  withHeaders<T>(headers: Headers, call: () => T): T {
    this.#outgoing = headers;
    try {
      return call();
    } finally {
      this.#outgoing = undefined;
    }
  }

  #makeInterceptors(): WorkflowInterceptors {
    const outgoing = <T extends { readonly headers: Headers }>(input: T): T =>
      this.#outgoing === undefined ? input : { ...input, headers: { ...input.headers, ...this.#outgoing } };
    return {
      inbound: [
        {
          execute: (input, next) => {
            this.headers = input.headers;
            return next(input);
          },
          handleSignal: ({ signalName, args, headers }) => {
            const signal = { name: signalName, args, headers };
            if (this.receive === undefined) this.early.push(signal);
            else this.receive(signal);
            return Promise.resolve();
          },
          validateUpdate: (input, next) => {
            if (this.answers?.has(input.updateId) !== true) next(input);
          },
          handleUpdate: (input, next) =>
            this.answers === undefined || isPlatforms(input.name)
              ? next(input)
              : this.answers.of(input.updateId, () => next(input)),
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
          concludeActivation: (input, next) => {
            this.stepped?.();
            return next(input);
          },
        },
        this.updates.interceptor,
        this.cancellation.interceptor,
      ],
    };
  }
}

const isPlatforms = (update: string): boolean => update.startsWith('moontide.');
