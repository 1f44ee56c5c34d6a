// The kinds of file systems that are built.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FileError } from '../../modules/fs/host.js';
import { fsDirectory, fsEmbed } from '../../registry/kinds/index.js';
import { embeddedFiles } from '../../registry/model/embedded.js';
import type { Entry } from '../../registry/model/entry.js';
import { defineKind } from '../../registry/model/kind.js';
import type { KindHost, KindSpec } from '../../registry/model/kind.js';
import { fillPlaceholders } from '../env/placeholders.js';
import { DirectoryVolume, makeRoot } from './directory-volume.js';
import { EmbedVolume } from './embed-volume.js';
import { fileError } from './errors.js';

const USUAL_MODE = 0o755;

export const fsKinds: readonly KindSpec[] = [
  defineKind({ ...fsDirectory, open: openDirectory }),
  defineKind({
    ...fsEmbed,
    open: async (entry, host) =>
      new EmbedVolume({ entry: entry.id, files: embeddedFiles(entry), content: (hash) => host.file(hash) }),
  }),
];

async function openDirectory({ id, data }: Entry, host: KindHost): Promise<DirectoryVolume> {
  const given = data['directory'];
  const directory = fillPlaceholders(typeof given === 'string' ? given : '', (name) => host.env(name));
  if (directory === '') throw new FileError('Invalid', `the directory of '${id}' is empty; name a folder`);
  const root = resolve(host.appFolder, directory);
  const { mode: bits } = data;
  const mode = typeof bits === 'string' ? Number.parseInt(bits, 8) : USUAL_MODE;
  try {
    const found = await stat(root).catch((error: unknown) => {
      if (data['auto_init'] === true && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    if (found === undefined) await makeRoot(root, mode);
    else if (!found.isDirectory())
      throw new FileError('Invalid', `the directory of '${id}', '${root}', is a file`);
    return await DirectoryVolume.open({ root, mode });
  } catch (error) {
    const told = fileError(error, root);
    if (told instanceof FileError && told.kind === 'NotFound')
      throw new FileError(
        'NotFound',
        `the directory of '${id}', '${root}', is not there; make it, or set auto_init`,
      );
    throw told;
  }
}
