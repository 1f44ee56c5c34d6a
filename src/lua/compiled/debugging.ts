// Lua in the inspector from inside Temporal's sandbox, where there is neither `node:vm` nor a file. Sealed.
// D1: the first statement of the first chunk that is loaded stops a debugger: then all scripts of the run are known to it.
import { sourceMapOf } from './source-map.js';
import type { ScriptText } from './unit.js';
import type { UnitSupport } from './unit-support.js';

/** Not in one word with its comment: tools that look for one would take this file's for theirs. */
const MAPPING = 'sourceMappingURL';
/** `new Function` puts two lines before the body. */
const HEADER_LINES = 2;

let stopped = false;

/** D1 */
function stopping({ body, map }: ScriptText): string {
  if (stopped) return body;
  const [main = Infinity] = map.functions.find(([, title]) => title === 'main chunk') ?? [];
  const first = map.lines.findIndex((line, at) => at >= main - 1 && line > 0);
  if (first < 0) return body;
  stopped = true;
  return body
    .split('\n')
    .map((line, at) => (at === first ? `debugger;${line}` : line))
    .join('\n');
}

export const sandboxDebugging: UnitSupport = Object.freeze({
  marksLines: true,
  makeFunction(script: ScriptText) {
    const { parameters, url } = script;
    const map = encodeURIComponent(JSON.stringify(sourceMapOf(script, HEADER_LINES)));
    const text =
      `${stopping(script)}\n//# sourceURL=${url}\n` +
      `//# ${MAPPING}=data:application/json;charset=utf-8,${map}`;
    return {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval
      run: new Function(...parameters, text) as (...values: unknown[]) => unknown,
      headerLines: HEADER_LINES,
    };
  },
});
