// `moontide test`: runs the app's tests: entries with `meta.type: test`.
import { Command } from 'commander';
import { act } from './command.js';

export function testCommand(): Command {
  const command = new Command('test')
    .summary("run the app's tests")
    .description(
      "Runs the app's tests, entries with `meta.type: test`, by suite, then meta.order, then id. " +
        'A test passes unless it raises, returns false first, or returns an error second.',
    )
    .argument('[filter]', 'only tests whose id or suite contains this')
    .addHelpText(
      'after',
      `
Examples:
  moontide test
  moontide test refund
  moontide --json test        one JSON object a test: id, suite, status, ms, error

A test may take 30 s, or what its meta.timeout says; with meta.skip_time: true the workflows that it starts skip
the time in which nothing happens. Tests run the code of the folder, apart from every
running node: on task queues of their own, with nothing published; runs that they leave open are ended.`,
    );
  return act(command, async (globals, _options, [filter]) =>
    (await import('./run-tests.js')).runTests(globals, filter as string | undefined),
  );
}
