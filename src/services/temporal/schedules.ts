// The app's schedules on the server: made, changed and taken away as the registry says. Each node of the app does it; that does no harm.
// S1: a schedule whose entry did not change is not touched, whatever people did to it meanwhile (paused, triggered).
// S2: only schedules that this app made are taken away: their memo names it.
// S3: a server that is away or refuses stops no node: what could not be done is told, and tried again where that can help.
import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import type { Client, ScheduleDescription } from '@temporalio/client';
import type { Data } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { PlatformError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { toTextLossy } from '../../core/text.js';
import type { RegistryView } from '../../registry/model/registry.js';
import { clientOfQueue } from '../../runtime/temporal-access.js';
import type { TemporalAccess } from '../../runtime/temporal-access.js';
import { asRunError } from '../../temporal/client.js';
import { desiredSchedule, SCHEDULE_MEMO } from './schedule-options.js';
import type { DesiredSchedule } from './schedule-options.js';
import type { WorkerPlan } from './worker-plan.js';

export interface SchedulesOptions {
  readonly app: string;
  readonly temporal: Pick<TemporalAccess, 'client'>;
  readonly plan: () => WorkerPlan;
  /** Fills the placeholders of a text (`${env:NAME}`). */
  readonly fill: (text: string) => string;
  readonly logger: Logger;
}

/** After how long what failed is tried again. Milliseconds. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** Schedules that are looked at side by side. */
const AT_ONCE = 8;

export class Schedules implements Disposable {
  readonly #options: SchedulesOptions;
  #current: RegistryView | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #disposed = false;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /** Makes the server's schedules those of the view. Never rejects; calls that come while it works are answered by one more round. */
  async reconcile(view: RegistryView): Promise<void> {
    this.#current = view;
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#rounds();
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#retry);
  }

  async #rounds(): Promise<void> {
    do {
      this.#again = false;
      clearTimeout(this.#retry);
      const retry = await this.#round();
      if (!retry) this.#failures = 0;
      else if (!this.#disposed && !this.#again) this.#tryLater();
    } while (this.#again && !this.#disposed);
  }

  #tryLater(): void {
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = setTimeout(() => {
      if (this.#current !== undefined) void this.reconcile(this.#current);
    }, delay);
    this.#retry.unref();
  }

  /** Whether something failed that may succeed later. */
  async #round(): Promise<boolean> {
    const plan = this.#options.plan();
    const byClient = new Map<string | undefined, DesiredSchedule[]>();
    for (const { client } of plan.workers) byClient.set(client, []);
    for (const entry of this.#current?.ofKind('temporal.schedule') ?? []) {
      const target = targetOf(plan, entry.data['workflow']);
      if (target === undefined) continue; // the linker refuses it
      const client = clientOfQueue(plan, target.taskQueue);
      const found = byClient.get(client) ?? [];
      found.push(desiredSchedule(this.#options.app, entry, target, this.#options.fill));
      byClient.set(client, found);
    }
    let retry = false;
    for (const [entry, desired] of byClient) {
      try {
        const client = await this.#options.temporal.client(entry);
        for (let from = 0; from < desired.length; from += AT_ONCE) {
          const failed = await Promise.all(
            desired
              .slice(from, from + AT_ONCE)
              .map((schedule) => this.#attempt(schedule.entry, () => this.#ensure(client, schedule))),
          );
          retry ||= failed.includes(true);
        }
        retry = (await this.#removeOrphans(client, new Set(desired.map(({ id }) => id)))) || retry;
      } catch (error) {
        retry = this.#tell('the schedules cannot be looked through', error, {}) || retry;
      }
    }
    return retry;
  }

  async #attempt(schedule: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return false;
    } catch (error) {
      return this.#tell('a schedule cannot be set', error, { schedule });
    }
  }

  /** Tells what failed; whether it is worth another try. */
  #tell(what: string, thrown: unknown, fields: Record<string, unknown>): boolean {
    if (this.#disposed) return false;
    const error = asRunError(thrown);
    const again = !(error instanceof PlatformError) || error.retryable;
    this.#options.logger.error(what, { ...fields, error, next: again ? 'it is tried again' : 'correct it' });
    return again;
  }

  async #ensure(client: Client, desired: DesiredSchedule): Promise<void> {
    const handle = client.schedule.getHandle(desired.id);
    const { logger } = this.#options;
    let known: ScheduleDescription;
    try {
      known = await handle.describe();
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      try {
        await client.schedule.create(desired.options);
        logger.info('schedule set', { schedule: desired.entry });
      } catch (failure) {
        // Another node was faster, with the same entry.
        if (!(failure instanceof ScheduleAlreadyRunning)) throw failure;
      }
      return;
    }
    if (definitionOf(known) === desired.hash) return; // S1
    const { spec, action, policies, state } = desired.options;
    await handle.update((previous) => ({
      spec,
      action,
      ...(policies === undefined ? {} : { policies }),
      state: {
        ...state,
        paused: desired.paused ?? previous.state.paused,
        ...(previous.state.note === undefined ? {} : { note: previous.state.note }),
      },
    }));
    logger.info('schedule changed', { schedule: desired.entry });
  }

  /** S2. Whether something failed that may succeed later. */
  async #removeOrphans(client: Client, wanted: ReadonlySet<string>): Promise<boolean> {
    const { app, logger } = this.#options;
    let retry = false;
    for await (const { scheduleId, memo } of client.schedule.list()) {
      const mark = memo?.[SCHEDULE_MEMO];
      if (!isMark(mark) || textOf(mark['app']) !== app || wanted.has(scheduleId)) continue;
      const entry = textOf(mark['entry']) ?? scheduleId;
      const failed = await this.#attempt(entry, async () => {
        try {
          await client.schedule.getHandle(scheduleId).delete();
          logger.info('schedule taken away: its entry is gone', { schedule: entry });
        } catch (error) {
          if (!(error instanceof ScheduleNotFoundError)) throw error; // another node was faster
        }
      });
      retry ||= failed;
    }
    return retry;
  }
}

/** What a workflow's entry id stands for. */
export function targetOf(
  { workers }: WorkerPlan,
  workflow: Data | undefined,
): { readonly type: string; readonly taskQueue: string } | undefined {
  for (const { taskQueue, workflows } of workers)
    for (const [type, entry] of workflows) if (entry === workflow) return { type, taskQueue };
  return undefined;
}

const isMark = (value: unknown): value is Readonly<Record<string, Data>> => isMap(value as Data);
const textOf = (value: Data | undefined): string | undefined =>
  typeof value === 'string' ? toTextLossy(value) : undefined;

/** The hash that its runs' memo carries; undefined: somebody else set it. */
function definitionOf({ action }: ScheduleDescription): string | undefined {
  const mark = action.memo?.[SCHEDULE_MEMO];
  return isMark(mark) ? textOf(mark['definition']) : undefined;
}
