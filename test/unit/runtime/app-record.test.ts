// Whose an app's name is on a Temporal: a registry's, wherever that lies.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimAppName } from '../../../src/services/temporal/app-record.js';
import type { RegistryIdentity } from '../../../src/services/temporal/app-record.js';

let work = '';
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'moontide-record-'));
  vi.stubEnv('MOONTIDE_CACHE', join(work, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(work, { recursive: true, force: true });
});

const file = (folder: string): string => join(work, folder, '.moontide/registry.db');
function makeRegistry(folder: string): RegistryIdentity {
  mkdirSync(dirname(file(folder)), { recursive: true });
  writeFileSync(file(folder), '');
  return registryOf(folder);
}
const registryOf = (folder: string): RegistryIdentity => ({
  key: `sqlite:${file(folder)}`,
  file: file(folder),
});
const claim = (
  folder: string,
  registry: RegistryIdentity,
  { own = false, take = true, namespaceId = 'n-1' } = {},
): string => {
  const place = { app: 'shop', folder: join(work, folder), registry, namespaceId };
  try {
    claimAppName({ ...place, address: '127.0.0.1:7233', namespace: 'default' }, { own, take });
    return 'taken';
  } catch (error) {
    return (error as Error).message.replaceAll(work, '.');
  }
};

describe('the name of an app on a Temporal', () => {
  it('is refused to a copy, with what keeps the runs going', () => {
    expect(claim('shop', makeRegistry('shop'))).toBe('taken');
    expect(claim('copy', makeRegistry('copy'))).toBe(
      "the name 'shop' belongs to the app in './shop' on Temporal 127.0.0.1:7233 (default): its runs need the programs in its registry, and './copy' has another one; to go on with its runs here, stop its nodes and move './shop/.moontide' to './copy/.moontide', in the place of what is there; for an app of its own beside it, give this one another 'name' in moontide.yaml",
    );
    expect(claim('shop', registryOf('shop'))).toBe('taken');
    expect(claim('copy', registryOf('copy'), { namespaceId: 'n-2' })).toBe('taken');
  });

  it('goes along with a registry that is moved, and is refused to the folder that it left', () => {
    claim('shop', makeRegistry('shop'));
    mkdirSync(join(work, 'copy'));
    renameSync(join(work, 'shop/.moontide'), join(work, 'copy/.moontide'));
    expect(claim('copy', registryOf('copy'))).toBe('taken');
    expect(claim('shop', makeRegistry('shop'))).toContain("belongs to the app in './copy'");
    renameSync(join(work, 'copy'), join(work, 'renamed'));
    expect(claim('renamed', registryOf('renamed'))).toBe('taken');
  });

  it('is shared by folders that share a registry', () => {
    const shared = { key: 'postgres:db/shop/moontide' };
    expect(claim('one', shared)).toBe('taken');
    expect(claim('two', shared)).toBe('taken');
    mkdirSync(join(work, 'two'));
    expect(claim('three', makeRegistry('three'))).toContain(
      "to go on with its runs here, give this folder the same registry ('registry' in moontide.yaml, or DATABASE_URL)",
    );
  });

  it('is not taken by who only talks, and not refused on a server of its own', () => {
    expect(claim('one', makeRegistry('one'), { take: false })).toBe('taken');
    expect(claim('two', makeRegistry('two'))).toBe('taken');
    expect(claim('one', registryOf('one'), { take: false })).toContain("belongs to the app in './two'");
    expect(claim('one', registryOf('one'), { own: true })).toBe('taken');
  });
});
