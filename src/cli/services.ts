// `moontide services`, `service`, `nodes` and `node`: what the supervisor keeps running, and what people ask of it.
import { Command } from 'commander';
import { act } from './command.js';
import { subCommand } from './sub-command.js';

const run = () => import('./services/run.js');

export function servicesCommand(): Command {
  const command = new Command('services')
    .summary('list the services: their states, why, and when they are tried next')
    .description(
      'Lists what the supervisor keeps running, as it sees it: the state, since when, why, how often it has failed in a row,\n' +
        'when it is tried next, and on which node it lives. Exit code 1 when a service has failed.',
    )
    .addHelpText('after', '\nExamples:\n  moontide services\n  moontide services --json');
  return act(command, async (globals) => (await run()).listServices(globals));
}

export function serviceCommand(): Command {
  const command = new Command('service')
    .summary('start, stop or restart a service')
    .description(
      'Asks the supervisor. What a service requires starts before it, and what requires it stops before it. Each returns when\n' +
        'that has come about; exit code 1 when it has not.',
    );
  const ID = ['<id>', 'entry of the service: namespace:name'] as const;
  for (const [name, summary] of [
    ['start', 'start a service, and what it requires'],
    ['stop', 'stop a service, after what requires it'],
    ['restart', 'stop a service and what requires it, and start them again'],
  ] as const)
    command.addCommand(
      subCommand('service', {
        name,
        summary,
        arguments: [ID],
        examples: [`${name} app:worker`, `${name} app:worker --json`],
        run: async (globals, _options, [id]) => (await run()).changeService(globals, name, id as string),
      }),
    );
  return command;
}

export function nodesCommand(): Command {
  const command = new Command('nodes')
    .summary('list the nodes: which serve, and what lives there')
    .description(
      'Lists the nodes that the supervisor knows: those that serve or drain, and the last ones that are gone.',
    )
    .addHelpText('after', '\nExamples:\n  moontide nodes\n  moontide nodes --json');
  return act(command, async (globals) => (await run()).listNodes(globals));
}

export function nodeCommand(): Command {
  const command = new Command('node')
    .summary('take the services of a node away')
    .description('Asks the supervisor to empty a node. The node itself runs on.');
  command.addCommand(
    subCommand('node', {
      name: 'drain',
      summary: 'hand the services of a node over to others; stop, in order, what nobody can take',
      arguments: [['<id>', 'as `moontide nodes` lists it']],
      examples: ['drain box:4711'],
      run: async (globals, _options, [id]) => (await run()).drainNode(globals, id as string),
    }),
  );
  return command;
}
