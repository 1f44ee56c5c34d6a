// The `templates` module: templates of Jet's syntax, by sets. Sealed; rendering is a command, for the texts are on the node.
// S1: a set holds nothing of the node, so that it can be kept over the steps of a workflow.
import type { Command } from '../../core/command.js';
import { dataObject } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { tryToData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import { define, defineModuleSpec, defineType, members, methodsOf } from '../../lua/module.js';
import { bytes, optional, table } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaValue } from '../../lua/values.js';

class TemplateSetHandle {
  readonly id: string;
  released = false;
  constructor(id: string) {
    this.id = id;
  }
}

const ask = (asked: Command, then: (value: unknown) => LuaValue): HostResult =>
  command(asked, (answer) => (answer.ok ? then(answer.value) : [undefined, errorFromData(answer.error)]));

const method = methodsOf<TemplateSetHandle>();

const SetType = defineType<TemplateSetHandle>(
  'Set',
  'Templates that know each other by their names.',
  [
    method('render', {
      summary:
        'A template as text. What it writes is escaped for HTML, unless `raw` is the last of its action.',
      params: [
        bytes('name', 'Of the template in its set, with or without its extension.'),
        optional(table('data', 'Variables of the template by name; also its `.` (context).')),
      ],
      returns: ['string?', 'Error?'],
      fails: {
        Invalid: 'the name is empty, the data has other keys than strings, or a value does not cross',
        NotFound: 'the set has no such template, or is there no more',
        Internal: 'the rendering fails (with template and line), is too large, or the set was released',
      },
      returnsWrongArguments: true,
      run: (_call, self, name, data) => {
        if (self.released) return failure('Internal', `the set '${self.id}' was released; get it again`);
        if (name === '') return failure('Invalid', 'the name of the template is empty');
        const given = data === undefined ? ({ ok: true, data: dataObject() } as const) : tryToData(data);
        if (!given.ok) return [undefined, given.error];
        const isEmpty = Array.isArray(given.data) && given.data.length === 0;
        if (!isMap(given.data) && !isEmpty)
          return failure('Invalid', 'the data of a template is a table with string keys');
        return ask(
          { type: 'templates.render', set: self.id, name, data: isEmpty ? dataObject() : given.data },
          (value) => value as string,
        );
      },
    }),
    method('release', {
      summary: 'Lets the set go; it renders nothing after that. False where it was let go before.',
      params: [],
      returns: ['boolean'],
      workflow: 'sealed',
      run: (_call, self) => {
        const held = !self.released;
        self.released = true;
        return held;
      },
    }),
  ],
  { tostring: (self) => `templates.Set(${self.id})` },
);

export const templatesSpec = defineModuleSpec({
  name: 'templates',
  summary: "Templates of Jet's syntax: pages, mails and documents with inheritance and includes",
  workflow: 'recorded',
  members: members(
    define('get', {
      summary: 'A set of templates. Templates that are published later are seen by the next rendering.',
      params: [bytes('id', 'Entry id of a `template.set`.')],
      returns: ['Set?', 'Error?'],
      fails: {
        Invalid: 'the id is empty, or the entry is of another kind',
        NotFound: 'there is no such entry',
        PermissionDenied: 'no policy allows `templates.get` on the id',
      },
      returnsWrongArguments: true,
      run: (_call, id) =>
        id === ''
          ? failure('Invalid', 'the id of the template set is empty')
          : ask({ type: 'templates.get', id }, () => SetType.wrap(new TemplateSetHandle(id))),
    }),
  ),
  types: [SetType],
});
