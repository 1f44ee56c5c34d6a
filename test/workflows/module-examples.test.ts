// Every example of a module that runs inside workflows prints the same there, although the run is evicted and replayed after every
// few of them (after each in the long form: the tasks grow with the square of the examples).
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { identityFromData } from '../../src/core/identity.js';
import { declaredModules } from '../../src/modules/index.js';
import { resultOf } from '../../src/temporal/client.js';
import { times } from '../faults/scale.js';
import { luaSuite } from '../support/lua-suite.js';
import { modulesWithExamples, needsFunction, recordedAnswers } from '../support/examples.js';

const everywhere = modulesWithExamples.filter(
  ({ spec }) =>
    spec.workflow === 'sealed' ||
    ['archive', 'compress', 'env', 'fs', 'store', 'system', 'templates'].includes(spec.name),
);

/** Whom the examples act for. */
const identity = identityFromData(
  dataObject({
    actor: dataObject({ id: 'service:mailer', meta: dataObject({ role: 'mailer' }) }),
    policies: ['app:mails'],
  }),
);

describe('examples in a workflow', () => {
  const { app, start } = luaSuite();

  it.each(everywhere)('$spec.name', { timeout: 60_000 }, async ({ spec, examples: all }) => {
    const examples = all.filter((example) => !needsFunction(spec, example));
    const functions = examples.map(({ code }) => `function(print) ${code}\nend`).join(',\n');
    const source = `local time = require("time")
      return function()
        local examples = { ${functions} }
        local printed = {}
        for index, example in ipairs(examples) do
          local lines = {}
          example(function(...)
            local texts = table.pack(...)
            for at = 1, texts.n do texts[at] = tostring(texts[at]) end
            lines[#lines + 1] = table.concat(texts, "\\t")
          end)
          printed[index] = lines
          if index % ${times(8, 1)} == 0 or index == #examples then
            time.sleep("1ms") -- the end of a task: with no cache the next one replays all before it
          end
        end
        return printed
      end`;
    const modules = declaredModules.map(({ name }) => name);
    const it = await app(
      { [`app:${spec.name}`]: { kind: 'workflow.lua', source, modules } },
      { handlers: recordedAnswers, worker: { overrides: { maxCachedWorkflows: 0 } } },
    );
    const ref = await start(it, `app:${spec.name}`, [], { identity: it.seal.seal(identity) });
    const [printed] = await resultOf(it.client, ref);
    expect(printed).toEqual(examples.map(({ prints }) => prints));
  });
});
