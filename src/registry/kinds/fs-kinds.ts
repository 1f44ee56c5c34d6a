// File systems: the schemas; services/fs opens them. What fs.embed names is stored with the version that brings it (pipeline/embed.ts).
import { EMBED_KIND } from '../model/embedded.js';
import { defineKind } from '../model/kind.js';
import { closed, count, filledText, flag, lifecycle, lifecycleReferences, listOf, oneOf } from './common.js';

export const fsEmbed = defineKind({
  name: EMBED_KIND,
  summary: 'Files that travel with the app.',
  state: 'full',
  schema: closed({
    directory: filledText('Folder whose files are embedded. Absent: none are.', { examples: ['./public'] }),
    base: oneOf("What the folder is relative to: the app, or the module's own folder.", 'project', 'module'),
    files: listOf(
      closed(
        {
          path: filledText('Below the folder.'),
          hash: filledText('SHA-256 of the content.', {
            pattern: '^[0-9a-f]{64}$',
            'x-expected': '64 hexadecimal digits',
          }),
          size: count('Bytes.'),
        },
        { required: ['path', 'hash', 'size'] },
      ),
      'What was embedded; written when the folder is read.',
    ),
    lifecycle,
  }),
  references: lifecycleReferences,
});

export const fsDirectory = defineKind({
  name: 'fs.directory',
  summary: 'A folder.',
  state: 'full',
  schema: closed(
    {
      directory: filledText('Its path; a relative one begins at the app.', { examples: ['./data/uploads'] }),
      auto_init: flag('Make it where it is missing. Default: false.'),
      mode: filledText('Permission bits of what is made, octal. Default: 0755.', {
        pattern: '^0?[0-7]{3}$',
        'x-expected': "permission bits such as '0755'",
      }),
      base: {
        enum: ['project', 'module'],
        const: 'project',
        'x-refused': "is not built in this version for 'module'; name the folder from the app",
        description: 'What a relative path begins at. Default: project, the app.',
      },
      lifecycle,
    },
    { required: ['directory'] },
  ),
  references: lifecycleReferences,
});
