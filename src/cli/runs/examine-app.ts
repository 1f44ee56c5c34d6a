// `moontide doctor`: which runs do not get on, why, and what helps.
import { dataObject } from '../../core/data.js';
import { toBytes } from '../../core/text.js';
import { examineRuns } from '../../services/temporal/doctor.js';
import type { Diagnosis } from '../../services/temporal/doctor.js';
import type { Globals } from '../globals.js';
import { jsonText, say } from '../output.js';
import { withRuns } from './open.js';
import { queueQuery } from './replay-history.js';

/** 1 when anything ails a run. */
export function examineApp(globals: Globals): Promise<number> {
  return withRuns(globals, async (runs) => {
    const types = runs.plan.workers.flatMap(({ workflows }) => [...workflows].flat());
    const { looked, found } = await examineRuns({
      temporal: await runs.connection(),
      query: queueQuery(runs, "ExecutionStatus = 'Running'"),
      types: [...new Set(types)],
    });
    if (globals.json)
      say(
        jsonText(
          dataObject({ ok: found.length === 0, runs: looked, problems: found.map(diagnosisDocument) }),
          false,
        ),
      );
    else {
      for (const line of found.flatMap(diagnosisLines)) say(line);
      say(`${looked} runs looked at, ${found.length} ${found.length === 1 ? 'problem' : 'problems'}`);
    }
    return found.length === 0 ? 0 : 1;
  });
}

const diagnosisLines = ({ workflowId, entry, attempts, message, cure }: Diagnosis): string[] => [
  `${workflowId} (${entry})${attempts === 0 ? '' : `, failed ${attempts} times`}: ${message}`,
  `  cure: ${cure}`,
];

const diagnosisDocument = ({ workflowId, runId, ...rest }: Diagnosis) =>
  dataObject({
    workflow_id: toBytes(workflowId),
    run_id: runId,
    entry: toBytes(rest.entry),
    problem: rest.problem,
    attempts: rest.attempts,
    message: toBytes(rest.message),
    cure: toBytes(rest.cure),
  });
