// What people see of services in the Temporal UI: Markdown, made when somebody looks. Sealed.
import { toTextLossy } from '../../src/core/text.js';
import type {
  NodeView,
  ServiceSpec,
  ServiceTold,
  ServiceView,
} from '../../src/temporal/service-contracts.js';

/** `2026-01-02 03:04:05 UTC`. */
const timeText = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** A text inside a cell of a table. */
const cell = (text: string): string =>
  toTextLossy(text).replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 200);

export function serviceDetails({ id, kind, settings, requires }: ServiceSpec, told: ServiceTold): string {
  const { machine, owner, node } = told;
  const lines = [
    `**${cell(id)}** (${kind}, ${settings.placement}) is **${machine.state}** since ${timeText(machine.since)}`,
    ...(machine.reason === '' ? [] : [`why: ${cell(machine.reason)}`]),
    ...(machine.retryAt === undefined
      ? []
      : [`tried next: ${timeText(machine.retryAt)}, after failure ${machine.attempts} in a row`]),
    ...(machine.state === 'Failed' && machine.retryAt === undefined
      ? [`not tried again: ${machine.attempts} failures in a row, max_attempts is ${settings.maxAttempts}`]
      : []),
    ...(owner === undefined ? [] : [`life ${machine.token} on ${cell(owner)}`]),
    ...(node === undefined ? [] : [`of node ${cell(node)}`]),
    ...(requires.length === 0 ? [] : [`requires: ${requires.map(cell).join(', ')}`]),
  ];
  return lines.join('\n\n');
}

export function supervisorDetails(services: readonly ServiceView[], nodes: readonly NodeView[]): string {
  const counts = new Map<string, number>();
  for (const { state } of services) counts.set(state, (counts.get(state) ?? 0) + 1);
  const sum = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  // What needs somebody's eye comes first.
  const rank = {
    Failed: 0,
    Exited: 1,
    Starting: 2,
    Stopping: 3,
    Unknown: 4,
    Stopped: 5,
    Running: 6,
  } as const;
  const sorted = services.toSorted((a, b) => rank[a.state] - rank[b.state] || (a.id < b.id ? -1 : 1));
  return [
    services.length === 0 ? 'no services' : `${services.length} services: ${sum}`,
    '',
    '| service | state | since | why | failures | tried next | node | life |',
    '|---|---|---|---|---|---|---|---|',
    ...sorted.map(
      ({ id, state, since, reason, attempts, retryAt, owner, node, token, wanted }) =>
        `| ${cell(id)} | ${state}${wanted || state !== 'Unknown' ? '' : ' (not asked for)'} | ${timeText(since)} | ${cell(reason)} | ${attempts === 0 ? '' : attempts} | ${
          retryAt !== undefined ? timeText(retryAt) : state === 'Failed' ? 'never' : ''
        } | ${cell(owner ?? node ?? '')} | ${token} |`,
    ),
    '',
    '| node | state | since | registry version | services |',
    '|---|---|---|---|---|',
    ...nodes.map(
      ({ node, state, since, registryVersion, services: own }) =>
        `| ${cell(node)} | ${state} | ${timeText(since)} | ${registryVersion} | ${own.length} |`,
    ),
  ].join('\n');
}
