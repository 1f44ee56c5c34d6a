// The variables of an app, which nodes use and commands that only connect to where the app runs.
import type { Registry } from '../registry/service.js';
import { Environment } from '../services/env/environment.js';
import { IDENTITY_KEY } from './identity-key.js';
import type { PreparedApp } from './prepare-app.js';

/** The app's variables, by the newest registry version once there is one. */
export function makeEnvironment(
  app: Pick<PreparedApp, 'entries' | 'config' | 'folder'>,
  os: Readonly<Record<string, string | undefined>>,
  current: () => Registry | undefined,
  onSecret: (value: string) => void,
): Environment {
  const { [IDENTITY_KEY]: _ours, ...readable } = os; // K2 of identity-key.ts
  const byId = new Map(app.entries.map((entry) => [entry.id as string, entry]));
  const loaded = {
    get: (id: string) => byId.get(id),
    ofKind: (kind: string) => app.entries.filter((entry) => entry.kind === kind),
  };
  return new Environment({
    entries: () => current()?.current ?? loaded,
    os: { ...app.config.env, ...readable },
    appFolder: app.folder,
    onSecret,
  });
}
