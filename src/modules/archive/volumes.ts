// Files of volumes, by the commands of `fs`. Sealed.
// L1: what is larger than one command takes is written piece by piece, the first of which makes the file anew.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { cleanPath, pathProblem } from '../../lua/handles.js';
import type { ByteStream, VolumeHandle } from '../../lua/handles.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { command } from '../../lua/suspend.js';
import type { HostResult } from '../../lua/values.js';

/** Bytes of one command that writes. */
const PIECE = 16 * 1024 * 1024;

const ask = (asked: Command, then: (value: Data) => HostResult): HostResult =>
  command(asked, (answer) => (answer.ok ? then(answer.value) : [undefined, errorFromData(answer.error)]));

/** `then` with the path as commands take it, or why it is none. */
function onPath(volume: VolumeHandle, path: string, then: (clean: string) => HostResult): HostResult {
  const problem = pathProblem(path);
  return problem === undefined ? then(cleanPath(path, volume.directory)) : failure('Invalid', problem);
}

/** A whole file, of at most 64 MiB. */
export const readFile = (
  volume: VolumeHandle,
  path: string,
  then: (data: string) => HostResult,
): HostResult =>
  onPath(volume, path, (clean) =>
    ask({ type: 'fs.read', id: volume.id, path: clean }, (data) => then(data as string)),
  );

/** A file with this content, whatever was there before. */
export const writeFile = (
  volume: VolumeHandle,
  path: string,
  data: string,
  then: () => HostResult,
): HostResult =>
  onPath(volume, path, (clean) => {
    const next = (at: number): HostResult => {
      if (at > 0 && at >= data.length) return then();
      const piece = data.slice(at, at + PIECE);
      const mode = at === 0 ? 'w' : 'a';
      return ask({ type: 'fs.write', id: volume.id, path: clean, data: piece, mode }, () => next(at + PIECE));
    };
    return next(0);
  });

/** Writes bytes to a stream, piece by piece. */
export function writeStream(
  call: HostCall,
  stream: ByteStream,
  data: string,
  then: () => HostResult,
): HostResult {
  const next = (at: number): HostResult =>
    at >= data.length ? then() : stream.write(call, data.slice(at, at + PIECE), () => next(at + PIECE));
  return next(0);
}

/** Makes folders that are not there, and remembers which are. */
export class FolderMaker {
  readonly #volume: VolumeHandle;
  readonly #there = new Set<string>(['/']);
  constructor(volume: VolumeHandle) {
    this.#volume = volume;
  }

  /** The folder of this path, and those that it lies in. */
  make(path: string, then: () => HostResult): HostResult {
    return onPath(this.#volume, path, (clean) => this.#make(clean, then));
  }

  /** The folder that the file of this path lies in. */
  makeFor(path: string, then: () => HostResult): HostResult {
    return onPath(this.#volume, path, (clean) => this.#make(parentOf(clean), then));
  }

  #make(folder: string, then: () => HostResult): HostResult {
    if (this.#there.has(folder)) return then();
    const { id } = this.#volume;
    return ask({ type: 'fs.stat', id, path: folder }, (facts) => {
      if (facts !== null) return this.#known(folder, then); // a file in its place is told by what is written next
      return this.#make(parentOf(folder), () =>
        ask({ type: 'fs.mkdir', id, path: folder }, () => this.#known(folder, then)),
      );
    });
  }

  #known(folder: string, then: () => HostResult): HostResult {
    this.#there.add(folder);
    return then();
  }
}

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));
