// What modules hand to each other: volumes, and values that bytes come from and go to. They are told by these classes, since no
// module knows another. Sealed.
// V1: a path is bytes, absolute within its volume and clean before it goes into a command.
// V2: a stream is asked by its own functions; nobody but its module knows how it reads and writes.
import { failure } from './instance/error-object.js';
import type { HostCall } from './instance-context.js';
import type { HostResult, LuaValue } from './values.js';
import { LuaUserdata } from './values.js';

/** A file system by the id of its entry: `fs.get`. */
export class VolumeHandle {
  readonly id: string;
  /** Where relative paths begin. */
  directory = '/';
  constructor(id: string) {
    this.id = id;
  }
}

/** A value that gives bytes or takes them: an open file, an entry of an archive. */
export abstract class ByteStream {
  /** All that it has not given yet, of at most `most` bytes. */
  abstract rest(call: HostCall, most: number, then: (data: string) => HostResult): HostResult;
  /** Takes bytes behind those that it took before. */
  write(_call: HostCall, _data: string, _then: () => HostResult): HostResult {
    return failure('PermissionDenied', 'the stream cannot be written to', undefined, false);
  }
}

export const volumeOf = (value: LuaValue): VolumeHandle | undefined =>
  value instanceof LuaUserdata && value.value instanceof VolumeHandle ? value.value : undefined;

export const streamOf = (value: LuaValue): ByteStream | undefined =>
  value instanceof LuaUserdata && value.value instanceof ByteStream ? value.value : undefined;

/** An absolute path without `.`, `..` and double slashes, from a path and the directory that it starts in. */
export function cleanPath(path: string, directory: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** What is wrong with a path; undefined: nothing. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty';
  return path.includes('\0') ? 'the path holds a zero byte' : undefined;
}
