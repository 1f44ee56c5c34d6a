// Runs that the Temporal CLI starts, signals and reads: what the UI and every other SDK do looks the same.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { resultOf } from '../../src/temporal/client.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

const exec = promisify(execFile);

describe('the Temporal CLI', () => {
  const { app, temporal } = luaSuite();

  const cli = async (...args: string[]): Promise<string> => {
    const { binary, address } = temporal();
    const { stdout } = await exec(binary, [...args, '--address', address]);
    return stdout;
  };

  it('starts a Lua workflow with any input, signals it, and reads its result', async () => {
    const it = await app({
      'app:order': workflow(`
        local funcs = require("funcs")
        return function(order, extra)
          local total = funcs.call("app:total", order.items)
          local approved = process.listen("approve"):receive()
          return { id = order.id, total = total, by = approved.by, extra = extra }
        end`),
      'app:total': fn(
        'return function(items) local t = 0 for _, i in ipairs(items) do t = t + i.n end return t end',
      ),
    });
    const workflowId = `cli-${randomUUID()}`;
    await cli(
      ...['workflow', 'start', '--type', 'app:order', '--task-queue', it.queue, '--workflow-id', workflowId],
      ...['--input', '{"id":"Grüße","items":[{"n":1},{"n":41}]}', '--input', '[1.5]'],
    );
    await cli(
      'workflow',
      'signal',
      '--workflow-id',
      workflowId,
      '--name',
      'approve',
      '--input',
      '{"by":"ada"}',
    );
    expect(await resultOf(it.client, { workflowId })).toHaveLength(1);
    const shown = await cli('workflow', 'result', '--workflow-id', workflowId, '--output', 'json');
    expect(JSON.parse(shown)).toMatchObject({
      result: { id: 'Grüße', total: 42, by: 'ada', extra: [1.5] },
      status: 'COMPLETED',
    });
    const history = await cli('workflow', 'show', '--workflow-id', workflowId, '--output', 'json');
    const parsed = JSON.parse(history) as { events: { markerRecordedEventAttributes?: object }[] };
    const marker = JSON.stringify(parsed.events.find((event) => event.markerRecordedEventAttributes != null));
    // The history holds the reference of the program, not its code.
    expect(marker.length).toBeLessThan(3000);
  });
});
