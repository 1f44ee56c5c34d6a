// What travels with every outbound call of a run: context values, signed identity, who asks, and the call's key. Sealed.
// X1: a run's values and identity come from its start and go on through everything it calls.
// X2: the key is `<run id>/<sequence>`: the same in every attempt and at every replay.
import { workflowInfo } from '@temporalio/workflow';
import { dataObject } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { placesToData } from '../../src/core/secret.js';
import type { DataPath } from '../../src/core/secret.js';
import type { CallOptions, Carried, MessageData, StartOptions } from '../../src/temporal/contracts.js';
import { HEADERS } from '../../src/temporal/names.js';
import { payloadConverter } from '../../src/temporal/payload-converter.js';
import type { Session } from '../session.js';
import { readObjectHeader, readTextHeader } from './headers.js';
import type { Headers } from './headers.js';
import { asObject } from './options.js';

export interface RunContext {
  readonly values: Readonly<DataObject>;
  readonly identity: string | undefined;
  /** What came in the start header beside the arguments. */
  readonly start: StartOptions;
}

/** The context that the start of this run carried. */
export function startContext(headers: Headers): RunContext {
  return {
    values: Object.freeze(readObjectHeader(headers, HEADERS.context)),
    identity: readTextHeader(headers, HEADERS.identity),
    start: startOptions(readObjectHeader(headers, HEADERS.start)),
  };
}

/** What anybody may have written (H1): parts of another shape are as those that are not there. */
function startOptions({ messages, program, carried }: DataObject): StartOptions {
  return {
    ...(Array.isArray(messages) ? { messages: messages.filter(isMessage) as unknown as MessageData[] } : {}),
    ...(typeof program === 'string' ? { program } : {}),
    ...(isCarried(carried) ? { carried: carried as unknown as Carried } : {}),
  };
}

function isMessage(value: Data): boolean {
  const { topic, from, body } = asObject(value) ?? dataObject();
  return typeof topic === 'string' && (from === undefined || typeof from === 'string') && Array.isArray(body);
}

function isCarried(value: Data | undefined): boolean {
  const { seen, monitors, links, interests, answers } = asObject(value) ?? dataObject();
  const areTexts = (list: Data | undefined): boolean =>
    Array.isArray(list) && list.every((item) => typeof item === 'string');
  const each = (map: Data | undefined, holds: (of: DataObject) => boolean): boolean => {
    const object = asObject(map);
    return (
      object !== undefined && Object.values(object).every((item) => holds(asObject(item) ?? dataObject()))
    );
  };
  return (
    areTexts(monitors) &&
    (answers === undefined || Array.isArray(answers)) &&
    areTexts(links) &&
    each(seen, ({ run, seq }) => typeof run === 'string' && typeof seq === 'number') &&
    each(interests, ({ monitored, linked }) => typeof monitored === 'boolean' && typeof linked === 'boolean')
  );
}

export interface OutgoingCall {
  /** Replaces the run's values. */
  readonly values?: Readonly<DataObject>;
  /** Replaces the run's identity. */
  readonly identity?: string;
  readonly call?: CallOptions;
  /** Where the call names secrets. */
  readonly secrets?: readonly DataPath[];
  readonly start?: StartOptions;
}

/** Makes the headers of outbound calls. */
export class Outgoing {
  readonly #context: RunContext;
  readonly #pid: string;
  readonly #session: Session;
  #sequence = 0;

  constructor(context: RunContext, pid: string, session: Session) {
    this.#context = context;
    this.#pid = pid;
    this.#session = session;
  }

  /** Makes a call of the SDK with these headers; the call is made before `call` returns. */
  send<T>(headers: Headers, call: () => T): T {
    return this.#session.withHeaders(headers, call);
  }

  /** Headers of a call that has a key of its own. */
  headers(call: OutgoingCall = {}): Headers {
    this.#sequence += 1;
    const identity = call.identity ?? this.#context.identity;
    const values = call.values ?? this.#context.values;
    return {
      [HEADERS.from]: encode(this.#pid),
      [HEADERS.key]: encode(`${workflowInfo().runId}/${this.#sequence}`),
      ...(Object.keys(values).length === 0 ? {} : { [HEADERS.context]: encode(values) }),
      ...(identity === undefined ? {} : { [HEADERS.identity]: encode(identity) }),
      ...(call.secrets === undefined || call.secrets.length === 0
        ? {}
        : { [HEADERS.secrets]: encode(placesToData(call.secrets)) }),
      ...(call.call === undefined ? {} : { [HEADERS.call]: encode(plain(call.call)) }),
      ...(call.start === undefined ? {} : { [HEADERS.start]: encode(plain(call.start)) }),
    };
  }
}

const encode = (data: Data) => payloadConverter.toPayload(data);

/** An options object of ours as plain data: absent fields stay absent. */
const plain = (options: object): DataObject => dataObject(options as Record<string, Data>);
