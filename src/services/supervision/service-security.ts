// What `lifecycle.security` says of services: whom their lives act for (process-service.ts), and by which policies.
import { mapIn } from '../../core/data-values.js';
import type { DataObject } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import type { Entry } from '../../registry/model/entry.js';

const KIND = 'process.service';
const POLICIES: ReadonlySet<string> = new Set(['security.policy', 'security.policy.expr']);

const securityOf = ({ data }: Entry): Readonly<DataObject> | undefined => {
  const { security } = mapIn(data['lifecycle']);
  return security === undefined ? undefined : mapIn(security);
};
const textsOf = (value: DataObject[string] | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** What nothing enforces, to be told once: entries by the sentence that is true of them. */
export function unenforced(entries: Iterable<Entry>): ReadonlyMap<string, readonly string[]> {
  const told = new Map<string, string[]>();
  for (const entry of entries) {
    const security = securityOf(entry);
    if (security === undefined) continue;
    const scoped = textsOf(security['groups']).length + textsOf(security['policies']).length > 0;
    const sentence =
      entry.kind !== KIND
        ? `'lifecycle.security' counts for ${KIND} entries only; these run for nobody`
        : scoped
          ? "policies are not evaluated in this version: these services act for the actor of their 'lifecycle.security', and may do whatever the app may"
          : undefined;
    if (sentence !== undefined) told.set(sentence, [...(told.get(sentence) ?? []), entry.id].sort());
  }
  return told;
}

/** A group is what policies say to be of: one that none names would allow nothing. */
export function securityProblems(
  entries: Iterable<Entry>,
  placeOf: (id: string, pointer: string) => Place,
): Diagnostic[] {
  const all = [...entries];
  const known = new Set(
    all
      .filter(({ kind }) => POLICIES.has(kind))
      .flatMap(({ id, data }) => {
        const namespace = id.slice(0, id.indexOf(':'));
        return textsOf(data['groups']).flatMap((group) => [group, `${namespace}:${group}`]);
      }),
  );
  return all
    .filter(({ kind }) => kind === KIND)
    .flatMap((entry) =>
      textsOf(securityOf(entry)?.['groups']).flatMap((group, at): Diagnostic[] =>
        known.has(group)
          ? []
          : [
              {
                severity: 'error',
                place: placeOf(entry.id, `/lifecycle/security/groups/${at}`),
                message: `no policy is of the group '${group}'`,
                fix: "name it in the 'groups' of a security.policy, or drop it",
              },
            ],
      ),
    );
}
