// Every example of a module's page prints what the page says.
import { describe, expect, it } from 'vitest';
import { declaredModules } from '../../src/modules/index.js';
import { processSpec } from '../../src/modules/process/spec.js';
import { cryptoHandlers } from '../../src/modules/crypto/host.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import { modulesWithExamples, recordedAnswers } from '../support/examples.js';
import { nodeAnswers, runLua } from '../support/instance.js';
import type { AnswerOf } from '../support/instance.js';
import { answersOf, openRegistryNode, publishExample } from './registry-node.js';

/** Timers fire at once; what a node computes aside it computes here. */
const answers: Record<string, AnswerOf> = {
  ...recordedAnswers,
  ...nodeAnswers(cryptoHandlers(nativeSupport)),
  'time.sleep': () => null,
};

describe.each(modulesWithExamples)('examples of $spec.name', ({ spec, examples }) => {
  it.each(examples)('$title', async ({ code, prints }) => {
    await using node = spec.name === 'registry' ? await openRegistryNode() : undefined;
    if (node !== undefined) await publishExample(node);
    const all = node === undefined ? answers : { ...answers, ...answersOf(node) };
    const run = await runLua(code, { modules: declaredModules, globals: [processSpec], answers: all });
    expect(run.error).toBeUndefined();
    expect(run.printed).toEqual(prints);
  });
});
