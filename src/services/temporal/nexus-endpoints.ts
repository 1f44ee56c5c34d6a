// The Nexus endpoints that entries name: made where they are missing, or told with the commands that make them.
// E1: an endpoint that others made is never changed. One of ours follows its entry to another queue; its description names the app.
// E2: a server may refuse (Cloud does, and clients without the rights): the app runs on, and callers wait for the endpoint.
// E3: endpoints of a process of its own (`moontide test`) go with it; any other stays, for callers of other apps may wait for it.
import { isGrpcServiceError } from '@temporalio/client';
import { temporalCommand } from '../../temporal/command-line.js';
import type { TemporalConnection } from '../../temporal/connection.js';
import { payloadConverter } from '../../temporal/payload-converter.js';
import { toBytes } from '../../core/text.js';

type Server = Pick<TemporalConnection, 'connection' | 'namespace' | 'address'>;

export interface WantedEndpoint {
  readonly name: string;
  readonly taskQueue: string;
  readonly description: string | undefined;
  readonly app: string;
}

const markOf = (app: string): string => `Moontide app ${app}`;

/** Makes an endpoint, or leads ours to where it is wanted. Returns what is wrong and what to do, undefined when all is well. */
export async function ensureEndpoint(server: Server, wanted: WantedEndpoint): Promise<string | undefined> {
  const { connection, namespace } = server;
  const { name, taskQueue, app } = wanted;
  const operator = connection.operatorService;
  const target = { worker: { namespace, taskQueue } };
  const mark = markOf(app);
  const spec = {
    name,
    target,
    description: payloadConverter.toPayload(
      toBytes(wanted.description === undefined ? mark : `${mark}: ${wanted.description}`),
    ),
  };
  try {
    const found = await endpointNamed(server, name);
    if (found === undefined) {
      await operator.createNexusEndpoint({ spec });
      return undefined;
    }
    const is = found.spec?.target?.worker;
    if (is?.namespace === namespace && is.taskQueue === taskQueue) return undefined;
    const said = found.spec?.description == null ? '' : payloadConverter.fromPayload(found.spec.description);
    if (typeof said !== 'string' || !(said === toBytes(mark) || said.startsWith(toBytes(`${mark}:`)))) {
      const where =
        is == null
          ? 'elsewhere'
          : `to the queue '${is.taskQueue ?? ''}' of the namespace '${is.namespace ?? ''}'`;
      return `it was made by others and leads ${where}; give the service another endpoint, or \`${endpointCommand(server, 'update', wanted)}\``;
    }
    await operator.updateNexusEndpoint({ id: found.id ?? '', version: found.version ?? null, spec });
    return undefined;
  } catch (error) {
    // Another node was first.
    const now = await endpointNamed(server, name).catch(() => undefined);
    const is = now?.spec?.target?.worker;
    if (is?.namespace === namespace && is.taskQueue === taskQueue) return undefined;
    const why = isGrpcServiceError(error) ? error.details : String(error);
    return `make it with \`${endpointCommand(server, 'create', wanted)}\` (${why})`;
  }
}

/** Takes an endpoint away, if it is still there. */
export async function dropEndpoint(server: Server, name: string): Promise<void> {
  const found = await endpointNamed(server, name);
  if (found === undefined) return;
  const { id, version } = found;
  await server.connection.operatorService.deleteNexusEndpoint({ id: id ?? '', version: version ?? null });
}

async function endpointNamed({ connection }: Server, name: string) {
  const { endpoints } = await connection.operatorService.listNexusEndpoints({ name });
  return endpoints.find(({ spec }) => spec?.name === name);
}

/** The command has no namespace of its own: the target's is named. */
function endpointCommand(
  server: Server,
  verb: 'create' | 'update',
  { name, taskQueue }: WantedEndpoint,
): string {
  const { namespace } = server;
  return temporalCommand(
    server,
    ...['operator', 'nexus', 'endpoint', verb, '--name', name],
    ...['--target-namespace', namespace, '--target-task-queue', taskQueue],
  );
}
