// The order in which the Temporal CLI is found, and what is said when it is not.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalBinary, userCacheFolder } from '../../src/temporal/binary.js';
import { TemporalBinaryError } from '../../src/temporal/errors.js';

describe('finding the Temporal CLI', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moontide-binary-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A program that says a version, as the CLI does. */
  async function fake(path: string, version: string): Promise<string> {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `#!/bin/sh\necho temporal version ${version}\n`);
    await chmod(path, 0o755);
    return path;
  }

  const find = (environment: Record<string, string>) =>
    findTemporalBinary({ environment, cacheFolder: join(folder, 'cache'), download: false });

  it('prefers the variable to the path, and the path to the cache', async () => {
    const own = await fake(join(folder, 'own'), '1');
    await fake(join(folder, 'bin', 'temporal'), '2');
    const cached = await fake(join(folder, 'cache', 'temporal', '1.9.1', 'temporal'), '3');
    const both = { MOONTIDE_TEMPORAL_BIN: own, PATH: join(folder, 'bin') };
    expect(await find(both)).toMatchObject({ path: own, version: 'temporal version 1' });
    expect(await find({ PATH: `/nowhere:${join(folder, 'bin')}` })).toMatchObject({
      version: 'temporal version 2',
    });
    expect(await find({ PATH: '/nowhere' })).toMatchObject({ path: cached });
  });

  it('takes the newest version of the cache', async () => {
    for (const version of ['1.9.1', '1.10.0', '1.2.0'])
      await fake(join(folder, 'cache', 'temporal', version, 'temporal'), version);
    expect(await find({})).toMatchObject({ version: 'temporal version 1.10.0' });
  });

  it('goes on when a binary does not run, and says so', async () => {
    const broken = join(folder, 'broken');
    await writeFile(broken, '#!/bin/sh\necho "wrong machine" >&2\nexit 1\n');
    await chmod(broken, 0o755);
    await fake(join(folder, 'bin', 'temporal'), '2');
    const tried: string[] = [];
    const found = await findTemporalBinary({
      environment: { MOONTIDE_TEMPORAL_BIN: broken, PATH: join(folder, 'bin') },
      cacheFolder: join(folder, 'cache'),
      tried: (line) => tried.push(line),
    });
    expect(found.version).toBe('temporal version 2');
    expect(tried).toEqual([`MOONTIDE_TEMPORAL_BIN: '${broken}' does not run: wrong machine`]);
  });

  it('lists every place with its reason, and what to do', async () => {
    const error = await find({ MOONTIDE_TEMPORAL_BIN: '/no/such' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TemporalBinaryError);
    const { tried, message, exitCode } = error as TemporalBinaryError;
    expect(exitCode).toBe(3);
    expect(tried).toHaveLength(5);
    expect(message).toContain("MOONTIDE_TEMPORAL_BIN: '/no/such' is not an executable file");
    expect(message).toContain('temporal on the PATH: not found');
    expect(message).toContain('downloads are switched off');
    expect(message).toContain('set TEMPORAL_ADDRESS to a running server');
  });

  it('keeps its cache where the user wants caches', () => {
    expect(userCacheFolder({ MOONTIDE_CACHE: '/elsewhere' })).toBe('/elsewhere');
    if (process.platform === 'linux')
      expect(userCacheFolder({ XDG_CACHE_HOME: '/caches' })).toBe('/caches/moontide');
  });
});
