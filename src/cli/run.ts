// `moontide run`: a node of the app, which stays up until it is stopped; or one command of the app, to its end.
import { Command } from 'commander';
import { act } from './command.js';
import { UsageError } from './usage-error.js';

interface Options {
  readonly exec?: string;
  readonly host?: string;
  readonly explainBoot?: boolean;
  readonly nodes?: string;
}

const MOST_NODES = 64;

function nodesOf(text: string): number {
  const nodes = Number(text);
  if (/^\d+$/.test(text) && nodes >= 1 && nodes <= MOST_NODES) return nodes;
  throw new UsageError(`--nodes takes a whole number from 1 to ${MOST_NODES}, got '${text}'`);
}

export function runCommand(): Command {
  const command = new Command('run')
    .summary('run a node of the app, or one of its commands')
    .description(
      'Runs a node of the app: its workers, services and functions. Stays up until it gets SIGINT or SIGTERM.\n\n' +
        'With a command it runs that process of the app (process.lua with meta.command.name) on this terminal, to its end: a\n' +
        'whole number that it returns is the exit code, false is 1, an error is 1, anything else 0.',
    )
    .argument('[command]', "a command of the app; 'list' lists them")
    .argument('[arguments...]', 'of the command; after `--` also those that begin with a dash')
    .option('-x, --exec <entry>', 'run this process.lua or function.lua (namespace:name), to its end')
    .option('--host <id>', 'the terminal.host that a command runs on; needed where the app has several')
    .option(
      '--nodes <count>',
      'run so many nodes on this machine; they share the ports of its servers. Default: 1',
    )
    .option('--explain-boot', 'print the components by level with their times')
    .addHelpText(
      'after',
      `
Examples:
  moontide run                                            the embedded Temporal of this folder, started or joined
  moontide run --address temporal.internal:7233 --namespace shop
  TEMPORAL_ADDRESS=... TEMPORAL_API_KEY=... moontide run --no-embedded
  moontide run --nodes 4
  moontide run list
  moontide run migrate --to 12                            meta.command.name: migrate
  moontide run -x app:report -- --verbose

A second signal ends the node at once. A command starts no services, and Temporal only when it needs it.`,
    );
  return act<Options>(command, async (globals, { exec, host, explainBoot, nodes }, [name, rest]) => {
    const words = [name, ...(rest as readonly string[])].filter((word) => typeof word === 'string');
    if (exec === undefined && words.length === 0) {
      if (host !== undefined)
        throw new UsageError('--host is where a command runs; name the command, or leave --host out');
      const options = { explainBoot: explainBoot === true, nodes: nodesOf(nodes ?? '1') };
      if (options.nodes === 1) return (await import('./serve.js')).serveNode(globals, options);
      return (await import('./serve-nodes.js')).serveNodes(globals, options);
    }
    if (nodes !== undefined)
      throw new UsageError('--nodes is for nodes that stay up; a command runs once: leave --nodes out');
    const { runProgram } = await import('./run-program.js');
    const [named = '', ...args] = words;
    return exec === undefined
      ? runProgram(globals, { command: named, host, args })
      : runProgram(globals, { exec, host, args: words });
  });
}
