// What a function asks of a relay by the header X-WS-Relay or X-SSE-Relay: JSON.
import type { Data } from '../../../core/data.js';
import { isMap } from '../../../core/data-values.js';
import { DurationError, entryMilliseconds } from '../../../core/durations.js';
import { jsonOf } from '../body-schema.js';

export interface RelayConfig {
  /** PID or name of the process; undefined: none yet. */
  readonly target: string | undefined;
  readonly topic: string;
  /** Milliseconds; 0 or undefined: none. */
  readonly heartbeatMs: number | undefined;
  readonly idleMs: number | undefined;
  readonly hardMs: number | undefined;
  readonly metadata: Data | undefined;
}

/** `header`: a byte string. A text says what is wrong. */
export function relayConfig(header: string, prefix: 'ws' | 'sse'): RelayConfig | string {
  const read = jsonOf(header);
  if ('problem' in read) return `it is no JSON: ${read.problem}`;
  if (!isMap(read.value)) return 'it is no JSON object';
  const { target_pid: target, message_topic: topic = `${prefix}.message`, metadata } = read.value;
  if (target !== undefined && typeof target !== 'string') return "'target_pid' is the text of a PID";
  if (prefix === 'ws' && (target ?? '') === '') return "'target_pid' is missing";
  if (typeof topic !== 'string' || topic === '') return "'message_topic' is a text";
  const times: Record<string, number | undefined> = {};
  for (const name of ['heartbeat_interval', 'idle_timeout', 'hard_timeout'])
    try {
      times[name] = entryMilliseconds(read.value[name]);
    } catch (error) {
      if (error instanceof DurationError) return `'${name}': ${error.message}`;
      throw error;
    }
  return {
    target: target === '' ? undefined : target,
    topic,
    heartbeatMs: times['heartbeat_interval'] ?? 30_000,
    idleMs: times['idle_timeout'],
    hardMs: times['hard_timeout'],
    metadata,
  };
}
