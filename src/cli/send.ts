// `moontide send`: sends a message to a running workflow, or to a process by its PID.
import { Command } from 'commander';
import { parseArguments } from './arguments.js';
import { act } from './command.js';
import { collect, parseStart } from './start-with.js';
import type { StartOptions } from './start-with.js';

export function sendCommand(): Command {
  const command = new Command('send')
    .summary('send a message to a workflow or process')
    .description(
      'Sends a message (a signal) to a running workflow, which gets it under its topic or in its inbox. What looks like a PID is a\n' +
        'process, which a node of the app on this machine has to reach.',
    )
    .argument('<id>', 'of a workflow, or a PID as `moontide ps` prints it')
    .argument('<topic>')
    .argument('[payloads...]', 'what to send, one JSON value each')
    .option(
      '--start <workflow>',
      'entry id or type: where nothing runs under the id, start it with the message',
    )
    .option('--input <json>', 'an argument of that start; give it once for each', collect)
    .addHelpText(
      'after',
      `
Examples:
  moontide send o-1 approve '{"by":"ada"}'
  moontide send counter increment 5
  moontide send counter increment 5 --start app:counter --input 100
  moontide send '{box:4711@app:processes|0x5f3a00c100001}' add 5`,
    );
  return act<StartOptions>(command, async (globals, options, [id, topic, texts]) => {
    const payloads = parseArguments(texts as readonly string[], 3);
    return (await import('./send-message.js')).sendMessage(globals, {
      id: id as string,
      topic: topic as string,
      payloads,
      start: parseStart(options),
    });
  });
}
