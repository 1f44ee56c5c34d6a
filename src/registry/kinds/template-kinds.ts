// Templates and their sets: the schemas; services/templates opens them.
import { defineKind } from '../model/kind.js';
import { closed, filledText, flag, listOf, reference, text } from './common.js';

export const templateSet = defineKind({
  name: 'template.set',
  summary: 'Templates that know each other.',
  state: 'full',
  schema: closed({
    engine: closed({
      development_mode: flag('Parse each template anew for each rendering. Default: false.'),
      delimiters: closed({
        left: filledText('Before an action. Default: `{{`.'),
        right: filledText('After an action. Default: `}}`.'),
        comment_left: filledText('Before a comment. Default: `{*`.'),
        comment_right: filledText('After a comment. Default: `*}`.'),
      }),
      extensions: listOf(
        filledText('An extension with its point.'),
        'What the name of a template may lack. Default: .jet, .html.jet, .jet.html.',
      ),
      globals: { type: 'object', description: 'Variables of all templates of the set.' },
    }),
  }),
});

export const templateJet = defineKind({
  name: 'template.jet',
  summary: 'A template.',
  state: 'full',
  schema: closed(
    {
      set: reference('The set that the template is of.', { examples: ['app:views'] }),
      source: text("The template in Jet's syntax, or a file.", { examples: ['file://page.jet'] }),
    },
    { required: ['set', 'source'] },
  ),
  references: [{ pointer: '/set', kinds: ['template.set'] }],
  sources: ['source'],
});
