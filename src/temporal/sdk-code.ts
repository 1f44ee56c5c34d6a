// Lets Temporal's SDK work in a process that may not turn strings into code (`--disallow-code-generation-from-strings`).
// S1: the SDK's protobufjs writes a constructor for each message of Temporal's API and evaluates it with `Function`. The texts
//     come from the SDK's own descriptors; they are compiled as scripts here, as a file would be. Nothing of an app gets there.
// S2: for every promise the SDK asks the promise's realm for what runs in it, by a function made of one fixed text. That text
//     gets a function of ours; any other is refused as before.
// S3: workflows run in the node's own thread (worker.ts): the SDK's threads cannot be prepared.
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { canGenerateCode } from '../core/code-generation.js';

/** A text under way: called with lines, it adds them; called with anything else, it makes the function. */
interface Codegen {
  (format?: unknown, ...values: unknown[]): unknown;
  toString(): string;
}
type MakeCodegen = ((parameters: unknown, name?: string) => Codegen) & { verbose?: boolean };

let isDone = false;

/** Before the first connection. Does nothing where code may be made of strings. */
export function prepareSdk(): void {
  if (isDone || canGenerateCode()) return;
  isDone = true;
  prepareMessages();
  prepareActivator();
}

const ACTIVATOR_TEXT = 'return globalThis.__TEMPORAL_ACTIVATOR__';

/** S2 */
function prepareActivator(): void {
  const activatorOf = (): unknown => (globalThis as Record<string, unknown>)['__TEMPORAL_ACTIVATOR__'];
  const constructor = new Proxy(Function as (...texts: unknown[]) => unknown, {
    apply: (target, self, texts: unknown[]): unknown =>
      texts.length === 1 && texts[0] === ACTIVATOR_TEXT
        ? activatorOf
        : Reflect.apply<unknown, unknown[], unknown>(target, self, texts),
  });
  Object.defineProperty(Function.prototype, 'constructor', { value: constructor });
}

/** S1 */
function prepareMessages(): void {
  const sdk = createRequire(createRequire(import.meta.url).resolve('@temporalio/proto'));
  const { util } = sdk('protobufjs') as { readonly util: { codegen: MakeCodegen } };
  const original = util.codegen;
  util.codegen = Object.assign((parameters: unknown, name?: string) => {
    const text = original(parameters, name);
    const codegen: Codegen = (format, ...values) => {
      if (typeof format === 'string') {
        text(format, ...values);
        return codegen;
      }
      const scope = Object.entries((format ?? {}) as Readonly<Record<string, unknown>>);
      const names = scope.map(([key]) => key);
      const make = compileFunction(`return ${text.toString()}`, names) as (...given: unknown[]) => unknown;
      return make(...scope.map(([, value]) => value));
    };
    codegen.toString = () => text.toString();
    return codegen;
  }, original);
}
