// More updates than a server takes of one run: its limit is 40 a run here, in place of 2,000. From 9 in 10 on it suggests a new run.
import { describe, expect, it } from 'vitest';
import type { Data } from '../../src/core/data.js';
import { queryRun, resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import { luaSuite, workflow } from '../support/lua-suite.js';
import { ownTemporal } from '../support/temporal.js';

/** Adds up what updates bring; goes on as new when the server wants it, and ends when it is told to. */
const COUNTER = `
local workflow = require("workflow")
return function(count, handled)
  workflow.update("add", function(n)
    if n < 0 then return nil, errors.new({ kind = errors.INVALID, message = "only more", retryable = false }) end
    count, handled = count + n, handled + 1
    return count
  end)
  local stop = process.listen("stop")
  local stopped = false
  coroutine.spawn(function() stop:receive() stopped = true end)
  workflow.await(function() return stopped or workflow.info().continue_as_new_suggested end)
  if not stopped then workflow.continue_as_new(count, handled) end
  return { count = count, handled = handled }
end`;
const UPDATES = 60;
/** As many as come between the suggestion and the limit. */
const SENDERS = 4;

describe('updates past the limit of a run', () => {
  const { app, start } = luaSuite(() => ownTemporal({ 'history.maxTotalUpdates': 40 }));

  it(
    'go to the next runs, and are each done once, whichever run their id comes to again',
    { timeout: 90_000 },
    async () => {
      const it = await app({ 'app:counter': workflow(COUNTER) });
      const { workflowId } = await start(it, 'app:counter', [0, 0]);
      const add = (n: number, updateId: string) =>
        updateRun(it.client, { workflowId }, 'add', [n], { updateId });
      await queryRun(it.client, { workflowId }, 'moontide.program', []);
      const first = await add(1, 'key-0');
      await expect(add(-1, 'wrong')).rejects.toThrow('only more');
      const keys = Array.from({ length: UPDATES - 1 }, (_none, index) => `key-${index + 1}`);
      const addAll = async (): Promise<(readonly Data[])[]> => {
        const answers: (readonly Data[])[] = [];
        const send = async (at: number): Promise<void> => {
          for (let each = at; each < keys.length; each += SENDERS)
            answers[each] = await add(1, keys[each] ?? '');
        };
        await Promise.all(Array.from({ length: SENDERS }, (_none, at) => send(at)));
        return answers;
      };
      const answers = await addAll();
      const counts = [...first, ...answers.flat()].map(Number);
      expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: UPDATES }, (_none, n) => n + 1));
      // Runs later, the same ids are the same updates.
      expect(await add(1, 'key-0')).toEqual(first);
      expect(await addAll()).toEqual(answers);
      await expect(add(5, 'wrong')).rejects.toThrow('only more');
      await signalRun(it.client, { workflowId }, 'stop', []);
      expect(await resultOf(it.client, { workflowId })).toEqual([
        expect.objectContaining({ count: UPDATES, handled: UPDATES }),
      ]);
    },
  );
});
