// The modules without a server behind them, and their functions.
import type { FunctionSpec, ModuleSpec } from '../../src/lua/module.js';

export const PURE: ReadonlySet<string> = new Set(
  'archive base64 compress crypto ctx errors expr hash html io json logger metrics os payload system templates text time uuid yaml'.split(
    ' ',
  ),
);

/** `base64.encode` and its spec, also of the tables within. */
export function* functionsOf(
  prefix: string,
  members: ModuleSpec['members'],
): Generator<readonly [string, FunctionSpec]> {
  for (const [name, member] of Object.entries(members)) {
    if (member.is === 'table') yield* functionsOf(`${prefix}.${name}`, member.members);
    else if (member.is === 'function') yield [`${prefix}.${name}`, member];
  }
}
