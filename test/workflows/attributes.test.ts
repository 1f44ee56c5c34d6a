// What a Lua workflow writes about itself: search attributes, memo, versions of its code.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { queryRun, resultOf, signalRun } from '../../src/temporal/client.js';
import { luaSuite, workflow } from '../support/lua-suite.js';

describe('a workflow that describes itself', () => {
  const { app, start, run } = luaSuite();

  it('sets search attributes, registering what the server does not know, and memo fields', async () => {
    const suffix = randomUUID().slice(0, 8).replaceAll('-', '');
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(suffix)
          local ok, err = workflow.attrs({
            search = { ["Stage" .. suffix] = "charged", ["Total" .. suffix] = 42, ["Share" .. suffix] = 0.5, ["Paid" .. suffix] = true },
            memo = { note = "gr\u00fc\u00dfe" },
          })
          if not ok then return nil, err end
          process.inbox():receive()
          workflow.attrs({ search = { ["Stage" .. suffix] = "shipped" } })
          return "done"
        end`),
    });
    const ref = await start(it, 'app:w', [suffix]);
    await queryRun(it.client, ref, 'moontide.program', []);
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual(['done']);
    const { searchAttributes, memo } = await it.client.workflow.getHandle(ref.workflowId).describe();
    expect(searchAttributes).toMatchObject({
      [`Stage${suffix}`]: ['shipped'],
      [`Total${suffix}`]: [42],
      [`Share${suffix}`]: [0.5],
      [`Paid${suffix}`]: [true],
    });
    expect(memo).toMatchObject({ note: 'gr\xc3\xbc\xc3\x9fe', 'moontide.entry': 'app:w' });
  });

  it('is told of names and values that the server would refuse for ever, and goes on', async () => {
    const suffix = randomUUID().slice(0, 8).replaceAll('-', '');
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(suffix)
          local function set(name, value)
            local ok, err = workflow.attrs({ search = { [name] = value } })
            return ok and "set" or err:kind() .. ": " .. err:message():gsub(suffix, "")
          end
          return {
            set("Gr\\u{f6}\\u{df}e" .. suffix, "x"), set("\\xff" .. suffix, "x"), set("", "x"), set("ExecutionStatus", "x"),
            set("N" .. suffix, 1), set("N" .. suffix, "text"), set("N" .. suffix, 2), set("Long" .. suffix, ("x"):rep(2049)),
          }
        end`),
    });
    const [told] = await run(it, 'app:w', [suffix]);
    expect(told).toEqual([
      'set',
      "Invalid: the name of a search attribute is text, got '\xef\xbf\xbd'",
      "Invalid: the name of a search attribute is text, got ''",
      "Invalid: search attribute 'ExecutionStatus' is Temporal's own and cannot be set",
      'set',
      "Invalid: search attribute 'N' is of another type on the server: it does not take Keyword",
      'set',
      "Invalid: search attribute 'Long' has 2049 bytes; Temporal takes 2048",
    ]);
  });

  it('has those of its children and of its next run registered or refused too', async () => {
    const suffix = randomUUID().slice(0, 8).replaceAll('-', '');
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(suffix, told)
          if told then return told end
          local function child(value)
            local id = "child-" .. suffix
            local _, err = process.with_options({ ["temporal.workflow.id"] = id, ["temporal.workflow.search_attributes"] = { ["Of" .. suffix] = value } }):exec("app:child", "app:worker")
            return err and err:message():gsub(suffix, "") or "ran"
          end
          local told = { child("x"), child(1) }
          local own = workflow.with_options({ ["temporal.workflow.search_attributes"] = { ExecutionStatus = "x" } })
          local _, err = pcall(own.continue_as_new, own)
          told[3] = err:message()
          workflow.with_options({ ["temporal.workflow.search_attributes"] = { ["Next" .. suffix] = 2 } }):continue_as_new(suffix, told)
        end`),
      'app:child': workflow('return function() return 1 end'),
    });
    const ref = await start(it, 'app:w', [suffix]);
    expect(await resultOf(it.client, { workflowId: ref.workflowId })).toEqual([
      [
        'ran',
        "search attribute 'Of' is of another type on the server: it does not take Int",
        "search attribute 'ExecutionStatus' is Temporal's own and cannot be set",
      ],
    ]);
    const of = async (workflowId: string) =>
      (await it.client.workflow.getHandle(workflowId).describe()).searchAttributes;
    expect(await of(`child-${suffix}`)).toMatchObject({ [`Of${suffix}`]: ['x'] });
    expect(await of(ref.workflowId)).toMatchObject({ [`Next${suffix}`]: [2] });
  });

  it('is told what is no search attribute, and goes on', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function()
          local _, err = workflow.attrs({ search = { Nested = { a = 1 } } })
          return { kind = err:kind(), message = err:message() }
        end`),
    });
    expect(await run(it, 'app:w')).toEqual([
      dataObject({
        kind: 'Invalid',
        message: "search attribute 'Nested' takes no table with keys",
      }),
    ]);
  });

  it('takes the highest version of a change and keeps it', async () => {
    const it = await app(
      {
        'app:w': workflow(`
          local workflow, time = require("workflow"), require("time")
          return function()
            local first = workflow.version("payment", 1, 3)
            time.sleep("1ms")
            return { first, workflow.version("payment", 1, 3), workflow.version("other", 2, 2) }
          end`),
      },
      { worker: { overrides: { maxCachedWorkflows: 0 } } },
    );
    expect(await run(it, 'app:w')).toEqual([[3, 3, 2]]);
  });

  it('knows the facts of its run', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function()
          local info = workflow.info()
          return { info.workflow_id, info.workflow_type, info.task_queue, info.namespace, info.attempt, info.history_length > 0, process.pid() }
        end`),
    });
    const ref = await start(it, 'app:w');
    expect(await resultOf(it.client, ref)).toEqual([
      [ref.workflowId, 'app:w', it.queue, 'default', 1, true, `{app:worker|${ref.workflowId}}`],
    ]);
  });
});
