// Which programs the runs of a namespace need, by the search attribute that each run writes.
import { PROGRAM_ATTRIBUTE } from '../../temporal/names.js';
import { ensureProgramAttribute } from '../../temporal/search-attributes.js';
import type { TemporalConnection } from '../../temporal/connection.js';

/** Questions that are asked side by side. */
const AT_ONCE = 8;

/** Those of the programs that a run, open or closed, names; undefined when the namespace does not keep the attribute. */
export async function countProgramRuns(
  temporal: TemporalConnection,
  programs: readonly string[],
): Promise<string[] | undefined> {
  const { missing } = await ensureProgramAttribute(temporal);
  if (missing.length > 0) return undefined;
  const used: string[] = [];
  for (let from = 0; from < programs.length; from += AT_ONCE) {
    const part = programs.slice(from, from + AT_ONCE);
    const counts = await Promise.all(
      part.map((hash) => temporal.client.workflow.count(`${PROGRAM_ATTRIBUTE} = '${hash}'`)),
    );
    used.push(...part.filter((_hash, index) => (counts[index]?.count ?? 0) > 0));
  }
  return used;
}
