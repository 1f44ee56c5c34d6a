// An instance as a node would make it, with a host that does nothing but print.
import type { DataObject } from '../../src/core/data.js';
import type { LoadedProgram } from '../../src/lua/engine.js';
import { createInstance } from '../../src/lua/instance/instance.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import type { InstanceHost } from '../../src/lua/instance-context.js';
import type { Instance } from '../../src/lua/step.js';
import { channelSpec } from '../../src/modules/channel/spec.js';
import { coroutineSpec } from '../../src/modules/coroutine/spec.js';
import { errorsSpec } from '../../src/modules/errors/spec.js';
import { osSpec } from '../../src/modules/os/spec.js';
import { payloadSpec } from '../../src/modules/payload/spec.js';

const lookup = moduleLookup([], [channelSpec, coroutineSpec, errorsSpec, osSpec, payloadSpec]);

const hostThatPrints = (print: (line: string) => void): InstanceHost => ({
  now: () => BigInt(Date.now()) * 1_000_000n,
  random: () => 0.5,
  randomBytes: (n) => '\0'.repeat(n),
  uuid: () => '00000000-0000-4000-8000-000000000000',
  print,
  emit: () => undefined,
  pid: '{bench|1}',
  context: Object.create(null) as DataObject,
  place: 'node',
});

export const benchInstance = (loaded: LoadedProgram, print: (line: string) => void): Instance =>
  createInstance(loaded, hostThatPrints(print), lookup);

/** The same host and modules for many instances. */
export function instanceMaker(loaded: LoadedProgram): () => Instance {
  const host = hostThatPrints(() => undefined);
  return () => createInstance(loaded, host, lookup);
}
