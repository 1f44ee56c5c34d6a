// nexus.service: operations that workflows of other task queues and namespaces call, by functions and workflows of this app.
import { mapIn } from '../../core/data-values.js';
import type { Entry } from '../model/entry.js';
import { defineKind } from '../model/kind.js';
import type { FieldProblem } from '../model/kind.js';
import { closed, filledText, reference } from './common.js';

/** What the server takes as the name of an endpoint. */
export const ENDPOINT_NAME = '^[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9]$';

export const nexusService = defineKind({
  name: 'nexus.service',
  summary: 'Operations that workflows of other queues and namespaces call.',
  state: 'full',
  schema: closed(
    {
      service: filledText("The service's name, as callers have it. Default: the entry's name."),
      endpoint: filledText('A Nexus endpoint that leads here; made where it is missing.', {
        pattern: ENDPOINT_NAME,
        maxLength: 200,
        'x-expected': "a letter, then letters, digits and '-', no '-' at the end",
        examples: ['payments'],
      }),
      description: filledText('What the Temporal UI says of the endpoint.'),
      worker: reference("A temporal.worker, whose queue is served. Default: the app's queue."),
      operations: {
        type: 'object',
        minProperties: 1,
        propertyNames: { minLength: 1 },
        additionalProperties: closed({
          function: reference(
            'A function.lua, which answers at once: within 10 s, tried again until it does.',
          ),
          workflow: reference('A workflow.lua: the operation lasts as long as its run.'),
          workflow_id: filledText(
            "Id of the run; `{field}` is a field of the operation's input. A run of that id is joined. Default: one for each operation.",
            { examples: ['charge-{order}'] },
          ),
        }),
        description: 'By their names.',
      },
    },
    { required: ['operations'] },
  ),
  references: [
    { pointer: '/worker', kinds: ['temporal.worker'] },
    { pointer: '/operations/*/function', kinds: ['function.lua'] },
    { pointer: '/operations/*/workflow', kinds: ['workflow.lua'] },
  ],
  checkFields,
});

function checkFields({ data }: Entry): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const [name, operation] of Object.entries(mapIn(data['operations']))) {
    const pointer = `/operations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const { function: called, workflow, workflow_id: id } = mapIn(operation);
    if ((called === undefined) === (workflow === undefined))
      problems.push({
        pointer,
        message: `operation '${name}' ${called === undefined ? 'says neither function nor workflow' : 'has a function and a workflow'}`,
        fix: "set 'function' for an answer at once, or 'workflow' for what takes longer",
      });
    else if (workflow === undefined && id !== undefined)
      problems.push({
        pointer: `${pointer}/workflow_id`,
        message: `operation '${name}' is a function, which has no 'workflow_id'`,
        fix: 'remove it',
      });
  }
  return problems;
}
