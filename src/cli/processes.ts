// `moontide ps`, `kill` and `cancel`: the processes that run on nodes, and what people do to them. (`send` is in send.ts.)
import { Command } from 'commander';
import { act } from './command.js';

const run = () => import('./processes/run.js');

const HOW = `
A node of the app has to run on this machine, under the same user; through it the other nodes of its cluster are reached.
A PID is as \`moontide ps\` prints it, in quotes; instead of it a registered name may stand.`;

export function psCommand(): Command {
  const command = new Command('ps')
    .summary('list the processes that run: PID, entry, state, inbox, age')
    .description(
      'Lists what runs on the nodes of the app: processes in memory and function calls, the oldest of each node first. The inbox\n' +
        'is how many messages have come that the program has not received.',
    )
    .option('--limit <n>', 'list so many of each node at most', '1000')
    .addHelpText('after', `${HOW}\n\nExamples:\n  moontide ps\n  moontide ps --json --limit 10000`);
  return act<{ limit: string }>(command, async (globals, { limit }) =>
    (await run()).listProcesses(globals, limit),
  );
}

export function killCommand(): Command {
  const command = new Command('kill')
    .summary('end a process at once')
    .description('Ends a process at once: its monitors and links hear of an error of kind Canceled.')
    .argument('<pid>')
    .addHelpText('after', `${HOW}\n\nExamples:\n  moontide kill '{box:4711@app:processes|0x5f3a00c100001}'`);
  return act(command, async (globals, _options, [pid]) => (await run()).killProcess(globals, pid as string));
}

export function cancelCommand(): Command {
  const command = new Command('cancel')
    .summary('ask a process to end')
    .description(
      'Sends a process a CANCEL event; it ends in its own time. With a deadline it is ended when that has passed.',
    )
    .argument('<pid>')
    .option('--reason <text>', 'what the event says', 'asked for by `moontide cancel`')
    .option('--deadline <duration>', 'end it if it has not ended by then: 5s, 1m30s')
    .addHelpText(
      'after',
      `${HOW}\n\nExamples:\n  moontide cancel '{box:4711@app:processes|0x5f3a00c100001}' --reason maintenance --deadline 30s`,
    );
  return act<{ reason: string; deadline?: string }>(command, async (globals, options, [pid]) =>
    (await run()).cancelProcess(globals, pid as string, options),
  );
}
