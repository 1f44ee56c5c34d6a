// What modules/process/host.ts asks of this node, put to the hosts (starts), the router (whatever has a PID) and the topology (names).
import { PlatformError } from '../core/errors.js';
import { tryPid } from '../core/ids.js';
import type { Data } from '../core/data.js';
import type { CommandContext } from '../core/handler.js';
import type { Outcome } from '../lua/step.js';
import type {
  AskRequest,
  CancelRequest,
  OwnOptions,
  ProcessService,
  SendRequest,
  SpawnRequest,
  StartRequest,
  UpdateStartRequest,
} from '../modules/process/host.js';
import { CallError, NotBuiltError } from './errors.js';
import type { ProcessHosts } from './process-hosts.js';
import type { Cluster, NameScope } from './relay/cluster.js';
import type { Router } from './router.js';
import type { Asked, Bond } from './tier.js';
import type { WorkflowTier } from './workflow-tier.js';

class NobodyError extends PlatformError {
  override readonly name = 'NobodyError';
  readonly code = 'PROCESS_NOBODY';
  override readonly kind = 'Invalid' as const;
  constructor(verb: string) {
    super(`'process.${verb}' needs a process that hears of the end, and nobody with a PID asks`);
  }
}

class WorkflowNameError extends PlatformError {
  override readonly name = 'WorkflowNameError';
  readonly code = 'PROCESS_WORKFLOW_NAME';
  override readonly kind = 'Invalid' as const;
  constructor(pid: string) {
    super(
      `${pid} is a workflow, and names are for processes in memory; a workflow is found by its id: start it with with_name, or 'temporal.workflow.id'`,
    );
  }
}

export interface ProcessesOptions {
  readonly router: Router;
  readonly hosts: ProcessHosts;
  readonly workflows: WorkflowTier;
  readonly cluster: Cluster;
}

/** By the numbers of process.registry; 0 is this node's own. */
const NAME_SCOPES: readonly (NameScope | undefined)[] = [undefined, 'eventual', 'consistent', 'strong'];

export class Processes implements ProcessService {
  readonly #router: Router;
  readonly #hosts: ProcessHosts;
  readonly #workflows: WorkflowTier;
  readonly #cluster: Cluster;

  constructor({ router, hosts, workflows, cluster }: ProcessesOptions) {
    this.#cluster = cluster;
    this.#router = router;
    this.#hosts = hosts;
    this.#workflows = workflows;
  }

  send({ to, topic, payloads }: SendRequest, context: CommandContext): Asked<void> {
    return this.#router.send(to, { topic, from: context.asker, payloads }, context);
  }

  query(request: AskRequest, context: CommandContext): Promise<readonly Data[]> {
    this.#mustBeWorkflow(request.to, 'query');
    return this.#workflows.query(request, context);
  }

  update(request: AskRequest, context: CommandContext): Promise<readonly Data[]> {
    this.#mustBeWorkflow(request.to, 'update');
    return this.#workflows.update(request, context);
  }

  #mustBeWorkflow(to: string, verb: string): void {
    if (this.#router.find(to).tier !== this.#workflows)
      throw new NotBuiltError(`a ${verb} of a process in memory; send it a message`);
  }

  spawn(request: SpawnRequest, context: CommandContext): Asked<string> {
    if (this.#hosts.has(request.host)) return this.#hosts.spawn(request, context);
    return this.#spawnWorkflow(request, context);
  }

  async #spawnWorkflow(request: SpawnRequest, context: CommandContext): Promise<string> {
    const pid = await this.#workflows.spawn(request, context);
    const { asker } = context;
    if (asker === undefined) return pid;
    if (request.monitored) this.#heed('monitor', asker, pid);
    if (request.linked) this.#heed('link', asker, pid);
    return pid;
  }

  /** A workflow that was just started is there: its end is only waited for. */
  #heed(bond: Bond, watcher: string, pid: string): void {
    this.#router.local.note(bond, watcher, pid);
    this.#workflows.watch(bond, watcher, pid);
  }

  execUpdate(request: UpdateStartRequest, context: CommandContext): Promise<readonly Data[]> {
    if (this.#hosts.has(request.host))
      throw new NotBuiltError(
        'an update of a process in memory; start it with a first message (with_message)',
      );
    return this.#workflows.execUpdate(request, context);
  }

  exec(request: StartRequest, context: CommandContext): Asked<readonly Data[]> {
    const where = this.#hosts.has(request.host) ? this.#hosts : this.#workflows;
    return where.exec(request, context);
  }

  terminate(to: string, context: CommandContext): Asked<void> {
    return this.#router.terminate(to, { kind: 'Canceled', message: 'terminated', retryable: false }, context);
  }

  cancel(to: string, { reason, deadlineMs }: CancelRequest, context: CommandContext): Asked<void> {
    const deadline = deadlineMs === undefined ? {} : { deadlineMs };
    return this.#router.cancel(to, { reason, from: context.asker, ...deadline }, context);
  }

  monitor(to: string, context: CommandContext): Asked<void> {
    return this.#router.bind('monitor', askerOf(context, 'monitor'), to, context);
  }

  unmonitor(to: string, context: CommandContext): Asked<void> {
    return this.#router.unbind('monitor', askerOf(context, 'unmonitor'), to, context);
  }

  link(to: string, context: CommandContext): Asked<void> {
    return this.#router.bind('link', askerOf(context, 'link'), to, context);
  }

  unlink(to: string, context: CommandContext): Asked<void> {
    return this.#router.unbind('link', askerOf(context, 'unlink'), to, context);
  }

  setOptions({ trapLinks, upgradable }: OwnOptions, context: CommandContext): void {
    const own = this.#router.local.find(askerOf(context, 'set_options'));
    if (own === undefined) return; // it has ended meanwhile
    if (trapLinks !== undefined) own.trapsLinks = trapLinks;
    if (upgradable !== undefined) own.isUpgradable = upgradable;
  }

  async upgrade(target: string | undefined, args: readonly Data[], context: CommandContext): Promise<never> {
    const pid = askerOf(context, 'upgrade');
    const own = this.#router.local.find(pid);
    const host = tryPid(pid)?.host ?? '';
    if (own !== undefined && !this.#hosts.has(host))
      throw new CallError({
        kind: 'Invalid',
        message: 'a function cannot be upgraded; the next call of it runs the newest program',
        retryable: false,
      });
    if (own !== undefined) await this.#hosts.upgrade(own, target, args, context);
    return new Promise<never>(() => undefined);
  }

  register(name: string, pid: string, scope: number): Asked<void> {
    if (this.#router.find(pid).tier === this.#workflows) throw new WorkflowNameError(pid);
    const reach = NAME_SCOPES[scope];
    if (reach === undefined) return this.#router.local.register(name, pid);
    return this.#cluster.register(name, pid, reach);
  }

  async lookup(name: string): Promise<string | undefined> {
    return (await this.#cluster.lookup(name)) ?? this.#router.local.lookup(name);
  }

  unregister(name: string, scope: number, { asker }: CommandContext): Asked<boolean> {
    const reach = NAME_SCOPES[scope];
    if (reach === undefined) return this.#router.local.unregister(name);
    return this.#cluster.unregister(name, reach, asker);
  }
}

function askerOf({ asker }: CommandContext, verb: string): string {
  if (asker === undefined) throw new NobodyError(verb);
  return asker;
}

/** The error of a call as TypeScript's callers and Lua get it. */
export const throwOutcome = (outcome: Outcome): readonly Data[] => {
  if (outcome.ok) return outcome.values;
  throw new CallError(outcome.error);
};
