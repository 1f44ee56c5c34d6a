// What people see of services in the Temporal UI, whose panel for it is some 480 pixels wide.
import { describe, expect, it } from 'vitest';
import type { NodeView, ServiceSpec, ServiceView } from '../../../src/temporal/service-contracts.js';
import { serviceDetails, supervisorDetails } from '../../../workflows/supervision/details.js';

const at = (text: string): number => Date.parse(`2026-11-30T${text}Z`);
const view = (id: string, more: Partial<ServiceView> = {}): ServiceView => ({
  id: `shop:${id}`,
  kind: 'process.service',
  state: 'Running',
  wanted: true,
  since: at('22:22:05'),
  reason: '',
  token: 7,
  attempts: 0,
  requires: [],
  placement: 'one_node',
  owner: 'vm:1',
  ...more,
});
const node: NodeView = {
  node: 'vm:1',
  state: 'serving',
  since: at('22:22:00'),
  startedAt: at('22:21:00'),
  registryVersion: 3,
  services: ['shop:mailer'],
};
/** Without the room between columns; spaces that a line is not broken at as plain ones. */
const plain = (text: string): string => text.replaceAll('\u00a0\u00a0', '').replaceAll('\u00a0', ' ');

describe('the details of the supervisor', () => {
  it('say first which services failed, why, and when each is tried next', () => {
    const failed = { state: 'Failed', since: at('22:23:07'), reason: 'Internal: rates:3: a | b' } as const;
    const { owner: _owner, ...idle } = view('report', { state: 'Unknown', wanted: false });
    const { owner: _none, ...waits } = view('prices', { state: 'Stopped', reason: 'waits for shop:rates' });
    const text = supervisorDetails(
      [
        view('mailer'),
        view('rates', { ...failed, attempts: 2, retryAt: at('22:23:46') }),
        view('import', { ...failed, attempts: 1 }),
        view('once', { state: 'Exited', since: at('22:24:00') }),
        waits,
        idle,
      ],
      [node],
    );
    expect(plain(text))
      .toBe(`**2 of 6 services have failed**: 2 Failed, 1 Exited, 1 Unknown, 1 Stopped, 1 Running

**shop:import** has failed and is not tried again (\`moontide service start shop:import\` does): Internal: rates:3: a | b

**shop:rates** has failed 2 times in a row and is tried next at 30 Nov 2026 22:23:46 UTC: Internal: rates:3: a | b

**shop:once** has ended by itself at 30 Nov 2026 22:24:00 UTC

**shop:prices** waits for shop:rates

| service | state | since (UTC) | node |
|---|---|---|---|
| shop:import | Failed | 30 Nov 22:23:07 | vm:1 |
| shop:rates | Failed | 30 Nov 22:23:07 | vm:1 |
| shop:once | Exited | 30 Nov 22:24:00 | vm:1 |
| shop:report | not asked for | 30 Nov 22:22:05 |  |
| shop:prices | Stopped | 30 Nov 22:22:05 |  |
| shop:mailer | Running | 30 Nov 22:22:05 | vm:1 |

| node | state | since (UTC) | version | services |
|---|---|---|---|---|
| vm:1 | serving | 30 Nov 22:22:00 | 3 | 1 |`);
    // No date is broken over lines.
    expect(text).toContain('30\u00a0Nov\u00a022:23:07');
  });

  it('are short where all is well', () => {
    expect(
      plain(supervisorDetails([view('mailer')], [node]))
        .split('\n')
        .slice(0, 3),
    ).toEqual(['all 1 services run', '', '| service | state | since (UTC) | node |']);
    expect(supervisorDetails([], []).split('\n')[0]).toBe('no services');
  });

  it('of one service say the same of it', () => {
    const spec = {
      id: 'shop:rates',
      kind: 'process.service',
      requires: [],
      settings: { placement: 'one_node', maxAttempts: 0 },
    };
    const machine = {
      state: 'Failed',
      wanted: true,
      since: at('22:23:07'),
      reason: 'Internal: no',
      token: 7,
      alive: false,
    };
    const told = (more: object) =>
      plain(
        serviceDetails(spec as unknown as ServiceSpec, {
          id: 'shop:rates',
          seq: 1,
          machine: { ...machine, ...more } as never,
        }),
      ).split('\n\n');
    expect(told({ attempts: 2, retryAt: at('22:23:46') })).toEqual([
      '**shop:rates** (process.service, one_node) is **Failed** since 30 Nov 2026 22:23:07 UTC',
      'why: Internal: no',
      'tried next: 30 Nov 2026 22:23:46 UTC, after failure 2 in a row',
    ]);
    expect(told({ attempts: 3 }).at(-1)).toBe(
      'not tried again: 3 failures in a row, max_attempts is 0; `moontide service start shop:rates` does',
    );
  });
});
