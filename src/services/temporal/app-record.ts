// Which folder runs under an app's name on a Temporal namespace: two apps of one name would take each other's tasks.
// R1: a second start with another folder under the same name is refused while the first folder is there.
// R2: the record lies in the user's cache folder: it guards one machine, where such slips happen (a copied example).
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import { userCacheFolder } from '../../temporal/binary.js';

class AppNameTakenError extends PlatformError {
  override readonly name = 'AppNameTakenError';
  readonly code = 'APP_NAME_TAKEN';
  override readonly kind = 'AlreadyExists' as const;
  override readonly exitCode: ExitCode = 2;
  constructor(app: string, folder: string, address: string, namespace: string) {
    super(
      `the name '${app}' belongs to the app in '${folder}' on Temporal ${address} (${namespace}); give this one another 'name' in moontide.yaml`,
    );
  }
}

export interface AppPlace {
  readonly app: string;
  /** Real path. */
  readonly folder: string;
  /** For people. */
  readonly address: string;
  readonly namespace: string;
  /** What tells this namespace from every other of any server. */
  readonly namespaceId: string;
}

/** `own`: the server is this app's own, so that nobody else can have the name there. */
export function claimAppName({ app, folder, address, namespace, namespaceId }: AppPlace, own: boolean): void {
  const records = join(userCacheFolder(), 'apps');
  const key = createHash('sha256').update(namespaceId).digest('hex').slice(0, 12);
  const path = join(records, `${app}-${key}.json`);
  const owner = readOwner(path);
  if (!own && owner !== undefined && owner !== folder && existsSync(owner))
    throw new AppNameTakenError(app, owner, address, namespace);
  if (owner === folder) return;
  try {
    mkdirSync(records, { recursive: true });
    const partial = `${path}.${process.pid}`;
    writeFileSync(partial, `${JSON.stringify({ folder, address, namespace })}\n`);
    renameSync(partial, path);
  } catch (error) {
    // A home that cannot be written to (a container) has nothing to guard; the app runs all the same.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

function readOwner(path: string): string | undefined {
  try {
    const { folder } = JSON.parse(readFileSync(path, 'utf8')) as { folder?: unknown };
    return typeof folder === 'string' ? folder : undefined;
  } catch {
    return undefined; // no record, or half of one: nobody's name
  }
}
