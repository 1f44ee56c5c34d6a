// PIDs of what runs on this node, never given twice: neither in the life of a node nor by a later life of it,
// so that a PID that a workflow or a database keeps is not taken for somebody else's.
import { randomBytes } from 'node:crypto';

export class NodePids {
  readonly #life = randomBytes(4).toString('hex');
  /** What all PIDs of a host begin with. */
  readonly #beginnings = new Map<string, string>();
  #last = 0;

  /** The text of a PID. */
  next(host: string): string {
    let beginning = this.#beginnings.get(host);
    if (beginning === undefined) {
      // In one piece: every PID of the host refers to it.
      beginning = Buffer.from(`{${host}|0x${this.#life}`, 'latin1').toString('latin1');
      this.#beginnings.set(host, beginning);
    }
    return beginning + `${(++this.#last).toString(16).padStart(5, '0')}}`;
  }
}
