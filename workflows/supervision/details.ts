// What people see of services in the Temporal UI: Markdown, made when somebody looks. Sealed.
import { toTextLossy } from '../../src/core/text.js';
import type {
  NodeView,
  ServiceSpec,
  ServiceTold,
  ServiceView,
} from '../../src/temporal/service-contracts.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** The page breaks lines at plain ones. */
const SPACE = '\u00a0';

/** `2 Jan 03:04:05`. */
function shortTime(at: number): string {
  const date = new Date(at);
  return [date.getUTCDate(), MONTHS[date.getUTCMonth()], date.toISOString().slice(11, 19)].join(SPACE);
}

/** `2 Jan 2026 03:04:05 UTC`. */
function timeText(at: number): string {
  const [day, month, time] = shortTime(at).split(SPACE);
  return [day, month, new Date(at).getUTCFullYear(), time, 'UTC'].join(SPACE);
}

/** A text of somebody else's on one line. */
const line = (text: string): string => toTextLossy(text).replaceAll(/\s+/g, ' ').slice(0, 300);

const startsIt = (id: string): string => `\`moontide service start ${line(id)}\` does`;

/** A text inside a cell of a table. */
const cell = (text: string): string => line(text).replaceAll('|', '\\|');

/** A row of a table. The page leaves no room between its columns. */
const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(`${SPACE}${SPACE} | `)} |`;

export function serviceDetails({ id, kind, settings, requires }: ServiceSpec, told: ServiceTold): string {
  const { machine, owner, node } = told;
  const lines = [
    `**${cell(id)}** (${kind}, ${settings.placement}) is **${machine.state}** since ${timeText(machine.since)}`,
    ...(machine.reason === '' ? [] : [`why: ${cell(machine.reason)}`]),
    ...(machine.retryAt === undefined
      ? []
      : [`tried next: ${timeText(machine.retryAt)}, after failure ${machine.attempts} in a row`]),
    ...(machine.state === 'Failed' && machine.retryAt === undefined
      ? [
          `not tried again: ${machine.attempts} failures in a row, max_attempts is ${settings.maxAttempts}; ${startsIt(id)}`,
        ]
      : []),
    ...(owner === undefined ? [] : [`life ${machine.token} on ${cell(owner)}`]),
    ...(node === undefined ? [] : [`of node ${cell(node)}`]),
    ...(requires.length === 0 ? [] : [`requires: ${requires.map(cell).join(', ')}`]),
  ];
  return lines.join('\n\n');
}

// What needs somebody's eye comes first.
const RANK = { Failed: 0, Exited: 1, Starting: 2, Stopping: 3, Unknown: 4, Stopped: 5, Running: 6 } as const;

/** What somebody should know of a service, in a sentence; undefined: nothing. */
function sentence({ id, state, since, reason, attempts, retryAt, wanted }: ServiceView): string | undefined {
  const name = `**${line(id)}**`;
  const why = reason === '' ? '' : `: ${line(reason)}`;
  switch (state) {
    case 'Failed':
      if (retryAt === undefined) return `${name} has failed and is not tried again (${startsIt(id)})${why}`;
      return `${name} has failed${attempts > 1 ? ` ${attempts} times in a row` : ''} and is tried next at ${timeText(retryAt)}${why}`;
    case 'Exited':
      return `${name} has ended by itself at ${timeText(since)}${why}`;
    default:
      return wanted && state !== 'Running' && reason !== '' ? `${name} ${line(reason)}` : undefined;
  }
}

function summary(services: readonly ServiceView[]): string {
  if (services.length === 0) return 'no services';
  const counts = new Map<string, number>();
  for (const { state } of services) counts.set(state, (counts.get(state) ?? 0) + 1);
  const sum = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  const failed = counts.get('Failed') ?? 0;
  if (failed > 0)
    return `**${failed} of ${services.length} services ${failed === 1 ? 'has' : 'have'} failed**: ${sum}`;
  return counts.get('Running') === services.length
    ? `all ${services.length} services run`
    : `${services.length} services: ${sum}`;
}

export function supervisorDetails(services: readonly ServiceView[], nodes: readonly NodeView[]): string {
  const sorted = services.toSorted((a, b) => RANK[a.state] - RANK[b.state] || (a.id < b.id ? -1 : 1));
  return [
    summary(sorted),
    '',
    ...sorted.flatMap((service) => {
      const told = sentence(service);
      return told === undefined ? [] : [told, ''];
    }),
    row('service', 'state', 'since (UTC)', 'node'),
    '|---|---|---|---|',
    ...sorted.map(({ id, state, since, owner, node, wanted }) =>
      row(
        cell(id),
        wanted || state !== 'Unknown' ? state : 'not asked for',
        shortTime(since),
        cell(owner ?? node ?? ''),
      ),
    ),
    '',
    row('node', 'state', 'since (UTC)', 'version', 'services'),
    '|---|---|---|---|---|',
    ...nodes.map(({ node, state, since, registryVersion, services: own }) =>
      row(cell(node), state, shortTime(since), registryVersion, own.length),
    ),
  ].join('\n');
}
