// Signals of the platform's own runs. Anybody who reaches the namespace may send one, so what is none of ours is dropped before a
// handler sees it: an error there would fail the run's task for ever. Sealed.
import { defineSignal, setHandler } from '@temporalio/workflow';
import type {
  NodeBegan,
  NodeTold,
  ServiceCommand,
  ServiceNews,
  ServiceTold,
} from '../../src/temporal/service-contracts.js';

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const hasTexts = (value: Fields, ...names: readonly string[]): boolean =>
  names.every((name) => typeof value[name] === 'string');
const hasNumbers = (value: Fields, ...names: readonly string[]): boolean =>
  names.every((name) => typeof value[name] === 'number');

export const isServiceTold = (value: unknown): value is ServiceTold =>
  isRecord(value) &&
  hasTexts(value, 'id') &&
  hasNumbers(value, 'seq') &&
  isRecord(value['machine']) &&
  hasTexts(value['machine'], 'state') &&
  hasNumbers(value['machine'], 'token');

const isLives = (value: unknown, ...numbers: readonly string[]): boolean =>
  Array.isArray(value) &&
  value.every((life) => isRecord(life) && hasTexts(life, 'service') && hasNumbers(life, ...numbers));

export const isNodeTold = (value: unknown): value is NodeTold =>
  isRecord(value) &&
  hasTexts(value, 'node', 'state') &&
  (value['stopped'] === undefined || isLives(value['stopped'], 'token'));

export const isNodeBegan = (value: unknown): value is NodeBegan =>
  isRecord(value) && hasTexts(value, 'node', 'queue') && isLives(value['lives'], 'token', 'since');

export const isServiceNews = (value: unknown): value is ServiceNews =>
  isRecord(value) && hasTexts(value, 'state', 'node', 'queue') && hasNumbers(value, 'token');

export function isServiceCommand(value: unknown): value is ServiceCommand {
  if (!isRecord(value)) return false;
  const { verb, spec, life } = value;
  if (verb === 'settings')
    return isRecord(spec) && isRecord(spec['settings']) && hasTexts(spec, 'id', 'kind');
  if (verb === 'granted')
    return isRecord(life) && hasNumbers(life, 'token') && hasTexts(life, 'node', 'queue');
  return typeof verb === 'string';
}

/** Hears of a signal's messages; what `is` does not know is dropped. */
export function onSignal<T>(
  name: string,
  is: (value: unknown) => value is T,
  handle: (message: T) => void,
  description?: string,
): void {
  setHandler(
    defineSignal<[unknown]>(name),
    (value) => {
      if (is(value)) handle(value);
    },
    description === undefined ? {} : { description },
  );
}
