// What C says of failed system calls: text and number.
import { constants } from 'node:os';
import { toBytes } from '../../core/text.js';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EBADF: 'Bad file descriptor',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EFBIG: 'File too large',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  ENXIO: 'No such device or address',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  EROFS: 'Read-only file system',
  ESPIPE: 'Illegal seek',
  ETXTBSY: 'Text file busy',
  EXDEV: 'Invalid cross-device link',
};

/** A call that failed without asking the system. */
export class Failed extends Error {
  override readonly name = 'Failed';
  readonly code: string;
  constructor(code: keyof typeof constants.errno) {
    super(REASONS[code] ?? code);
    this.code = code;
  }
}

/** Text and errno of what a function of node:fs threw; anything else is thrown on. */
export function reasonOf(thrown: unknown): readonly [reason: string, errno: number] {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const errno = (constants.errno as Readonly<Record<string, number>>)[code ?? ''];
  if (code === undefined || errno === undefined) throw thrown;
  return [REASONS[code] ?? toBytes(message), errno];
}
