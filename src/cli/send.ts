// `moontide send`: sends a message to a running workflow.
import { Command } from 'commander';
import { parseArguments } from './arguments.js';
import { act } from './command.js';

export function sendCommand(): Command {
  const command = new Command('send')
    .summary('send a message to a workflow')
    .description(
      'Sends a message (a signal) to a running workflow, which gets it under its topic or in its inbox.',
    )
    .argument('<workflow-id>')
    .argument('<topic>')
    .argument('[payloads...]', 'what to send, one JSON value each')
    .addHelpText(
      'after',
      `
Examples:
  moontide send o-1 approve '{"by":"ada"}'
  moontide send counter increment 5`,
    );
  return act(command, async (globals, _options, [id, topic, texts]) => {
    const payloads = parseArguments(texts as readonly string[], 3);
    return (await import('./send-message.js')).sendMessage(globals, {
      id: id as string,
      topic: topic as string,
      payloads,
    });
  });
}
