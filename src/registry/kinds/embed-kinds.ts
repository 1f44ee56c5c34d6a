// Files that travel with the app: their content is stored with the version that brings them (pipeline/embed.ts). Reading them by
// the module `fs` is not built yet, so their entries stay idle.
import { EMBED_KIND } from '../model/embedded.js';
import { defineKind } from '../model/kind.js';
import { closed, count, filledText, lifecycle, lifecycleReferences, listOf, oneOf } from './common.js';

export const fsEmbed = defineKind({
  name: EMBED_KIND,
  summary: 'Files that travel with the app.',
  state: 'accepted',
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
