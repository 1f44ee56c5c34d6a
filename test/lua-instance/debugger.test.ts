// Node's inspector shows Lua files and stops in them.
import { SourceMap } from 'node:module';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { InspectorClient } from '../support/inspector-client.js';

const SOURCE = `local function double(n)
  local twice = n * 2
  local text = 'order'
  return text .. twice
end
local generate = coroutine.wrap(function(first)
  local given = coroutine.yield(first)
  local plain = true
  print(given, plain)
end)
return function(n)
  print(double(n))
  generate(1)
  generate('resumed')
end
`;
const LUA_URL = 'lua:///orders/order.lua';
/** Stops on the way, by Lua line: of a local that cannot fail, of a call in it, and in a coroutine that was resumed. */
const BREAKPOINTS = [3, 8];

interface Script {
  readonly url: string;
  readonly map: SourceMap;
  readonly lines: number;
}

interface Pause {
  readonly reason: string;
  readonly callFrames: readonly {
    readonly callFrameId: string;
    readonly location: {
      readonly scriptId: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
  }[];
}

/** The first line (from 0) of a script that belongs to a Lua line. */
function generatedLine({ map, lines }: Script, luaLine: number): number | undefined {
  for (let line = 0; line < lines; line++) {
    const entry = map.findEntry(line, 0);
    if ('generatedLine' in entry && entry.generatedLine === line && entry.originalLine === luaLine - 1)
      return line;
  }
  return undefined;
}

it(
  'stops at breakpoints of a Lua file, on the right line, also after a suspension',
  { timeout: 60_000 },
  async () => {
    const file = join(
      mkdtempSync(join(process.env['MOONTIDE_TEST_RUN'] ?? tmpdir(), 'debugger-')),
      'order.lua',
    );
    writeFileSync(file, SOURCE);
    const child = new Child(new URL('../support/debugged-lua.ts', import.meta.url), [file]);
    const client = await InspectorClient.open((await child.line('url ')).slice('url '.length));
    const scripts = new Map<string, Script>();
    const contents = new Set<string>();
    const stops: number[] = [];
    const failures: unknown[] = [];
    client.on('Debugger.scriptParsed', ({ scriptId, url, sourceMapURL, endLine }) => {
      const [, encoded] =
        /^data:application\/json;charset=utf-8;base64,(.*)$/.exec(String(sourceMapURL)) ?? [];
      if (encoded === undefined || !String(url).startsWith('lua-')) return;
      const payload = JSON.parse(Buffer.from(encoded, 'base64').toString()) as ConstructorParameters<
        typeof SourceMap
      >[0];
      if (payload.sources[0] !== LUA_URL) return;
      contents.add(payload.sourcesContent[0] ?? '');
      scripts.set(String(scriptId), {
        url: String(url),
        map: new SourceMap(payload),
        lines: Number(endLine) + 1,
      });
    });
    client.on('Debugger.paused', (params) => {
      const { reason, callFrames } = params as unknown as Pause;
      const step = async (): Promise<void> => {
        const top = callFrames[0]?.location;
        const script = scripts.get(top?.scriptId ?? '');
        if (reason === 'instrumentation' && script !== undefined) {
          for (const line of BREAKPOINTS) {
            const lineNumber = generatedLine(script, line);
            if (lineNumber !== undefined)
              await client.ask('Debugger.setBreakpointByUrl', { url: script.url, lineNumber });
          }
        } else if (script !== undefined && top !== undefined) {
          const entry = script.map.findEntry(top.lineNumber, top.columnNumber);
          stops.push('originalLine' in entry ? entry.originalLine + 1 : 0);
        }
        await client.ask('Debugger.resume');
      };
      step().catch((error: unknown) => failures.push(error));
    });
    await client.ask('Debugger.enable');
    await client.ask('Debugger.setInstrumentationBreakpoint', {
      instrumentation: 'beforeScriptWithSourceMapExecution',
    });
    await client.ask('Runtime.runIfWaitingForDebugger');
    expect(await child.line('printed ')).toBe('printed order6 resumed\ttrue');
    client.close();
    child.kill();
    await child.ended;
    expect(failures).toEqual([]);
    expect([...contents]).toEqual([SOURCE]);
    expect(stops).toEqual(BREAKPOINTS);
  },
);
