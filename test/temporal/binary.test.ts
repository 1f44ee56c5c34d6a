// The order in which the Temporal CLI is found, and what is said when it is not.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalBinary, userCacheFolder } from '../../src/temporal/binary.js';
import { TemporalBinaryError, TemporalBinarySettingError } from '../../src/temporal/errors.js';

describe('finding the Temporal CLI', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moontide-binary-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function program(path: string, script: string): Promise<string> {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }
  /** A program that says a version, as the CLI does. */
  const fake = (path: string, version: string): Promise<string> =>
    program(path, `echo temporal version ${version}`);

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

  it('goes on when a binary does not run or is another program, and says so', async () => {
    const [broken, other] = [
      join(folder, 'one', 'temporal'),
      join(folder, 'cache', 'temporal', '9', 'temporal'),
    ];
    await program(broken, 'echo "wrong machine" >&2; exit 1');
    await program(other, 'echo chronos 3.1');
    const { tried } = (await find({ PATH: join(folder, 'one') }).catch(
      (reason: unknown) => reason,
    )) as TemporalBinaryError;
    expect(tried.slice(0, 2)).toEqual([
      `temporal on the PATH: '${broken}' does not run: wrong machine`,
      `the user's cache: '${other}' is not the Temporal CLI: to --version it says 'chronos 3.1'`,
    ]);
  });

  it('takes nothing in the stead of one that is named and does not work', async () => {
    await fake(join(folder, 'bin', 'temporal'), '2');
    const told = async (named: string): Promise<string> => {
      const environment = { MOONTIDE_TEMPORAL_BIN: named, PATH: join(folder, 'bin') };
      const error = await find(environment).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TemporalBinarySettingError);
      expect((error as TemporalBinarySettingError).exitCode).toBe(3);
      return (error as TemporalBinarySettingError).message.replaceAll(folder, '.');
    };
    const such = (reason: string): string =>
      `MOONTIDE_TEMPORAL_BIN cannot be used: ${reason}; set it to the path of the Temporal CLI, or unset it to have one looked for`;
    const text = join(folder, 'text');
    await writeFile(text, 'no program');
    expect(await told(join(folder, 'nowhere'))).toBe(such("'./nowhere' does not exist"));
    expect(await told(text)).toBe(such("'./text' is not an executable file"));
    expect(await told(join(folder, 'bin'))).toBe(such("'./bin' is not an executable file"));
    expect(await told(await program(join(folder, 'chronos'), 'echo chronos 3.1'))).toBe(
      such("'./chronos' is not the Temporal CLI: to --version it says 'chronos 3.1'"),
    );
    expect(await told(await program(join(folder, 'broken'), 'echo "wrong machine" >&2; exit 1'))).toBe(
      such("'./broken' does not run: wrong machine"),
    );
  });

  it('lists every place with its reason, and what to do', async () => {
    const error = await find({}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TemporalBinaryError);
    const { tried, message, exitCode } = error as TemporalBinaryError;
    expect(exitCode).toBe(3);
    expect(tried).toHaveLength(4);
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
