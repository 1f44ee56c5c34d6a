// Lua workflows made from a seed: calls, timers, channels, signals, children, cancellation, errors, in any order and nesting.
// P1: every program ends, whatever comes from outside: what it waits for comes, or has a timer beside it.
// P2: it notes all that it learns; its result is what it noted, so that one run can be held against its replays.
import { Random } from '../lua-fuzz/random.js';

export interface GeneratedProgram {
  readonly name: string;
  readonly source: string;
  /** Signals `tick` that come while it runs. */
  readonly ticks: number;
  /** When it is asked to cancel, in milliseconds after its start; absent: never. */
  readonly cancelAfterMs?: number;
}

const PRELUDE = `local funcs, time, uuid, workflow = require("funcs"), require("time"), require("uuid"), require("workflow")
return function(round)
  local notes = {}
  local function note(...)
    for i = 1, select("#", ...) do
      local v = select(i, ...)
      notes[#notes + 1] = type(v) == "userdata" and tostring(v) or type(v) == "table" and "table" or tostring(v)
    end
  end
  local ticks = process.listen("tick")
  workflow.query("notes", function() return #notes end)
  workflow.update("poke", function(n) time.sleep("1ms") note("poke", n) return n end)
`;

type Make = (random: Random, depth: number) => string;

const number = (random: Random): number => random.between(1, 9);

/** What a program is made of; each leaves only what P1 allows. */
const PARTS: Readonly<Record<string, Make>> = {
  call: (random) => `note(funcs.call("app:echo", ${number(random)}))`,
  error: (random) =>
    `do local r, e = funcs.call("app:fail", ${number(random)}) note(r, e and e:kind(), e and e:message()) end`,
  retried: (random) =>
    `note(funcs.new():with_options({ ["activity.retry_policy"] = { maximum_attempts = 3, initial_interval = "1ms" } }):call("app:flaky", ${number(random)}))`,
  sleep: (random) => `time.sleep("${number(random)}ms")`,
  both: (random) =>
    `do local a, b = funcs.async("app:echo", ${number(random)}), funcs.async("app:echo", ${number(random)}) note(b:response():receive():data()) note(a:response():receive():data()) end`,
  race: (random) => `do
    local f, limit = funcs.async("app:echo", ${number(random)}), time.after("${number(random) * 3}ms")
    local won = channel.select({ f:response():case_receive(), limit:case_receive() })
    note(won.channel == limit and "late" or won.value:data())
  end`,
  withdrawn: (random) => `do
    local f = funcs.async("app:slow", ${number(random)})
    ${random.chance(50) ? 'time.sleep("2ms")' : ''}
    note(f:cancel())
  end`,
  pipe: (random, depth) => `do
    local ch, done = channel.new(${random.below(3)}), channel.new(0)
    coroutine.spawn(function() for i = 1, ${number(random)} do ch:send(i) ${random.chance(40) ? 'time.sleep("1ms")' : ''} end ch:close() end)
    coroutine.spawn(function() while true do local v, ok = ch:receive() if not ok then break end note(v) end done:send(true) end)
    ${random.chance(50) ? part(random, depth + 1) : ''}
    done:receive()
  end`,
  beside: (random, depth) => `do
    local done = channel.new(0)
    coroutine.spawn(function() ${part(random, depth + 1)} done:send(1) end)
    coroutine.spawn(function() ${part(random, depth + 1)} done:send(2) end)
    note(done:receive()) note(done:receive())
  end`,
  // A topic of its own: beside another part like it each must get its message.
  self: (random) => {
    const topic = `own-${random.bits()}`;
    return `do process.send(process.id(), "${topic}", ${number(random)}) local own = process.listen("${topic}") note(own:receive()) process.unlisten(own) end`;
  },
  tick: (random) => `do
    local got = channel.select({ ticks:case_receive(), time.after("${number(random)}ms"):case_receive() })
    note(got.channel == ticks and got.value or "none")
  end`,
  child: (random) => `note(workflow.exec("app:child", ${number(random)}))`,
  broken: (random) =>
    `do local r, e = workflow.exec("app:broken", ${number(random)}) note(r, e and e:message()) end`,
  actor: (random) => `do
    local pid = process.spawn("app:actor", "app:worker", ${number(random)})
    for i = 1, ${random.between(1, 4)} do note(process.send(pid, "add", i)) end
    note(process.send(pid, "stop"))
  end`,
  chance: (random, depth) =>
    `if math.random(2) == 1 then ${part(random, depth + 1)} else note(#uuid.v4()) ${part(random, depth + 1)} end`,
  caught: (random, depth) =>
    `note(pcall(function() ${part(random, depth + 1)} ${random.chance(60) ? 'error({ code = 1 })' : ''} end))`,
  version: (random) => `note(workflow.version("change-${random.below(3)}", 1, ${random.between(1, 3)}))`,
  memo: (random) => `note(workflow.attrs({ memo = { step = ${number(random)} } }))`,
  until: (random) => `do
    local met = false
    coroutine.spawn(function() time.sleep("${number(random)}ms") met = true end)
    note(workflow.await(function() return met end, "${number(random)}ms"))
  end`,
  undone: (random, depth) => `do
    local saga = workflow.saga()
    saga:add(funcs.call, "app:echo", ${number(random)})
    saga:add(function() ${part(random, depth + 1)} end)
    note(saga:compensate())
  end`,
  loop: (random, depth) => `for i = 1, ${random.between(2, 3)} do note(i) ${part(random, depth + 1)} end`,
};
const NAMES = Object.keys(PARTS);
const DEEPEST = 3;
/** Parts without parts of their own. */
const FLAT = ['call', 'error', 'sleep', 'both', 'race', 'tick', 'self', 'version', 'memo'];

function part(random: Random, depth: number): string {
  const name = random.pick(depth >= DEEPEST ? FLAT : NAMES);
  return PARTS[name]?.(random, depth) ?? '';
}

export function generateProgram(seed: number): GeneratedProgram {
  const random = new Random(seed);
  const parts = Array.from({ length: random.between(2, 7) }, () => `  ${part(random, 0)}`);
  const again = random.chance(15)
    ? '  if (round or 1) < 3 then workflow.continue_as_new((round or 1) + 1) end\n'
    : '';
  const end = random.chance(10) ? '  error("at the end")' : '  return notes';
  const cancelled = random.chance(20);
  return {
    name: `app:generated${seed}`,
    source: `${PRELUDE}${parts.join('\n')}\n${again}${end}\nend\n`,
    ticks: random.below(4),
    ...(cancelled ? { cancelAfterMs: random.below(60) } : {}),
  };
}
