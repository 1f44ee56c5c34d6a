// Whom a call acts for: an actor, and the policies that say what it may do. Sealed.
// I1: an entry sets it (`lifecycle.security`); calls, spawns and runs inherit it, and no program changes its own.
// I2: what travels through Temporal is signed by a node (identity-host.ts): anybody may write there.
import { mapIn } from './data-values.js';
import { dataObject } from './data.js';
import type { Data, DataObject } from './data.js';

/** Byte strings throughout: it is handed to Lua, and recorded. */
export interface Identity {
  readonly actor?: {
    readonly id: string;
    /** What policies may ask of it: role, team and so on. */
    readonly meta: Readonly<DataObject>;
  };
  /** Names of policy groups. */
  readonly groups: readonly string[];
  /** Entry ids of policies. */
  readonly policies: readonly string[];
}

export const identityToData = ({ actor, groups, policies }: Identity): DataObject =>
  dataObject({
    ...(actor === undefined ? {} : { actor: dataObject({ id: actor.id, meta: actor.meta }) }),
    groups: [...groups],
    policies: [...policies],
  });

const texts = (value: Data | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** What is not there, or of another shape, is none. */
export function identityFromData(data: Data | undefined): Identity {
  const { actor, groups, policies } = mapIn(data);
  const { id, meta } = mapIn(actor);
  return Object.freeze({
    ...(typeof id === 'string' ? { actor: Object.freeze({ id, meta: Object.freeze(mapIn(meta)) }) } : {}),
    groups: Object.freeze(texts(groups)),
    policies: Object.freeze(texts(policies)),
  });
}
