// Modules: what one says of itself, what it needs of the app that uses it, and that the app uses it. Written into entries by
// the stage `requirements`; nothing of them runs.
import { defineKind, type KindSpec } from '../model/kind.js';
import { closed, filledText, listOf, reference, text } from './common.js';

export const moduleKinds: readonly KindSpec[] = [
  defineKind({
    name: 'ns.definition',
    summary: 'About a module.',
    state: 'full',
    schema: closed({
      module: filledText('Its name. Default: the name of the entry.'),
      readme: text('About it, for people; a `file://` source.'),
      license: text('Its license.'),
      authors: listOf(text('A person.'), 'Who made it.'),
      wiki: { description: 'Further pages.' },
    }),
    sources: ['readme', 'license'],
  }),
  defineKind({
    name: 'ns.requirement',
    summary: 'A value that a module needs from its app.',
    state: 'full',
    schema: closed(
      {
        default: { description: 'The value when the app gives none. Absent: the app must give one.' },
        targets: listOf(
          closed(
            {
              entry: reference('Where the value goes.'),
              path: filledText(
                'Field of the entry, `.meta.router` or `.host`; with `+=` at the end the value is appended.',
              ),
            },
            { required: ['entry', 'path'] },
          ),
          'Where the value is written.',
        ),
      },
      { required: ['targets'] },
    ),
  }),
  defineKind({
    name: 'ns.dependency',
    summary: 'A module that the app uses.',
    state: 'full',
    schema: closed(
      {
        component: filledText('`organization/module`.'),
        version: text('Which versions will do: `^1.2.0`, `>=2.0.0`, `*`.'),
        parameters: listOf(
          closed(
            { name: filledText('Name or id of a requirement.'), value: { description: 'Its value.' } },
            { required: ['name'] },
          ),
          'Values for what the module requires.',
        ),
      },
      { required: ['component'] },
    ),
  }),
];
