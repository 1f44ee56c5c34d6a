// The compiled programs of an app's registry, for replays outside a node.
import { join } from 'node:path';
import type { EngineName } from '../../src/lua/engine.js';
import { engineNamed } from '../../src/lua/engines.js';
import { openSqliteStore } from '../../src/registry/store/sqlite-store.js';
import type { ArtifactSource } from '../../src/temporal/contracts.js';
import { artifactText } from '../../src/temporal/program-cache.js';

export function artifactsOf(appFolder: string): ArtifactSource {
  const texts = new Map<string, Promise<string | undefined>>();
  const compile = async (hash: string, engine: string): Promise<string | undefined> => {
    await using store = await openSqliteStore({ path: join(appFolder, '.moontide/registry.db') });
    const pinned = await store.program(hash);
    if (pinned === undefined) return undefined;
    const compiled = engineNamed(engine as EngineName).compile(pinned.program);
    return compiled.ok ? artifactText(compiled.artifact) : undefined;
  };
  return {
    async artifact(hash, engine) {
      const key = `${engine} ${hash}`;
      let text = texts.get(key);
      if (text === undefined) texts.set(key, (text = compile(hash, engine)));
      return text;
    },
  };
}
