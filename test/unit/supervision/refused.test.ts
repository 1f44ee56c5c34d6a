// Services that could never start end the start of their node, before anything of it runs.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { AppErrors } from '../../../src/cli/prepare-app.js';
import { runNode } from '../../../src/cli/run-node.js';
import { formatDiagnostic } from '../../../src/core/diagnostics.js';

const folder = mkdtempSync(join(tmpdir(), 'moontide-refused-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('names the circle in which services require each other, and where one of them is', async () => {
  mkdirSync(join(folder, 'src'));
  writeFileSync(
    join(folder, 'src/_index.yaml'),
    `
version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: idle, kind: process.lua, source: "return function() end" }
  - { name: base, kind: process.service, process: idle, host: hosts, lifecycle: { requires: [top] } }
  - { name: top, kind: process.service, process: idle, host: hosts, lifecycle: { requires: [base] } }
`,
  );
  const failure: unknown = await runNode({ app: folder, signals: false, environment: {} }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(AppErrors);
  const { diagnostics, exitCode } = failure as AppErrors;
  expect(exitCode).toBe(2);
  expect(diagnostics.map(formatDiagnostic)).toEqual([
    expect.stringMatching(
      /src\/_index\.yaml:7:\d+: services require each other in a circle: app:base -> app:top -> app:base; drop one/,
    ),
  ]);
});
