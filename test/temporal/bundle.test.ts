// The workflow bundle: the same bytes from the same sources, its version, and no way in for what the sandbox has not.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  buildWorkflowBundle,
  hostVersion,
  makeWorkflowBundle,
  readWorkflowBundle,
} from '../../src/temporal/bundle.js';
import { WorkflowBundleError } from '../../src/temporal/errors.js';

describe('the workflow bundle', () => {
  it('is the same bytes each time, holds no path of this machine, and carries its version', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'moontide-bundle-'));
    try {
      const path = join(folder, 'deep', 'workflow-bundle.js');
      await buildWorkflowBundle(path);
      const { code } = await readWorkflowBundle(path);
      expect(code).toBe(await makeWorkflowBundle());
      expect(code.startsWith(`/* moontide workflow bundle ${await hostVersion()} */`)).toBe(true);
      const map = Buffer.from(code.slice(code.lastIndexOf('base64,') + 7).trim(), 'base64').toString();
      const { sources } = JSON.parse(map) as { sources: string[] };
      expect(sources.filter((source) => source.startsWith('/'))).toEqual([]);
      expect(sources.some((source) => source.includes('workflows/run-lua'))).toBe(true);
      expect(code).not.toContain(process.cwd());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('of another version, and one that is not there, are refused with what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'moontide-bundle-'));
    try {
      const path = join(folder, 'bundle.js');
      await expect(readWorkflowBundle(path)).rejects.toThrow(
        /there is no workflow bundle at .+; run `npm run build`/,
      );
      await writeFile(path, '/* moontide workflow bundle 0.0.0 */');
      await expect(readWorkflowBundle(path)).rejects.toBeInstanceOf(WorkflowBundleError);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
