import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { workflowSpec } from '../../src/modules/workflow/spec.js';
import { evaluate, openListed } from './evaluate.js';

const facts = dataObject({
  workflow_id: 'o-1',
  run_id: 'r-1',
  workflow_type: 'app:order',
  task_queue: 'orders',
  namespace: 'default',
  attempt: 1,
  history_length: 12,
  history_size: 3456,
});
const inside = { modules: [workflowSpec], host: { place: 'workflow', workflow: () => facts } as const };
const lua = (text: string) => evaluate(text, inside);

describe('workflow', () => {
  it.each([
    'info()',
    'exec("app:x")',
    'version("x", 1, 2)',
    'attrs({})',
    'history_length()',
    'history_size()',
  ])('refuses %s outside a workflow', async (call) => {
    const [value, kind, message] = await evaluate(
      `local v, err = workflow.${call} return v, err:kind(), err:message()`,
      { modules: [workflowSpec] },
    );
    expect([value, kind]).toEqual(['<nil>', 'Invalid']);
    expect(message).toContain('works in a workflow.lua only; this is a function.lua');
  });

  it('tells the facts of the run', async () => {
    expect(
      await lua(
        'local i = workflow.info() return i.workflow_id, i.run_id, i.task_queue, i.attempt, workflow.history_length(), workflow.history_size()',
      ),
    ).toEqual(['o-1', 'r-1', 'orders', 1, 12, 3456]);
  });

  it('runs children and gives all their results, or their error', () => {
    const { session, results } = openListed(
      `local a, b = workflow.exec("app:child", {n = 1}, "x")
       local none, err = workflow.exec("app:child")
       return a, b, none, err:kind()`,
      inside,
    );
    expect(session.commands[0]).toEqual({
      type: 'workflow.exec',
      target: 'app:child',
      args: [dataObject({ n: 1 }), 'x'],
    });
    session.answer('workflow.exec', [1, 2]);
    session.fail('workflow.exec', { kind: 'NotFound', message: 'no' });
    expect(results()).toEqual([1, 2, '<nil>', 'NotFound']);
  });

  it('asks for versions', () => {
    const { session, results } = openListed('return workflow.version("payment", 1, 2)', inside);
    expect(session.commands).toEqual([{ type: 'workflow.version', change: 'payment', min: 1, max: 2 }]);
    session.answer('workflow.version', 2);
    expect(results()).toEqual([2]);
  });

  it('sets search attributes and memo', () => {
    const { session, results } = openListed(
      'return workflow.attrs({search = {status = "new"}, memo = {note = "x"}})',
      inside,
    );
    expect(session.commands).toEqual([
      { type: 'workflow.attrs', search: dataObject({ status: 'new' }), memo: dataObject({ note: 'x' }) },
    ]);
    session.answer('workflow.attrs', null);
    expect(results()).toEqual([true]);
  });

  it.each([
    ['exec("")', "an id 'namespace:name'"],
    ['exec("app:x", print)', "argument 1 of 'app:x': functions do not cross"],
    ['version("", 1, 2)', 'the id of the change is empty'],
    ['version("x", 3, 2)', 'min (3) is above max (2)'],
    ['attrs({serch = {}})', "unknown field 'serch'"],
    ['attrs({memo = "x"})', "'memo' is a table with string keys"],
  ])('refuses %s', async (call, message) => {
    const values = await lua(`local v, err = workflow.${call} return v, err:kind(), err:message()`);
    expect(values.slice(0, 2)).toEqual(['<nil>', 'Invalid']);
    expect(values[2]).toContain(message);
  });
});
