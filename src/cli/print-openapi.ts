// `moontide openapi`: reads the app's folder, and prints what its server's routes are.
import { didYouMean } from '../core/nearest.js';
import { fillPlaceholders } from '../services/env/placeholders.js';
import { openApiOf } from '../services/http/openapi.js';
import { httpPlanOf } from './http-parts.js';
import type { Globals } from './globals.js';
import { makeEnvironment } from './app-environment.js';
import { jsonText, say } from './output.js';
import { prepareAppFolder } from './prepare-app.js';
import { UsageError } from './usage-error.js';

/** Throws AppErrors, UsageError. */
export async function printOpenApi(globals: Globals, service: string | undefined): Promise<number> {
  const app = await prepareAppFolder({ folder: globals.app, overrides: globals.overrides });
  const variables = makeEnvironment(
    app,
    process.env,
    () => undefined,
    () => undefined,
  );
  const fill = (text: string): string =>
    fillPlaceholders(text, (name) => variables.value(name) ?? process.env[name]);
  const { servers } = httpPlanOf(app.entries, fill);
  const ids = servers.map(({ entry }) => entry.id as string);
  const found =
    service === undefined && servers.length === 1 ? servers[0] : servers[ids.indexOf(service ?? '')];
  if (found === undefined)
    throw new UsageError(
      ids.length === 0
        ? 'the app has no http.service, so it has no routes'
        : service === undefined
          ? `the app has ${ids.length} servers; say which: ${ids.join(', ')}`
          : `there is no http.service '${service}'${didYouMean(service, ids)}`,
    );
  say(jsonText(openApiOf(found, app.name), !globals.json));
  return 0;
}
