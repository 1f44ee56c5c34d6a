// PIDs of what runs on this node, never given twice: neither in the life of a node nor by a later life of it,
// so that a PID that a workflow or a database keeps is not taken for somebody else's.
import { randomBytes } from 'node:crypto';
import { PidGenerator, formatPid } from '../core/ids.js';

export class NodePids {
  readonly #generator = new PidGenerator();
  readonly #life = randomBytes(4).toString('hex');

  /** The text of a PID. */
  next(host: string): string {
    const { id } = this.#generator.next(host);
    const text = formatPid({ host, id: `0x${this.#life}${id.slice(2)}` });
    return Buffer.from(text, 'latin1').toString('latin1'); // in one piece: it is kept as long as the process
  }
}
