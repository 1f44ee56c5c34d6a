// Runs Lua text in an instance of its own: how module authors test what Lua sees.
//   const run = await runLua('return greet.hello("x")', { modules: [greetSpec], answers: { 'greet.ask': () => 'hi' } });
//   run.values, run.error, run.printed, run.commands
// For tests that go step by step (answers in another order, messages, cancel) there is `openLua`.
import type { Command } from '../../src/core/command.js';
import type { Data, DataObject } from '../../src/core/data.js';
import type { ErrorData } from '../../src/core/error-data.js';
import type { CommandContext, HostHandlers } from '../../src/core/handler.js';
import { PlatformError } from '../../src/core/errors.js';
import type { ErrorKind } from '../../src/core/errors.js';
import type { Program, Unit } from '../../src/core/program.js';
import type { LuaEngine } from '../../src/lua/engine.js';
import { DEFAULT_ENGINE, engineNamed } from '../../src/lua/engines.js';
import { createInstance } from '../../src/lua/instance/instance.js';
import { errorToData } from '../../src/lua/instance/error-object.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import type { InstanceHost } from '../../src/lua/instance-context.js';
import type { ModuleSpec } from '../../src/lua/module.js';
import type { Instance, Outcome, Step } from '../../src/lua/step.js';
import type { Answer } from '../../src/lua/suspend.js';
import { LuaError } from '../../src/lua/values.js';
import { channelSpec } from '../../src/modules/channel/spec.js';
import { coroutineSpec } from '../../src/modules/coroutine/spec.js';
import { errorsSpec } from '../../src/modules/errors/spec.js';
import { osSpec } from '../../src/modules/os/spec.js';
import { payloadSpec } from '../../src/modules/payload/spec.js';

/** Thrown by an answer to fail the command. */
export class CommandFailure extends PlatformError {
  override readonly name = 'CommandFailure';
  readonly code = 'COMMAND_FAILED_IN_TEST';
  override readonly kind: ErrorKind;
  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A command's answer. Throw a CommandFailure (or any PlatformError) to fail it; `undefined` leaves it open. */
export type AnswerOf = (command: Command) => Data | undefined | Promise<Data | undefined>;

/** The answers of real handlers, for commands that need nothing of a node but what they carry and this part of their context. */
export const nodeAnswers = (
  handlers: HostHandlers,
  context: Partial<CommandContext> = {},
): Record<string, (command: Command) => Data | Promise<Data>> =>
  Object.fromEntries(
    Object.entries(handlers).map(([type, handler]) => [
      type,
      (command: Command) => handler(command, context as CommandContext),
    ]),
  );

export interface LuaOptions {
  /** Declared by the entry (and by its libraries), under their own names. */
  readonly modules?: readonly ModuleSpec[];
  /** Always there besides channel, coroutine, errors, os and payload: `[processSpec]`. */
  readonly globals?: readonly ModuleSpec[];
  /** By command type; `*` takes the others. A command without an answer stays open. */
  readonly answers?: Readonly<Record<string, AnswerOf>>;
  /** Arguments of main. The text itself is main's body: `local a, b = ...`. */
  readonly args?: readonly Data[];
  /** Import name -> Lua text of a library. */
  readonly libraries?: Readonly<Record<string, string>>;
  /** Other units by entry id, for programs that `libraries` cannot say. */
  readonly program?: Program;
  readonly host?: Partial<InstanceHost>;
  readonly engine?: LuaEngine;
}

export interface LuaRun {
  readonly outcome: Outcome | undefined;
  /** Results of main; throws when it failed or has not ended. */
  readonly values: readonly Data[];
  readonly error: ErrorData | undefined;
  readonly printed: readonly string[];
  /** Commands in the order in which they were issued. */
  readonly commands: readonly Command[];
  readonly withdrawn: readonly Command[];
  readonly emitted: readonly Command[];
}

/** The clock starts at 2024-06-15T14:30:45Z and stands still; random numbers and ids repeat. */
export function testHost(
  printed: string[],
  emitted: Command[],
  overrides: Partial<InstanceHost> = {},
): InstanceHost {
  let draws = 0;
  let ids = 0;
  return {
    now: () => 1_718_461_845_000_000_000n,
    random: () => ((draws += 1) * 0.618033988749895) % 1,
    randomBytes: (n) =>
      Array.from({ length: n }, (_, index) => String.fromCharCode((index * 37) % 256)).join(''),
    uuid: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`,
    print: (line) => void printed.push(line),
    emit: (command) => void emitted.push(command),
    pid: '{test|1}',
    context: Object.create(null) as DataObject,
    place: 'node',
    ...overrides,
  };
}

export const standardGlobals: readonly ModuleSpec[] = [
  channelSpec,
  coroutineSpec,
  errorsSpec,
  osSpec,
  payloadSpec,
];

/** `main.lua` with these imports; the text is the body of main. */
export function programOf(text: string, { modules = [], libraries = {} }: LuaOptions = {}): Program {
  const own = Object.fromEntries(modules.map(({ name }) => [name, { module: name }]));
  const units: Record<string, Unit> = {};
  for (const [name, source] of Object.entries(libraries))
    units[`lib:${name}`] = {
      id: `lib:${name}`,
      chunk: `${name}.lua`,
      source,
      imports: {
        ...own,
        ...Object.fromEntries(
          Object.keys(libraries)
            .filter((other) => other !== name)
            .map((other) => [other, { unit: `lib:${other}` }]),
        ),
      },
    };
  const imports = Object.fromEntries(Object.keys(libraries).map((name) => [name, { unit: `lib:${name}` }]));
  // On one line, so that line 1 of the text is line 1 of the chunk.
  units['app:main'] = {
    id: 'app:main',
    chunk: 'main.lua',
    source: `return function(...) ${text}\nend`,
    imports: { ...own, ...imports },
  };
  return { entry: 'app:main', kind: 'function.lua', units };
}

export class LuaSession {
  readonly instance: Instance;
  readonly printed: string[] = [];
  readonly emitted: Command[] = [];
  readonly commands: Command[] = [];
  readonly withdrawn: Command[] = [];
  /** Issued and neither answered nor withdrawn. */
  readonly open = new Map<number, Command>();
  outcome: Outcome | undefined;

  constructor(text: string, options: LuaOptions = {}) {
    const program = options.program ?? programOf(text, options);
    const engine = options.engine ?? engineNamed(DEFAULT_ENGINE);
    const compiled = engine.compile(program);
    if (!compiled.ok) {
      const { place, message } = compiled.diagnostics[0]!;
      throw new SyntaxError(`${place.file}:${place.line}: ${message}`);
    }
    const lookup = moduleLookup(options.modules ?? [], [...standardGlobals, ...(options.globals ?? [])]);
    const host = testHost(this.printed, this.emitted, options.host);
    this.instance = createInstance(engine.load(compiled.artifact), host, lookup);
  }

  /** Takes over what a step of `instance` told. */
  take(step: Step): this {
    for (const { id, command } of step.commands) {
      this.commands.push(command);
      this.open.set(id, command);
    }
    for (const id of step.withdrawn) {
      const command = this.open.get(id);
      if (command === undefined) throw new Error(`command ${id} was withdrawn but is not open`);
      this.withdrawn.push(command);
      this.open.delete(id);
    }
    if (step.outcome !== undefined) this.outcome = step.outcome;
    return this;
  }

  start(...args: readonly Data[]): this {
    return this.take(this.instance.start(args));
  }

  /** Answers the oldest open command of this type. */
  answer(type: string, value: Data): this {
    return this.#answer(type, { ok: true, value });
  }

  fail(type: string, error: ErrorData): this {
    return this.#answer(type, { ok: false, error });
  }

  send(topic: string, ...payloads: readonly Data[]): this {
    return this.take(this.instance.deliver({ topic, from: '{test|sender}', payloads }));
  }

  cancel(reason = 'test'): this {
    return this.take(this.instance.cancel(reason));
  }

  get values(): readonly Data[] {
    if (this.outcome === undefined) throw new Error(`main has not ended; ${this.waits()}`);
    if (!this.outcome.ok)
      throw new Error(`main failed: ${this.outcome.error.kind}: ${this.outcome.error.message}`);
    return this.outcome.values;
  }

  get error(): ErrorData | undefined {
    return this.outcome?.ok === false ? this.outcome.error : undefined;
  }

  waits(): string {
    return this.instance
      .coroutines()
      .map(({ name, waits }) => `${name} waits for ${waits}`)
      .join('; ');
  }

  #answer(type: string, answer: Answer): this {
    for (const [id, command] of this.open)
      if (command.type === type) {
        this.open.delete(id);
        return this.take(this.instance.answer(id, answer));
      }
    throw new Error(
      `no open command '${type}'; open: ${[...this.open.values()].map((one) => one.type).join(', ')}`,
    );
  }
}

/** Starts main and hands over the session: for tests that go step by step. */
export function openLua(text: string, options: LuaOptions = {}): LuaSession {
  return new LuaSession(text, options).start(...(options.args ?? []));
}

/** Runs main, answering commands from the table in the order of their issue, until it ends or nothing can be answered. */
export async function runLua(text: string, options: LuaOptions = {}): Promise<LuaRun> {
  const session = openLua(text, options);
  const left = new Set<number>();
  for (;;) {
    const next = [...session.open].find(([id]) => !left.has(id));
    if (next === undefined || session.outcome !== undefined) return session;
    const [id, command] = next;
    const answer = await answerOf(command, options.answers ?? {});
    if (answer === undefined) left.add(id);
    else {
      session.open.delete(id);
      session.take(session.instance.answer(id, answer));
    }
  }
}

async function answerOf(
  command: Command,
  answers: Readonly<Record<string, AnswerOf>>,
): Promise<Answer | undefined> {
  const answer = answers[command.type] ?? answers['*'];
  if (answer === undefined) return undefined;
  try {
    const value = await answer(command);
    return value === undefined ? undefined : { ok: true, value };
  } catch (error) {
    return { ok: false, error: thrownError(error) };
  }
}

function thrownError(error: unknown): ErrorData {
  if (error instanceof LuaError) return errorToData(error.value);
  if (error instanceof PlatformError)
    return { kind: error.kind, message: error.message, retryable: error.retryable };
  throw error;
}
