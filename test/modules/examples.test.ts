// Every example of a module's page prints what the page says.
import { describe, expect, it } from 'vitest';
import { declaredModules } from '../../src/modules/index.js';
import { processSpec } from '../../src/modules/process/spec.js';
import { modulesWithExamples } from '../support/examples.js';
import { runLua } from '../support/instance.js';

/** Timers fire at once. */
const answers = { 'time.sleep': () => null };

describe.each(modulesWithExamples)('examples of $spec.name', ({ examples }) => {
  it.each(examples)('$title', async ({ code, prints }) => {
    const run = await runLua(code, { modules: declaredModules, globals: [processSpec], answers });
    expect(run.error).toBeUndefined();
    expect(run.printed).toEqual(prints);
  });
});
