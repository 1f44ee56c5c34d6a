// `workflow.attrs` { search?, memo? } -> null: search attributes and memo of the run. Sealed.
// A1: an attribute that the server does not know, or not of this type, would fail the task for ever: names are asked for before
//     their first use with values of a type. What is too long is refused here.
import { log, proxyLocalActivities, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributes } from '@temporalio/common';
import { dataObject, LuaFloat } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { PlatformError } from '../../src/core/errors.js';
import { toTextLossy, tryText } from '../../src/core/text.js';
import type { AttributesResult, AttributeType } from '../../src/temporal/contracts.js';
import { ATTRIBUTES_ACTIVITY } from '../../src/temporal/names.js';
import { toDataOrThrow } from '../../src/temporal/payload-converter.js';
import { asObject } from './options.js';
import { later } from './run.js';
import type { DurableHandlers } from './run.js';

class SearchAttributeError extends PlatformError {
  override readonly name = 'SearchAttributeError';
  readonly code = 'SEARCH_ATTRIBUTE';
  override readonly kind = 'Invalid' as const;
}

const ATTRIBUTES_TIMEOUT_MS = 5000;
/** What the server takes as one value. Bytes. */
const MAX_VALUE_BYTES = 2048;

export const attributeHandlers = (attributes: CheckedAttributes): DurableHandlers => ({
  'workflow.attrs': ({ command }) => {
    const search = asObject(command['search']);
    const memo = asObject(command['memo']);
    return later(async () => {
      if (search !== undefined) upsertSearchAttributes(await attributes.of(search));
      if (memo !== undefined) upsertMemo(memo);
      return null;
    });
  },
});

/** Search attributes that the server takes, of a run and of what it starts (A1). */
export class CheckedAttributes {
  readonly #known = new Map<string, AttributeType>();
  /** Names of those that take points in time. */
  readonly #dates = new Set<string>();

  /** As the SDK takes them. Throws SearchAttributeError. */
  async of(search: Readonly<DataObject>): Promise<SearchAttributes> {
    const { attributes, missing, advice } = await this.#check(search);
    if (missing.length > 0)
      throw new SearchAttributeError(
        `the server knows no search attribute ${missing.map((name) => `'${toTextLossy(name)}'`).join(', ')}; ${toTextLossy(advice ?? 'register it')}`,
      );
    return attributes;
  }

  /** Those for a run that is started, which does without what the server cannot take. Throws SearchAttributeError. */
  async ofStart(search: Readonly<DataObject>): Promise<SearchAttributes> {
    const { attributes, missing, advice } = await this.#check(search);
    if (missing.length > 0)
      log.warn(`a run starts without ${missing.map(toTextLossy).join(', ')}: ${toTextLossy(advice ?? '')}`);
    const without = new Set(missing.map(toTextLossy));
    return Object.fromEntries(Object.entries(attributes).filter(([name]) => !without.has(name)));
  }

  async #check(search: Readonly<DataObject>): Promise<Checked> {
    const attributes = searchAttributes(search);
    const wanted = Object.entries(search)
      .filter(([, value]) => value !== null)
      .map(([name, value]): [string, AttributeType] => [name, typeOf(name, value)])
      .filter(([name, type]) => this.#known.get(name) !== type);
    let missing: readonly string[] = [];
    let advice: string | undefined;
    if (wanted.length > 0) {
      const told = await ask(dataObject(Object.fromEntries(wanted)));
      if (told.refused !== undefined) throw new SearchAttributeError(toTextLossy(told.refused));
      ({ missing, advice } = told);
      for (const [name, type] of wanted) if (!missing.includes(name)) this.#known.set(name, type);
      for (const name of told.dates ?? []) this.#dates.add(name);
    }
    for (const name of this.#dates) if (typeof search[name] === 'string') checkDate(name, search[name]);
    return { attributes, missing, advice };
  }
}

interface Checked {
  readonly attributes: SearchAttributes;
  readonly missing: readonly string[];
  readonly advice: string | undefined;
}

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function checkDate(name: string, value: string): void {
  if (!DATE.test(value) || Number.isNaN(Date.parse(value)))
    throw new SearchAttributeError(
      `search attribute '${toTextLossy(name)}' takes a time such as '2030-01-31T12:00:00Z', got '${toTextLossy(value)}'`,
    );
}

async function ask(wanted: DataObject): Promise<AttributesResult> {
  const activities = proxyLocalActivities<Record<string, (request: Data) => Promise<unknown>>>({
    scheduleToCloseTimeout: ATTRIBUTES_TIMEOUT_MS,
    retry: { maximumAttempts: 3, initialInterval: 200 },
    summary: `search attributes ${Object.keys(wanted).join(', ')}`,
  });
  const answer = await activities[ATTRIBUTES_ACTIVITY]?.(dataObject({ wanted }));
  return toDataOrThrow(answer) as unknown as AttributesResult;
}

function typeOf(name: string, value: Data): AttributeType {
  if (name === '' || tryText(name) === undefined)
    throw new SearchAttributeError(`the name of a search attribute is text, got '${toTextLossy(name)}'`);
  const bytes = [value]
    .flat()
    .reduce<number>((sum, item) => sum + (typeof item === 'string' ? item.length : 0), 0);
  if (bytes > MAX_VALUE_BYTES)
    throw new SearchAttributeError(
      `search attribute '${toTextLossy(name)}' has ${bytes} bytes; Temporal takes ${MAX_VALUE_BYTES}`,
    );
  const number = value instanceof LuaFloat ? value.n : value;
  if (Array.isArray(value)) return 'KeywordList';
  if (typeof number === 'boolean') return 'Bool';
  if (typeof number === 'number' || typeof number === 'bigint')
    return value instanceof LuaFloat || !Number.isInteger(Number(number)) ? 'Double' : 'Int';
  if (typeof number === 'string') return 'Keyword';
  throw new SearchAttributeError(
    `search attribute '${toTextLossy(name)}' takes a text, a number, a boolean or a list of texts`,
  );
}

/** As the SDK takes them: lists; nil takes an attribute away. */
function searchAttributes(search: Readonly<DataObject>): SearchAttributes {
  return Object.fromEntries(
    Object.entries(search).map(([name, value]) => [
      toTextLossy(name),
      value === null ? [] : valuesOf(name, value),
    ]),
  );
}

function valuesOf(name: string, value: Data): string[] | number[] | boolean[] {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string').map(toTextLossy);
  if (typeof value === 'string') return [toTextLossy(value)];
  if (typeof value === 'number') return [value];
  if (typeof value === 'bigint') return [Number(value)];
  if (typeof value === 'boolean') return [value];
  if (value instanceof LuaFloat) return [value.n];
  throw new SearchAttributeError(`search attribute '${toTextLossy(name)}' takes no table with keys`);
}
