// schemathesis, which nobody here wrote, on the document of examples/http-api: no 5xx, no answer that is not described, no hang.
// It comes from PyPI (`pip install schemathesis`, or MOONTIDE_SCHEMATHESIS names it); where it is not there, this is skipped.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolders, buildOnce } from '../e2e/cli-process.js';
import { startNode } from './node.js';
import type { HttpNode } from './node.js';

const PROGRAM = process.env['MOONTIDE_SCHEMATHESIS'] ?? 'schemathesis';
const found = spawnSync(PROGRAM, ['--version']);
const why = found.status === 0 ? '' : ' (skipped: schemathesis is not installed)';

describe.skipIf(why !== '')(`the routes of an app${why}`, () => {
  const folders = new TestFolders();
  let node: HttpNode;
  beforeAll(async () => {
    await buildOnce();
    const folder = folders.copy('http-api');
    const index = join(folder, 'src/_index.yaml');
    const entries = readFileSync(index, 'utf8')
      .replace('127.0.0.1:8080', '127.0.0.1:0')
      .replace("ratelimit.requests: '600'", "ratelimit.requests: '1000000'")
      .replace("ratelimit.burst: '100'", "ratelimit.burst: '1000000'");
    writeFileSync(index, entries);
    node = await startNode(folder);
  }, 180_000);
  afterAll(() => folders.clean());

  it('answer whatever is sent as their description says', async () => {
    const tester = spawn(
      PROGRAM,
      [
        ...['run', `${node.url}/openapi.json`, '--phases', 'examples,coverage,fuzzing'],
        ...['--max-examples', '20', '--seed', '1', '--request-timeout', '40', '--workers', '1'],
        ...['--checks', 'all', '--exclude-path-regex', '/clock|/events'], // streams, which have no end
      ],
      { cwd: folders.make({}), env: { ...process.env, NO_COLOR: '1' } },
    );
    let told = '';
    for (const stream of [tester.stdout, tester.stderr])
      stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const [code] = (await once(tester, 'close')) as [number];
    expect([code, code === 0 ? '' : `${told}\n--- the node\n${node.process.stderr}`]).toEqual([0, '']);
  }, 300_000);
});
