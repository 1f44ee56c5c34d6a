// Which registry stands behind an app's name on a Temporal namespace. Two of them under one name would take each other's
// tasks and pin runs to programs that the other does not have.
// R1: a node with another registry under the same name is refused while the first registry is there.
// R2: a registry that is moved, alone or with its folder, takes the name along; folders that share one share the name.
// R3: the record lies in the user's cache folder: it guards one machine, where such slips happen (a copied folder).
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PlatformError } from '../../core/errors.js';
import type { ExitCode } from '../../core/errors.js';
import { userCacheFolder } from '../../temporal/binary.js';

class AppNameTakenError extends PlatformError {
  override readonly name = 'AppNameTakenError';
  readonly code = 'APP_NAME_TAKEN';
  override readonly kind = 'AlreadyExists' as const;
  override readonly exitCode: ExitCode = 2;
  constructor({ app, folder, address, namespace, registry }: AppPlace, owner: Owner) {
    const goOn =
      owner.file === undefined || registry.file === undefined
        ? "give this folder the same registry ('registry' in moontide.yaml, or DATABASE_URL)"
        : `stop its nodes and move '${shown(owner.file)}' to '${shown(registry.file)}', in the place of what is there`;
    super(
      `the name '${app}' belongs to the app in '${owner.folder}' on Temporal ${address} (${namespace}): its runs need the programs in its registry, and '${folder}' has another one; to go on with its runs here, ${goOn}; for an app of its own beside it, give this one another 'name' in moontide.yaml`,
    );
  }
}

/** Where an app keeps its registry. */
export interface RegistryIdentity {
  /** The same for all who share it; without secrets. */
  readonly key: string;
  /** Absolute path, where it is a file. */
  readonly file?: string;
}

export interface AppPlace {
  readonly app: string;
  /** Real path. */
  readonly folder: string;
  readonly registry: RegistryIdentity;
  /** For people. */
  readonly address: string;
  readonly namespace: string;
  /** What tells this namespace from every other of any server. */
  readonly namespaceId: string;
}

export interface ClaimOptions {
  /** The server is this app's own, so that nobody else can have the name there. */
  readonly own: boolean;
  /** The name is taken where it is free; else it is only looked whether it may be used. */
  readonly take: boolean;
}

interface Owner {
  readonly folder: string;
  /** Key of its registry; absent: not known. */
  readonly registry?: string;
  readonly file?: string;
}

/** Throws AppNameTakenError. */
export function claimAppName(place: AppPlace, { own, take }: ClaimOptions): void {
  const { app, folder, registry, address, namespace, namespaceId } = place;
  const records = join(userCacheFolder(), 'apps');
  const key = createHash('sha256').update(namespaceId).digest('hex').slice(0, 12);
  const path = join(records, `${app}-${key}.json`);
  const owner = readOwner(path);
  if (owner !== undefined) {
    const isSame = owner.folder === folder || owner.registry === registry.key;
    if (!own && !isSame && existsSync(owner.file ?? owner.folder)) throw new AppNameTakenError(place, owner);
    if (owner.folder === folder && owner.registry === registry.key) return;
  }
  if (!take) return;
  try {
    mkdirSync(records, { recursive: true });
    const partial = `${path}.${process.pid}`;
    const { key: registryKey, file } = registry;
    writeFileSync(
      partial,
      `${JSON.stringify({ folder, address, namespace, registry: registryKey, file })}\n`,
    );
    renameSync(partial, path);
  } catch (error) {
    // A home that cannot be written to (a container) has nothing to guard; the app runs all the same.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

function readOwner(path: string): Owner | undefined {
  let record: Readonly<Record<string, unknown>>;
  try {
    record = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined; // no record, or half of one: nobody's name
  }
  const { folder, registry, file } = record;
  if (typeof folder !== 'string') return undefined;
  return {
    folder,
    ...(typeof registry === 'string' ? { registry } : {}),
    ...(typeof file === 'string' ? { file } : {}),
  };
}

/** What is to be moved: a registry in a state folder goes with all that is in there. */
const shown = (file: string): string => (basename(file) === 'registry.db' ? dirname(file) : file);
