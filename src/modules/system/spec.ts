// The `system` module: the node that runs the program. Sealed; every answer is the node's, so each call is a command.
// `system.read` { what, id? } -> the figure; `system.collect` {} -> true; `system.exit` { code } -> true
// S1: what a node of this version has no notion of answers Unavailable and says why; docs/modules/system.md lists it.
import type { Command } from '../../core/command.js';
import type { ErrorKind } from '../../core/errors.js';
import { fromData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, members, table } from '../../lua/module.js';
import type { NamedFunction } from '../../lua/module.js';
import { any, bytes, integer, optional } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { HostResult } from '../../lua/values.js';

const ask = (call: HostCall, asked: Command): HostResult =>
  command(asked, (answer) =>
    answer.ok
      ? fromData(answer.value, () => call.instance.newTable())
      : [undefined, errorFromData(answer.error)],
  );

const DENIED = { PermissionDenied: 'no policy allows `system.read`' } as const;

/** A figure that the node knows. */
const read = (name: string, what: string, returns: string, summary: string): NamedFunction =>
  define(name, {
    summary,
    params: [],
    returns: [`${returns}?`, 'Error?'],
    fails: DENIED,
    run: (call) => ask(call, { type: 'system.read', what }),
  });

/** What is known of one thing of the node, by its id. */
const readOne = (
  name: string,
  what: string,
  subject: 'host' | 'service',
  returns: string,
  summary: string,
): NamedFunction =>
  define(name, {
    summary,
    params: [bytes(`${subject}_id`)],
    returns: [`${returns}?`, 'Error?'],
    fails: {
      Invalid: 'the id is empty or no string',
      NotFound: `there is no such ${subject} on the node`,
      ...DENIED,
    },
    returnsWrongArguments: true,
    run: (call, id) =>
      id === ''
        ? failure('Invalid', `the id of the ${subject} is empty`)
        : ask(call, { type: 'system.read', what, id }),
  });

/** What this version cannot tell or do. */
const absent = (name: string, summary: string, why: string, kind: ErrorKind = 'Unavailable'): NamedFunction =>
  define(name, {
    summary,
    params: [optional(any('value'))],
    returns: ['nil', 'Error'],
    fails: { [kind]: `always: ${why}` },
    workflow: 'sealed',
    run: () => failure(kind, why, undefined, false),
  });

const NO_LIMIT =
  'the memory of a node is bounded when it is started, with NODE_OPTIONS=--max-old-space-size=MB';
const NO_PERCENT = 'V8 has no such setting: it collects when it needs to';
const NO_RAFT = 'raft not available: nodes agree through the registry, without a leader';

const memory = members(
  read(
    'stats',
    'memory',
    'table',
    "V8's figures in bytes: alloc and heap_alloc (in use), heap_sys, heap_idle, heap_in_use, sys (of the process), external, num_gc.",
  ),
  read('allocated', 'allocated', 'integer', 'Bytes of the heap that are in use.'),
  absent('heap_objects', 'Refused.', 'V8 does not count objects; read system.memory.stats()'),
  read('get_limit', 'memory_limit', 'integer', 'Most bytes that the heap may have.'),
  absent('set_limit', 'Refused.', NO_LIMIT),
);

const gc = members(
  define('collect', {
    summary: 'Collects garbage now. It stops the node for as long as that takes.',
    params: [],
    returns: ['boolean?', 'Error?'],
    fails: { PermissionDenied: 'no policy allows `system.gc`' },
    run: (call) => ask(call, { type: 'system.collect' }),
  }),
  absent('get_percent', 'Refused.', NO_PERCENT),
  absent('set_percent', 'Refused.', NO_PERCENT),
);

const runtime = members(
  read(
    'goroutines',
    'running',
    'integer',
    'Programs that run on the node now: calls of functions and commands of workflows.',
  ),
  define('max_procs', {
    summary: 'How many programs run at the same moment: 1 on each node. It cannot be changed.',
    params: [optional(integer('n'))],
    returns: ['integer?', 'Error?'],
    fails: { Invalid: 'n is no integer of 1 or more', Unavailable: 'n is another number than 1' },
    returnsWrongArguments: true,
    workflow: 'sealed',
    run: (_call, n) => {
      if (n !== undefined && n < 1) return failure('Invalid', `n is 1 or more, got ${n}`);
      return n === undefined || n === 1
        ? 1
        : failure('Unavailable', 'a node runs Lua on one core; start more nodes instead', undefined, false);
    },
  }),
  read('cpu_count', 'cpus', 'integer', 'Logical processors of the machine.'),
);

const raft = members(
  ...['is_leader', 'is_member', 'role', 'term', 'commit_index', 'stats'].map((name) =>
    absent(name, 'Refused, as on a node without Raft.', NO_RAFT, 'Internal'),
  ),
);

const lockName = bytes('name', 'Of the lock, in the whole cluster.');
const LOCK_FAILS = {
  Invalid: 'the name is empty or no text, or a workflow asks',
  PermissionDenied: 'no policy allows `system.lock`',
  Unavailable: 'the store of the cluster cannot be reached',
} as const;
const noName = (): HostResult => failure('Invalid', 'the name of the lock is empty', undefined, false);

const locks = members(
  define('acquire', {
    summary:
      'Takes a lock for this process, if nobody has it: one process of all nodes. It goes with the process and with its node.',
    params: [lockName],
    returns: ['boolean?', 'Error?'],
    fails: { ...LOCK_FAILS, AlreadyExists: 'anybody holds it, this process included; the result is false' },
    returnsWrongArguments: true,
    workflow: 'function',
    run: (_call, name) =>
      name === ''
        ? noName()
        : command({ type: 'system.lock', name }, (answer) => {
            if (answer.ok) return true;
            const held = answer.error.kind === 'AlreadyExists';
            return [held ? false : undefined, errorFromData(answer.error)];
          }),
  }),
  define('release', {
    summary: 'Gives a lock back. False: this process does not hold it.',
    params: [lockName],
    returns: ['boolean?', 'Error?'],
    fails: LOCK_FAILS,
    returnsWrongArguments: true,
    workflow: 'function',
    run: (call, name) => (name === '' ? noName() : ask(call, { type: 'system.unlock', name })),
  }),
);

export const systemSpec = defineModuleSpec({
  name: 'system',
  summary: 'The node that runs the program: memory, processors, services, its place in the cluster',
  workflow: 'recorded',
  members: {
    ...members(
      define('exit', {
        summary: 'Stops the node in order; its process ends with the code.',
        params: [optional(integer('code', '0 to 255. Default 0.', { least: 0, most: 255 }))],
        returns: ['boolean?', 'Error?'],
        fails: {
          Invalid: 'the code is no integer of 0 to 255, or a workflow asks',
          PermissionDenied: 'no policy allows `system.exit`',
        },
        returnsWrongArguments: true,
        workflow: 'function',
        run: (call, code = 0) => ask(call, { type: 'system.exit', code }),
      }),
      read('modules', 'modules', 'table[]', 'The Lua modules: name, description, class (where they run).'),
    ),
    memory: table(memory),
    gc: table(gc),
    runtime: table(runtime),
    process: table(
      members(
        read('pid', 'pid', 'integer', 'The id of the process of the node.'),
        read('hostname', 'hostname', 'string', 'The name of the machine.'),
        read('cwd', 'cwd', 'string', 'The working folder of the node.'),
      ),
    ),
    hosts: table(
      members(
        read(
          'list',
          'hosts',
          'table[]',
          'The process hosts of the node: id, workers, processes (that run), stolen (always 0), queue_depth (starts that wait).',
        ),
        readOne(
          'processes',
          'processes',
          'host',
          'table[]',
          'What runs on a host: pid, host, source (the entry), state, started_at (nanoseconds).',
        ),
      ),
    ),
    supervisor: table(
      members(
        readOne(
          'state',
          'service',
          'service',
          'table',
          'The state of a service: id, status, desired, last_update (nanoseconds), details.',
        ),
        read('states', 'services', 'table[]', 'The states of all services of the node.'),
      ),
    ),
    node: table(
      members(
        read('id', 'node', 'string', 'The name of the node.'),
        absent(
          'addr',
          'Refused.',
          'membership is unavailable: nodes do not talk to each other directly',
          'Internal',
        ),
        read('role', 'role', 'string', '`non-member`: there is no Raft.'),
      ),
    ),
    cluster: table(
      members(
        read('members', 'members', 'table[]', 'The nodes that this one sees: itself.'),
        read('leader', 'leader', 'string', 'Empty: there is no leader.'),
        read('size', 'size', 'integer', 'How many nodes this one sees.'),
      ),
    ),
    raft: table(raft),
    lock: table(locks),
  },
});
