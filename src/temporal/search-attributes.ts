// Search attributes of a namespace: registered where they are missing, or told with the commands that add them. Host only.
// A1: a server may refuse to register (Cloud does, and clients without the rights): the app then runs on without them.
// A2: a type that an attribute has on the server is never changed; a value that it does not take is refused by its name.
import { isGrpcServiceError } from '@temporalio/client';
import type { Client, Connection } from '@temporalio/client';
import type { AttributesRequest, AttributesResult, AttributeType } from './contracts.js';
import type { TemporalConnection } from './connection.js';
import { RunError } from './client.js';
import { temporalCommand } from './command-line.js';
import { PROGRAM_ATTRIBUTE } from './names.js';

type Server = Pick<TemporalConnection, 'connection' | 'namespace' | 'address'>;

/** temporal.api.enums.v1.IndexedValueType */
const ATTRIBUTE_TYPES: Readonly<Record<AttributeType, number>> = {
  Text: 1,
  Keyword: 2,
  Int: 3,
  Double: 4,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
};
const DATETIME = ATTRIBUTE_TYPES.Datetime;

/** What an attribute of the server takes, by the server's type: types of values, and as what an entry may declare it. */
const TAKES: Readonly<Record<number, readonly AttributeType[]>> = {
  1: ['Keyword', 'Text'],
  2: ['Keyword'],
  3: ['Int'],
  4: ['Double', 'Int'],
  5: ['Bool'],
  6: ['Keyword', 'Datetime'],
  7: ['KeywordList'],
};

/** Registers what is missing; names the server refuses are told with the commands that add them. */
export async function ensureSearchAttributes(
  { connection, namespace, address }: Server,
  { wanted }: AttributesRequest,
): Promise<AttributesResult> {
  let missing = Object.keys(wanted);
  try {
    const listed = await connection.operatorService.listSearchAttributes({ namespace });
    const known = listed.customAttributes ?? {};
    for (const [name, type] of Object.entries(wanted)) {
      if (listed.systemAttributes?.[name] !== undefined)
        return { missing: [], refused: `search attribute '${name}' is Temporal's own and cannot be set` };
      const is = known[name];
      if (typeof is === 'number' && TAKES[is]?.includes(type) !== true)
        return {
          missing: [],
          refused: `search attribute '${name}' is of another type on the server: it does not take ${type}`,
        };
    }
    const dates = missing.filter((name) => (known[name] as number | undefined) === DATETIME);
    const found = dates.length === 0 ? {} : { dates };
    missing = missing.filter((name) => known[name] === undefined);
    if (missing.length === 0) return { missing: [], ...found };
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        missing.map((name) => [name, ATTRIBUTE_TYPES[wanted[name] ?? 'Keyword']]),
      ),
    });
    return { missing: [], ...found };
  } catch (error) {
    const why = isGrpcServiceError(error) ? error.details : String(error);
    const commands = missing.map((name) =>
      temporalCommand(
        { address, namespace },
        'operator',
        'search-attribute',
        'create',
        ...['--name', name, '--type', wanted[name] ?? 'Keyword'],
      ),
    );
    return { missing, advice: `add it with \`${commands.join(' && ')}\` (${why})` };
  }
}

/** For MoontideProgram, at boot. */
export const ensureProgramAttribute = (server: Server): Promise<AttributesResult> =>
  ensureSearchAttributes(server, { wanted: { [PROGRAM_ATTRIBUTE]: 'Keyword' } });

type Values = Readonly<Record<string, readonly unknown[] | undefined>>;

/**
 * Starts a run with those search attributes that the server has: names that it does not know are registered, and left out where
 * that is refused, which `told` hears. The server is asked only after it has refused a start.
 */
export async function startWithAttributes<O extends { readonly searchAttributes?: Values | undefined }, T>(
  client: Client,
  options: O,
  start: (options: O) => Promise<T>,
  told: (advice: string) => void,
): Promise<T> {
  const { searchAttributes } = options;
  try {
    return await start(options);
  } catch (error) {
    if (searchAttributes === undefined || !(error instanceof RunError) || error.kind !== 'Invalid')
      throw error;
    const connection = client.connection as Connection;
    const wanted = Object.fromEntries(
      Object.entries(searchAttributes).map(([name, values]) => [name, typeOfValues(values ?? [])]),
    );
    const server = { connection, namespace: client.options.namespace, address: connection.options.address };
    const { missing, advice, refused } = await ensureSearchAttributes(server, { wanted });
    if (refused !== undefined) throw error;
    if (missing.length > 0) told(`a run starts without ${missing.join(', ')}: ${advice ?? ''}`);
    const left = Object.entries(searchAttributes).filter(([name]) => !missing.includes(name));
    return start({ ...options, searchAttributes: Object.fromEntries(left) });
  }
}

function typeOfValues([first, ...more]: readonly unknown[]): AttributeType {
  if (typeof first === 'boolean') return 'Bool';
  if (typeof first === 'number') return Number.isInteger(first) ? 'Int' : 'Double';
  return more.length > 0 ? 'KeywordList' : 'Keyword';
}
