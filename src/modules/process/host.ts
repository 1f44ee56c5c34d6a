// Processes on a node: the runtime does the work, this says what it is asked.
// A verb that the runtime does not have answers UNAVAILABLE and names it.
import type { Command } from '../../core/command.js';
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';

export interface StartRequest {
  readonly target: string;
  /** Entry id of a host or worker, or a task queue's name. */
  readonly host: string;
  readonly args: readonly Data[];
  readonly name: string | undefined;
  /** The context of the new process: that of its starter with what the start adds. */
  readonly values: Readonly<DataObject>;
  /** Checked; durations in milliseconds. See SPAWN_OPTIONS in spawner.ts. */
  readonly options: Readonly<DataObject>;
  readonly messages: readonly { readonly topic: string; readonly body: readonly Data[] }[];
}
export interface SpawnRequest extends StartRequest {
  readonly monitored: boolean;
  readonly linked: boolean;
}
/** A start that comes with an update; its messages are none. */
export interface UpdateStartRequest extends StartRequest {
  readonly update: { readonly name: string; readonly args: readonly Data[] };
}
export interface SendRequest {
  /** PID text or registered name. */
  readonly to: string;
  readonly topic: string;
  readonly payloads: readonly Data[];
}

export interface AskRequest {
  /** PID text or workflow id. */
  readonly to: string;
  /** Name of the query or update. */
  readonly name: string;
  readonly args: readonly Data[];
}

export interface CancelRequest {
  readonly reason: string;
  /** Milliseconds after which it is ended if it still runs; absent: never. */
  readonly deadlineMs?: number;
}

/** What a process says of itself; absent: as it was. */
export interface OwnOptions {
  readonly trapLinks?: boolean;
  readonly upgradable?: boolean;
}

type Asked<T> = T | Promise<T>;

/** What a node's processes can do. `context.pid` is who asks. Absent: not built. */
export interface ProcessService {
  send?(request: SendRequest, context: CommandContext): Asked<void>;
  /** Gives all results; throws the error. */
  query?(request: AskRequest, context: CommandContext): Asked<readonly Data[]>;
  update?(request: AskRequest, context: CommandContext): Asked<readonly Data[]>;
  /** Gives the PID's text. */
  spawn?(request: SpawnRequest, context: CommandContext): Asked<string>;
  /** Gives all returned values; throws the error. */
  exec?(request: StartRequest, context: CommandContext): Asked<readonly Data[]>;
  /** Starts or joins it, and gives all results of the update; throws the error. */
  execUpdate?(request: UpdateStartRequest, context: CommandContext): Asked<readonly Data[]>;
  terminate?(to: string, context: CommandContext): Asked<void>;
  cancel?(to: string, request: CancelRequest, context: CommandContext): Asked<void>;
  monitor?(to: string, context: CommandContext): Asked<void>;
  unmonitor?(to: string, context: CommandContext): Asked<void>;
  link?(to: string, context: CommandContext): Asked<void>;
  unlink?(to: string, context: CommandContext): Asked<void>;
  setOptions?(options: OwnOptions, context: CommandContext): Asked<void>;
  /** Settles only when it fails: who asked goes on as another program. */
  upgrade?(target: string | undefined, args: readonly Data[], context: CommandContext): Promise<never>;
  register?(name: string, pid: string, scope: number, context: CommandContext): Asked<void>;
  lookup?(name: string, context: CommandContext): Asked<string | undefined>;
  unregister?(name: string, scope: number, context: CommandContext): Asked<boolean>;
}

class NotBuiltError extends PlatformError {
  override readonly name = 'NotBuiltError';
  readonly code = 'NOT_BUILT';
  override readonly kind = 'Unavailable' as const;
  constructor(verb: string) {
    super(`process.${verb} is not built in this version for what is asked here`);
  }
}

/** The service's method, bound; refuses when the runtime does not have it. */
function built<Verb extends keyof ProcessService>(
  service: ProcessService,
  verb: Verb,
): NonNullable<ProcessService[Verb]> {
  const method = service[verb];
  if (method === undefined) throw new NotBuiltError(verb);
  // `bind` keeps the signature; TypeScript loses it for a union of methods.
  return method.bind(service) as NonNullable<ProcessService[Verb]>;
}

const text = (value: Data | undefined): string => (typeof value === 'string' ? value : '');
const list = (value: Data | undefined): readonly Data[] => (Array.isArray(value) ? value : []);
const object = (value: Data | undefined): DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat)
    ? value
    : dataObject();

/** Those of the starter with what the start adds; nobody changes them, so they are the same where it adds nothing. */
const valuesOf = (command: Command, { values }: CommandContext): Readonly<DataObject> =>
  command['context'] === undefined ? values : dataObject({ ...values, ...object(command['context']) });

/** An exec has no wishes. */
const startRequest = (command: Command, context: CommandContext): SpawnRequest => ({
  target: text(command['target']),
  host: text(command['host']),
  args: list(command['args']),
  name: command['name'] === undefined ? undefined : text(command['name']),
  values: valuesOf(command, context),
  options: command['options'] === undefined ? NO_OPTIONS : object(command['options']),
  messages: command['messages'] === undefined ? NO_MESSAGES : messagesOf(command['messages']),
  monitored: command['monitored'] === true,
  linked: command['linked'] === true,
});

const NO_OPTIONS: Readonly<DataObject> = Object.freeze(dataObject());
const NO_MESSAGES: StartRequest['messages'] = Object.freeze([]);
const messagesOf = (messages: Data): StartRequest['messages'] =>
  list(messages).map((message) => ({
    topic: text(object(message)['topic']),
    body: list(object(message)['body']),
  }));

const isPromise = <T>(value: Asked<T>): value is Promise<T> => value instanceof Promise;

/** The answer to a command that is only done. */
const done = (asked: Asked<void>): Data | Promise<Data> => (isPromise(asked) ? asked.then(() => null) : null);

/** All results as a list. */
const listed = (asked: Asked<readonly Data[]>): Data | Promise<Data> =>
  isPromise(asked) ? asked.then((values) => [...values]) : [...asked];

const flag = (value: Data | undefined, name: string): Record<string, boolean> =>
  typeof value === 'boolean' ? { [name]: value } : {};

/** What is answered at once costs its asker no turn of the event loop, so nothing here is async. */
export function processHandlers(service: ProcessService): HostHandlers {
  const toOne =
    (verb: 'terminate' | 'monitor' | 'unmonitor' | 'link' | 'unlink'): HostHandlers[string] =>
    ({ to }, context) =>
      done(built(service, verb)(text(to), context));
  const ask =
    (verb: 'query' | 'update'): HostHandlers[string] =>
    ({ to, name, args }, context) =>
      listed(built(service, verb)({ to: text(to), name: text(name), args: list(args) }, context));
  return {
    'process.query': ask('query'),
    'process.update': ask('update'),
    'process.send': ({ to, topic, payloads }, context) =>
      done(built(service, 'send')({ to: text(to), topic: text(topic), payloads: list(payloads) }, context)),
    'process.spawn': (command, context) => built(service, 'spawn')(startRequest(command, context), context),
    'process.exec': (command, context) =>
      listed(built(service, 'exec')(startRequest(command, context), context)),
    'process.exec_update': (command, context) => {
      const { name, args } = object(command['update']);
      const request = { ...startRequest(command, context), update: { name: text(name), args: list(args) } };
      return listed(built(service, 'execUpdate')(request, context));
    },
    'process.terminate': toOne('terminate'),
    'process.cancel': ({ to, reason, deadline_ms: deadline }, context) => {
      const within = deadline === undefined ? {} : { deadlineMs: Number(deadline) };
      return done(built(service, 'cancel')(text(to), { reason: text(reason), ...within }, context));
    },
    'process.monitor': toOne('monitor'),
    'process.unmonitor': toOne('unmonitor'),
    'process.link': toOne('link'),
    'process.unlink': toOne('unlink'),
    'process.options': ({ trap_links: trapLinks, upgradable }, context) =>
      done(
        built(service, 'setOptions')(
          { ...flag(trapLinks, 'trapLinks'), ...flag(upgradable, 'upgradable') },
          context,
        ),
      ),
    'process.upgrade': ({ target, args }, context) =>
      built(service, 'upgrade')(target === undefined ? undefined : text(target), list(args), context),
    'process.register': ({ name, pid, scope }, context) =>
      done(built(service, 'register')(text(name), text(pid), Number(scope), context)),
    'process.lookup': ({ name }, context) => {
      const found = built(service, 'lookup')(text(name), context);
      return isPromise(found) ? found.then((pid) => pid ?? null) : (found ?? null);
    },
    'process.unregister': ({ name, scope }, context) =>
      built(service, 'unregister')(text(name), Number(scope), context),
  };
}
