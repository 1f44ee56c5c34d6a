// What a run costs before its first line: the modules of the bundle that are evaluated again for it. Needs no server.
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeWorkflowBundle } from '../../src/temporal/bundle.js';

interface Sandbox {
  createWorkflow(options: object): Promise<{ dispose(): Promise<void> }>;
  destroy(): Promise<void>;
}
interface SandboxClass {
  create(bundle: object, timeoutMs: number, activities: ReadonlySet<string>): Promise<Sandbox>;
}

const require = createRequire(import.meta.url);
const { ReusableVMWorkflowCreator } = require('@temporalio/worker/lib/workflow/reusable-vm.js') as {
  readonly ReusableVMWorkflowCreator: SandboxClass;
};

/** Tells the host, through a global Map that stays writable, which modules a run evaluates. */
const EVALUATES = '__webpack_modules__[moduleId].call(';
const NOTED = `globalThis.__TEMPORAL_ACTIVATOR__ && globalThis.__TEMPORAL_ACTIVATOR__.info.memo.evaluated.push(moduleId);\n${EVALUATES}`;

function runOptions(runId: string, evaluated: string[]): object {
  const now = new Date();
  return {
    info: {
      workflowId: runId,
      runId,
      workflowType: 'app:flow',
      taskQueue: 'q',
      namespace: 'default',
      startTime: now,
      runStartTime: now,
      searchAttributes: {},
      unsafe: {},
      memo: { evaluated: { push: (id: string) => void evaluated.push(id) } },
    },
    randomnessSeed: [1],
    now: now.getTime(),
    showStackTraceSources: false,
  };
}

describe('the workflow bundle', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const code = await makeWorkflowBundle();
    expect(code).toContain(EVALUATES);
    sandbox = await ReusableVMWorkflowCreator.create(
      {
        code: code.replace(EVALUATES, NOTED),
        filename: '/workflow-bundle.js',
        sourceMap: { version: 3, sources: [], names: [], mappings: '', file: '' },
      },
      5000,
      new Set(),
    );
    return () => sandbox.destroy();
  }, 120_000);

  it('evaluates for a run the two modules that hold its state, and no other', async () => {
    for (const runId of ['first', 'second']) {
      const evaluated: string[] = [];
      const run = await sandbox.createWorkflow(runOptions(runId, evaluated));
      await run.dispose();
      const ours = evaluated.filter((id) => !id.startsWith('?')); // what the bundler put in for absent modules is empty
      expect(ours.map((id) => id.replace(/^.*workflows\//, '').replace(/\.[jt]s$/, '')).sort()).toEqual([
        'index',
        'interceptors',
      ]);
    }
  });
});
