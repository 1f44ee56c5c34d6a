// `moontide openapi`: the routes of an app as an OpenAPI document.
import { Command } from 'commander';
import { act } from './command.js';

export function openapiCommand(): Command {
  const command = new Command('openapi')
    .summary('describe the HTTP routes as OpenAPI')
    .description(
      'Prints the routes of an http.service as an OpenAPI 3.1 document: paths and parameters from its routes, schemas from\n' +
        "the entries' `input` and `output`, titles and descriptions from their meta. Nothing is started.",
    )
    .argument('[service]', 'entry id of the http.service; may be left out where there is one')
    .addHelpText('after', '\nExamples:\n  moontide openapi > openapi.json\n  moontide openapi app:gateway');
  return act(command, async (globals, _options, [service]) =>
    (await import('./print-openapi.js')).printOpenApi(globals, service as string | undefined),
  );
}
