// The key that a node signs with whom its calls act for. All nodes of an app need the same.
// K1: MOONTIDE_IDENTITY_KEY, else one that is made in the app's state folder: enough where all nodes run in one folder.
// K2: programs cannot read the variable (app-environment.ts).
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IdentitySeal } from '../core/identity-host.js';
import { UsageError } from './usage-error.js';

export const IDENTITY_KEY = 'MOONTIDE_IDENTITY_KEY';
const FILE = 'identity.key';
const LEAST = 32;

/** Throws a UsageError for a key that is too short. */
export function identitySeal(
  app: string,
  stateFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): IdentitySeal {
  const given = environment[IDENTITY_KEY] ?? '';
  if (given !== '' && given.length < LEAST)
    throw new UsageError(
      `${IDENTITY_KEY} must have at least ${LEAST} characters, got ${given.length}; \`openssl rand -hex 32\` makes one`,
    );
  return new IdentitySeal(app, () => (given === '' ? keyIn(stateFolder) : given));
}

/** Made where there is none yet; of several processes that make one at once the first wins. */
function keyIn(folder: string): string {
  const path = join(folder, FILE);
  const made = `${path}.${process.pid}`;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  writeFileSync(made, randomBytes(32).toString('hex'), { mode: 0o600 });
  try {
    linkSync(made, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made, { force: true });
  }
  return readFileSync(path, 'utf8');
}
