// What the relays of connections have in common: a connection stands between its client and one process, its target.
// L1: the target is watched: when it ends, the connection does.
// L2: what the client sends waits for the target as any message does, and the client is not read meanwhile.
// L3: `<prefix>.control` changes the target and the times, `<prefix>.close` ends the connection; both are not the client's.
import { dataObject } from '../../../core/data.js';
import type { Data, DataObject } from '../../../core/data.js';
import { isMap } from '../../../core/data-values.js';
import { entryMilliseconds } from '../../../core/durations.js';
import type { ErrorData } from '../../../core/error-data.js';
import type { Logger } from '../../../core/logger.js';
import { toBytes } from '../../../core/text.js';
import type { Message } from '../../../lua/instance-context.js';
import { ConnectionProcess } from '../../../runtime/connection-process.js';
import type { Line } from '../../../runtime/connection-process.js';
import type { Router } from '../../../runtime/router.js';
import type { Stopping } from '../workflow-endpoint.js';
import type { RelayConfig } from './config.js';

/** What relays need of their node. */
export interface RelayNode {
  readonly router: Router;
  /** The text of a PID that nobody had. */
  readonly nextPid: (host: string) => string;
}

/** 'done': its target or another process ended it; 'failed': its target failed; 'stopping': the server does. */
export type Ending = 'done' | 'failed' | 'stopping';

/** How a kind of connection reaches its client. */
export interface Client {
  readonly waiting: number;
  send(topic: string, data: Data): void;
  close(how: Ending, reason: string): void;
  /** At once. */
  destroy(): void;
  /** Is told from time to time, so that a client that is gone shows. */
  beat(): void;
}

export interface SessionOptions {
  readonly prefix: 'ws' | 'sse';
  readonly node: RelayNode;
  /** Entry id of the server. */
  readonly server: string;
  readonly most: number;
  readonly config: RelayConfig;
  readonly stopping: Stopping;
  readonly logger: Logger;
}

export class RelaySession implements Line {
  readonly #options: SessionOptions;
  readonly #began = Date.now();
  #process: ConnectionProcess | undefined;
  #client: Client | undefined;
  #config: RelayConfig;
  #target: string | undefined;
  /** Messages of the client. */
  #count = 0;
  #beat: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #hard: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  get pid(): string {
    return this.#process?.pid ?? '';
  }

  /** It has no target. */
  get isAlone(): boolean {
    return this.#target === undefined;
  }

  get topic(): string {
    return this.#config.topic;
  }

  /** Takes its PID, and watches its target. Rejects where that is not there. */
  async begin(): Promise<void> {
    const { node, server, most, config } = this.#options;
    const pid = node.nextPid(server);
    this.#process = new ConnectionProcess({
      pid,
      entry: server,
      most,
      topology: node.router.local,
      line: this,
    });
    try {
      if (config.target !== undefined) await this.#watch(config.target);
    } catch (error) {
      this.over();
      throw error;
    }
  }

  /** The client is there: its target hears of it. */
  connected(client: Client): void {
    this.#client = client;
    const { begun, ending } = this.#options.stopping;
    begun.addEventListener('abort', this.#stops, { once: true });
    ending.addEventListener('abort', this.#cut, { once: true });
    if (begun.aborted) this.#stops();
    if (this.#process?.alive === false) {
      client.close('done', 'the process has ended'); // meanwhile
      return;
    }
    this.#tell('join', this.#who());
    this.#setTimers();
  }

  /** L2: a promise where the target has no room. */
  fromClient(payload: string): Promise<void> | undefined {
    this.#count += 1;
    this.#touch();
    if (this.#target === undefined) return undefined; // nobody listens
    return this.#send(this.#config.topic, payload);
  }

  /** The client has taken something. */
  drained(): void {
    this.#process?.drained();
  }

  /** The connection is gone. */
  over(error?: ErrorData): void {
    this.#stopTimers();
    const { begun, ending } = this.#options.stopping;
    begun.removeEventListener('abort', this.#stops);
    ending.removeEventListener('abort', this.#cut);
    if (this.#process?.alive !== true) return;
    if (this.#client !== undefined) this.#tell('leave', this.#who());
    this.#process.end(error === undefined ? { ok: true, values: [] } : { ok: false, error });
  }

  // Line

  get waiting(): number {
    return this.#client?.waiting ?? 0;
  }

  take({ topic, payloads }: Message): void {
    const { prefix } = this.#options;
    const data = payloads.length > 1 ? [...payloads] : (payloads[0] ?? null);
    if (topic === `${prefix}.close`) this.#end('done', typeof data === 'string' ? data : '');
    else if (topic === `${prefix}.control`) this.#control(data).catch(this.#failed);
    else {
      this.#touch();
      this.#client?.send(topic, data);
    }
  }

  /** L1 */
  hear({ payloads: [event = null] }: Message): void {
    const { kind, result } = isMap(event) ? event : dataObject();
    if (kind === 'CANCEL') this.#end('done', 'cancelled');
    else if (kind === 'EXIT') {
      this.#target = undefined;
      const failed = isMap(result ?? null) && (result as DataObject)['error'] !== undefined;
      this.#end(failed ? 'failed' : 'done', 'the process has ended');
    }
  }

  cut(): void {
    this.#stopTimers();
    this.#client?.destroy();
  }

  // The target

  async #watch(target: string): Promise<void> {
    await this.#options.node.router.bind('monitor', this.pid, target);
    this.#target = target;
  }

  /** L3 */
  async #control(data: Data): Promise<void> {
    if (!isMap(data)) return;
    const { target_pid: target, message_topic: topic, metadata } = data;
    const ms = (name: string, before: number | undefined): number | undefined =>
      data[name] === undefined ? before : entryMilliseconds(data[name]);
    this.#config = {
      ...this.#config,
      topic: typeof topic === 'string' && topic !== '' ? topic : this.#config.topic,
      metadata: metadata ?? this.#config.metadata,
      heartbeatMs: ms('heartbeat_interval', this.#config.heartbeatMs),
      idleMs: ms('idle_timeout', this.#config.idleMs),
      hardMs: ms('hard_timeout', this.#config.hardMs),
    };
    this.#setTimers();
    if (typeof target !== 'string' || target === this.#target) return;
    const before = this.#target;
    if (before !== undefined) {
      this.#tell('leave', this.#who());
      this.#target = undefined;
      await this.#options.node.router.unbind('monitor', this.pid, before);
    }
    if (target === '') return;
    await this.#watch(target);
    this.#tell('join', this.#who());
  }

  #who(): DataObject {
    const { metadata } = this.#config;
    return dataObject({ client_pid: toBytes(this.pid), ...(metadata === undefined ? {} : { metadata }) });
  }

  #tell(what: 'join' | 'leave' | 'heartbeat', data: DataObject): void {
    if (this.#target !== undefined)
      void this.#send(`${this.#options.prefix}.${what}`, data)?.catch(() => undefined); // its end is heard
  }

  #send(topic: string, data: Data): Promise<void> | undefined {
    try {
      const sent = this.#options.node.router.send(this.#target ?? '', {
        topic,
        payloads: [data],
        from: this.pid,
      });
      return sent instanceof Promise ? sent.catch(this.#failed) : undefined;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  readonly #failed = (error: unknown): void => {
    if (this.#process?.alive !== true) return;
    this.#options.logger.debug('a connection lost its process', { connection: this.pid, error });
    this.#end('failed', 'the process cannot be reached');
  };

  #end(how: Ending, reason: string): void {
    if (this.#client !== undefined) this.#client.close(how, reason);
    else this.over();
  }

  readonly #stops = (): void => this.#end('stopping', 'the server stops');
  readonly #cut = (): void => this.#client?.destroy();

  // Times

  #setTimers(): void {
    this.#stopTimers();
    const { heartbeatMs, hardMs } = this.#config;
    if (heartbeatMs !== undefined && heartbeatMs > 0)
      this.#beat = setInterval(
        () => {
          this.#client?.beat();
          const uptime = Math.round((Date.now() - this.#began) / 1000);
          this.#tell('heartbeat', dataObject({ ...this.#who(), uptime, message_count: this.#count }));
        },
        Math.min(heartbeatMs, 2 ** 31 - 1),
      );
    if (hardMs !== undefined && hardMs > 0)
      this.#hard = setTimeout(
        () => this.#end('done', 'its time is over'),
        Math.min(Math.max(0, hardMs - (Date.now() - this.#began)), 2 ** 31 - 1),
      );
    this.#touch();
  }

  #touch(): void {
    clearTimeout(this.#idle);
    const { idleMs } = this.#config;
    if (idleMs !== undefined && idleMs > 0 && this.#process?.alive === true)
      this.#idle = setTimeout(() => this.#end('done', 'nothing was said'), Math.min(idleMs, 2 ** 31 - 1));
  }

  #stopTimers(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#idle);
    clearTimeout(this.#hard);
  }
}
