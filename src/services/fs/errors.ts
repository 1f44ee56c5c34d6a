// What the operating system refuses, in our kinds and words.
import type { ErrorKind } from '../../core/errors.js';
import { FileError } from '../../modules/fs/host.js';

const KINDS: Readonly<Record<string, readonly [ErrorKind, string]>> = {
  ENOENT: ['NotFound', 'is not there'],
  EEXIST: ['AlreadyExists', 'is there already'],
  EACCES: ['PermissionDenied', 'may not be used: no permission'],
  EPERM: ['PermissionDenied', 'may not be used: no permission'],
  EROFS: ['PermissionDenied', 'may not be written: the file system is read-only'],
  ELOOP: ['PermissionDenied', 'may not be used: it became a link meanwhile, or links lead in a circle'],
  ENOTDIR: ['Invalid', 'is no directory, or lies below a file'],
  EISDIR: ['Invalid', 'is a directory'],
  ENOTEMPTY: ['Invalid', 'is a directory that is not empty'],
  ENAMETOOLONG: ['Invalid', 'is too long a name'],
  ENXIO: ['Invalid', 'is no file'],
  EINVAL: ['Invalid', 'cannot be used so'],
  EBUSY: ['Unavailable', 'is in use'],
  ENOSPC: ['Unavailable', 'cannot be written: the disk is full'],
  EDQUOT: ['Unavailable', 'cannot be written: the disk quota is used up'],
  EMFILE: ['Unavailable', 'cannot be opened: too many files are open'],
  ENFILE: ['Unavailable', 'cannot be opened: too many files are open'],
};

/** `path` as the program named it. */
export function fileError(error: unknown, path: string): unknown {
  if (error instanceof FileError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) return error;
  const [kind, what] = KINDS[code] ?? ['Internal', `cannot be used (${code})`];
  return new FileError(kind, `'${path}' ${what}`, { cause: error });
}

/** Errors of the operating system as ours. */
export async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path);
  }
}
