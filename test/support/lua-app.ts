// A small app in memory with a real worker: Lua workflows and functions by source, on a task queue of the test's own.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createActivities } from '../../activities/index.js';
import { RegistryDirectory } from '../../activities/registry.js';
import { IdentitySeal } from '../../src/core/identity-host.js';
import { dataObject } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import type { Command } from '../../src/core/command.js';
import { field } from '../../src/core/optional-field.js';
import type { Budget, PinnedProgram, Program } from '../../src/core/program.js';
import { toBytes } from '../../src/core/text.js';
import { encodeWire } from '../../src/core/wire.js';
import { compileProgram, DEFAULT_ENGINE } from '../../src/lua/engines.js';
import { engineNamed } from '../../src/lua/engines.js';
import { createInstance } from '../../src/lua/instance/instance.js';
import type { Step } from '../../src/lua/step.js';
import type { Entry, EntryId } from '../../src/registry/model/entry.js';
import type { RegistryService, RegistryView } from '../../src/registry/model/registry.js';
import { buildWorkflowBundle } from '../../src/temporal/bundle.js';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.js';
import type {
  CallOutcome,
  FunctionCall,
  OpenLimits,
  ProgramReference,
} from '../../src/temporal/contracts.js';
import { referenceInstead } from '../../src/temporal/replay.js';
import type { Instead } from '../../src/temporal/replay.js';
import { errorToErrorData } from '../../src/temporal/failures.js';
import { artifactText } from '../../src/temporal/program-cache.js';
import { createWorker } from '../../src/temporal/worker.js';
import type { CreateWorkerOptions, RunningWorker } from '../../src/temporal/worker.js';
import { moduleLookup } from '../../workflows/durable/modules.js';
import { runFolder } from './temporal.js';
import type { TestTemporal } from './temporal.js';

export interface SourceEntry {
  readonly kind: 'workflow.lua' | 'function.lua' | 'process.lua';
  readonly source: string;
  readonly meta?: DataObject;
  readonly budget?: Budget;
  /** Default: those of MODULES. */
  readonly modules?: readonly string[];
}

/** Answers commands on the node, as host handlers do. */
export type TestHandlers = Readonly<
  Record<
    string,
    (command: Command, context: { key: string | undefined; signal: AbortSignal }) => Data | Promise<Data>
  >
>;

export interface LuaAppOptions {
  /** What its server takes of one run at once. Default: what servers take that nobody has set otherwise. */
  readonly openLimits?: OpenLimits;
}

let bundle: Promise<string> | undefined;
/** The bundle of the sources as they are, made once a test run and shared by its files. */
export const testBundle = (): Promise<string> => (bundle ??= sharedBundle());

async function sharedBundle(): Promise<string> {
  const path = join(runFolder(), 'workflow-bundle.js');
  for (;;) {
    const made = await readFile(path, 'utf8').catch(() => undefined); // not there yet
    if (made !== undefined) return made;
    try {
      await (await open(`${path}.lock`, 'wx')).close();
    } catch {
      await sleep(100); // another file makes it
      continue;
    }
    try {
      await buildWorkflowBundle(path);
    } finally {
      await rm(`${path}.lock`, { force: true });
    }
  }
}

export class LuaApp implements AsyncDisposable {
  readonly queue = `test-${randomUUID()}`;
  readonly entries = new Map<string, SourceEntry>();
  readonly programs = new Map<string, PinnedProgram>();
  readonly seal = new IdentitySeal('test', () => 'a key of the test');
  /** Every call of a function, in order. */
  readonly calls: FunctionCall[] = [];
  /** Every command that reached the node, in order. */
  readonly commands: { readonly command: Command; readonly key: string | undefined }[] = [];
  readonly #temporal: TestTemporal;
  readonly #handlers: TestHandlers;
  readonly #openLimits: OpenLimits | undefined;
  readonly #workers: RunningWorker[] = [];
  #version = 1;
  /** The next question for a program finds none. */
  missOnce = false;

  constructor(
    temporal: TestTemporal,
    entries: Record<string, SourceEntry>,
    handlers: TestHandlers = {},
    { openLimits }: LuaAppOptions = {},
  ) {
    this.#temporal = temporal;
    this.#handlers = handlers;
    this.#openLimits = openLimits;
    for (const [id, entry] of Object.entries(entries)) this.publish(id, entry);
  }

  get client() {
    return this.#temporal.temporal.client;
  }

  /** A new version of the registry with this entry. */
  publish(id: string, entry: SourceEntry): string {
    this.entries.set(id, entry);
    this.#version += 1;
    const pinned = pin(id, entry);
    this.programs.set(pinned.hash, pinned);
    return pinned.hash;
  }

  hashOf(id: string): string {
    const entry = this.entries.get(id);
    if (entry === undefined) throw new Error(`no entry ${id}`);
    return pin(id, entry).hash;
  }

  readonly artifacts = {
    artifact: async (hash: string): Promise<string | undefined> => {
      const pinned = this.programs.get(hash);
      if (pinned === undefined) return undefined;
      const compiled = compileProgram(pinned.program);
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
      return artifactText(compiled.artifact);
    },
  };

  /** As a replay on the newest program has it. */
  async instead(recorded: ProgramReference): Promise<Instead> {
    const found = await this.directory().resolve({ type: recorded.entry, taskQueue: this.queue });
    if ('missing' in found) throw new Error(found.missing);
    return { reference: referenceInstead(recorded, found), asksForVersions: true };
  }

  async worker(options: Partial<CreateWorkerOptions> = {}): Promise<RunningWorker> {
    const { temporal } = this.#temporal;
    const worker = await createWorker({
      connection: await temporal.native(),
      namespace: 'default',
      taskQueue: this.queue,
      bundle: { code: await testBundle() },
      activities: this.activities(),
      artifacts: this.artifacts,
      drainMs: 200,
      ...options,
    });
    this.#workers.push(worker);
    return worker;
  }

  activities() {
    return createActivities({
      directory: this.directory(),
      functions: { run: (call) => this.#call(call) },
      commands: {
        run: async (command, { idempotencyKey, signal }) => {
          this.commands.push({ command, key: idempotencyKey });
          const handler = this.#handlers[command.type];
          if (handler === undefined) throw new Error(`nothing answers '${command.type}'`);
          return handler(command, { key: idempotencyKey, signal });
        },
      },
    });
  }

  directory(): RegistryDirectory {
    const queueOf = () =>
      new Map(
        [...this.entries].filter(([, { kind }]) => kind !== 'process.lua').map(([id]) => [id, this.queue]),
      );
    return new RegistryDirectory({
      registry: this.#registry(),
      plan: () => ({
        queueOf: queueOf(),
        queueOfWorker: new Map([['app:worker', this.queue]]),
        workers: [{ taskQueue: this.queue, workers: ['app:worker'], workflows: new Map() }],
      }),
      engine: DEFAULT_ENGINE,
      hostVersion: '0.1.0',
      costModel: 1,
      ...field('openLimits', this.#openLimits),
      searchAttribute: () => false,
      attributes: (request) => ensureSearchAttributes(this.#temporal.temporal, request),
      seal: this.seal,
    });
  }

  #registry(): RegistryService {
    const entryOf = (id: string): Entry | undefined => {
      const entry = this.entries.get(id);
      return entry === undefined
        ? undefined
        : { id: id as EntryId, kind: entry.kind, meta: entry.meta ?? dataObject(), data: dataObject() };
    };
    const view = (): RegistryView => ({
      version: {
        number: this.#version,
        parent: undefined,
        hash: '',
        comment: '',
        author: '',
        via: '',
        time: '',
      },
      size: this.entries.size,
      get: entryOf,
      all: () => [...this.entries.keys()].flatMap((id) => entryOf(id) ?? []),
      ofKind: () => [],
      namespace: () => [],
      find: () => [],
      programHash: (id) => (this.entries.has(id) ? this.hashOf(id) : undefined),
    });
    return {
      get current() {
        return view();
      },
      program: async (hash) => {
        const missed = this.missOnce;
        this.missOnce = false;
        return missed ? undefined : this.programs.get(hash);
      },
    };
  }

  /** Runs a function as a node does: one instance, its commands answered at once. */
  async #call(call: FunctionCall): Promise<CallOutcome> {
    this.calls.push(call);
    const entry = this.entries.get(call.entry);
    if (entry?.kind !== 'function.lua')
      return { ok: false, error: { kind: 'NotFound', message: `there is no function '${call.entry}'` } };
    const compiled = compileProgram(pin(call.entry, entry).program);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
    const loaded = engineNamed(compiled.artifact.engine).load(compiled.artifact);
    const instance = createInstance(
      loaded,
      {
        now: () => BigInt(Date.now()) * 1_000_000n,
        random: Math.random,
        randomBytes: (n) => randomBytes(n).toString('latin1'),
        uuid: randomUUID,
        print: () => undefined,
        emit: () => undefined,
        pid: '{test|0x1}',
        context: call.values,
        place: 'node',
        turnInstructions: 250_000,
      },
      moduleLookup,
    );
    return new Promise((resolve) => {
      const take = (step: Step): void => {
        if (step.outcome !== undefined) return resolve(step.outcome);
        if (step.paused !== undefined) setImmediate(() => take(instance.goOn()));
        for (const { id, command } of step.commands) {
          const work =
            command.type === 'time.sleep'
              ? sleep(Number(command['ns']) / 1e6, null, { signal: call.signal })
              : Promise.reject(new Error(`no ${command.type} here`));
          work.then(
            () => take(instance.answer(id, { ok: true, value: null })),
            (error: unknown) => {
              const data = call.signal.aborted
                ? ({ kind: 'Canceled', message: 'stopped' } as const)
                : errorToErrorData(error);
              take(instance.answer(id, { ok: false, error: data }));
            },
          );
        }
      };
      take(instance.start(call.args));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker.shutdown();
  }
}

const MODULES = ['ctx', 'funcs', 'logger', 'time', 'uuid', 'workflow', 'sql'];

function pin(id: string, { kind, source, budget, modules = MODULES }: SourceEntry): PinnedProgram {
  const program: Program = {
    entry: id,
    kind,
    units: {
      [id]: {
        id,
        chunk: `${id.slice(id.indexOf(':') + 1)}.lua`,
        source: toBytes(source),
        imports: Object.fromEntries(modules.map((name) => [name, { module: name }])),
      },
    },
    ...(budget === undefined ? {} : { budget }),
  };
  const hash = createHash('sha256')
    .update(encodeWire(program as unknown as Data, { sorted: true }))
    .digest('hex');
  return { hash, program };
}
