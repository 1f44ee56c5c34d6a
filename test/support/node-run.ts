// Runs Lua text as a node does: on its turns, with its dispatcher, its commands side by side. For modules whose commands wait long.
import type { Authorize } from '../../src/core/authorize.js';
import type { Data } from '../../src/core/data.js';
import { dataObject } from '../../src/core/data.js';
import type { HostHandlers } from '../../src/core/handler.js';
import { DEFAULT_ENGINE, engineNamed } from '../../src/lua/engines.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import type { ModuleSpec } from '../../src/lua/module.js';
import type { Outcome } from '../../src/lua/step.js';
import { outermost } from '../../src/runtime/command-context.js';
import { Dispatcher } from '../../src/runtime/dispatcher.js';
import { Factory } from '../../src/runtime/factory.js';
import { NodePids } from '../../src/runtime/node-pids.js';
import { Resources } from '../../src/runtime/resources.js';
import { Topology } from '../../src/runtime/topology.js';
import { Turns } from '../../src/runtime/turns.js';
import { errorToErrorData } from '../../src/temporal/failures.js';
import { programOf, standardGlobals } from './instance.js';

export interface NodeRun {
  readonly outcome: Outcome;
  readonly printed: readonly string[];
}

/** All but what these actions ask is allowed. */
export const allBut =
  (refused: readonly string[]): Authorize =>
  (_who, action) =>
    !refused.includes(action);

const nothing = new Resources({ kinds: () => undefined, host: undefined as never, ids: () => [] });

/** What the program has opened is closed when this resolves. */
export async function runOnNode(
  text: string,
  modules: readonly ModuleSpec[],
  handlers: HostHandlers,
  args: readonly Data[] = [],
  resources: Pick<Resources, 'user'> = nothing,
): Promise<NodeRun> {
  const failed = (error: unknown): never => {
    throw error;
  };
  const dispatcher = new Dispatcher();
  dispatcher.add('test', handlers);
  dispatcher.freeze();
  const printed: string[] = [];
  const factory = new Factory({
    dispatcher,
    resources,
    turns: new Turns(failed),
    toErrorData: errorToErrorData,
    failed,
    modules: moduleLookup(modules, standardGlobals),
    pids: new NodePids(),
    topology: new Topology(),
    print: (line) => printed.push(line),
  });
  const engine = engineNamed(DEFAULT_ENGINE);
  const compiled = engine.compile(programOf(text, { modules }));
  if (!compiled.ok) throw new SyntaxError(compiled.diagnostics[0]?.message);
  const runner = factory.create({
    loaded: engine.load(compiled.artifact),
    entry: 'app:test',
    host: 'test',
    values: dataObject(),
    frame: outermost,
  });
  runner.start(args);
  return { outcome: await runner.ended, printed };
}
