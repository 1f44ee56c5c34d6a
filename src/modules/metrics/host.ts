// Metrics on a node: the collector takes them (services/metrics).
import { textIn } from '../../core/command.js';
import type { Command } from '../../core/command.js';
import { isMap } from '../../core/data-values.js';
import type { HostHandlers } from '../../core/handler.js';
import { toTextLossy } from '../../core/text.js';

export interface Recording {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly op: 'add' | 'set';
  readonly name: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Never throws. */
export type RecordMetric = (recording: Recording) => void;

export function metricsHandlers(record: RecordMetric): HostHandlers {
  return {
    'metrics.record': (command) => {
      record(recordingOf(command));
      return null;
    },
  };
}

function recordingOf(command: Command): Recording {
  const { kind, op, value, labels = null } = command;
  return {
    kind: kind === 'gauge' || kind === 'histogram' ? kind : 'counter',
    op: op === 'set' ? 'set' : 'add',
    name: textIn(command, 'name'),
    value: Number(typeof value === 'object' && value !== null && 'n' in value ? value.n : value),
    labels: Object.fromEntries(
      Object.entries(isMap(labels) ? labels : {}).map(([key, text]) => [
        key,
        typeof text === 'string' ? toTextLossy(text) : '',
      ]),
    ),
  };
}
