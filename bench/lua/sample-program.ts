// A program of so many lines as applications have them, different for each salt: for figures of start-up and instances.
import type { Program } from '../../src/core/program.js';

const PIECE = (n: number, salt: string): string => `
local limits_${n} = { small = ${n}, large = ${n * 100}, name = 'group ${n} ${salt}' }
local function check_${n}(order, options)
  if type(order) ~= 'table' then
    return nil, 'order ${n} expected, got ' .. type(order)
  end
  local total = 0
  for index, line in ipairs(order.lines or {}) do
    local price = line.price * (line.count or 1)
    if price > limits_${n}.large and not options.force then
      return nil, string.format('line %d of %s is too much: %.2f', index, order.id, price)
    end
    total = total + price
  end
  if total < limits_${n}.small then
    return { ok = false, total = total, reason = limits_${n}.name }
  end
  return { ok = true, total = total + ${n}, parts = { order.id, #order.lines, total // 2 } }
end
function M.step_${n}(self, order)
  local result, err = check_${n}(order, self.options or {})
  if err then
    self.failed = (self.failed or 0) + 1
    return nil, err
  end
  while result.total > 10 ^ 6 do
    result.total = result.total / 2
  end
  self.seen[#self.seen + 1] = result.ok and order.id or nil
  return result
end
`;

/** Exactly `lines` lines; main waits on a channel, so that the instance stays. */
export function sampleProgram(lines: number, salt: string): Program {
  const head = `local M = { seen = {}, options = { force = false, salt = '${salt}' } }\nM.__index = M`;
  const tail = 'return function(...)\n  local inbox = channel.new()\n  return inbox:receive(), M, ...\nend';
  const wanted = lines - head.split('\n').length - tail.split('\n').length;
  const body: string[] = [];
  for (let n = 1; body.length + PIECE(n, salt).trim().split('\n').length <= wanted; n++)
    body.push(...PIECE(n, salt).trim().split('\n'));
  for (let n = 1; body.length < wanted; n++)
    body.push(`M.constant_${n} = { value = ${n} * 3, name = 'constant' .. ${n} }`);
  return {
    entry: 'bench:sample',
    kind: 'function.lua',
    units: {
      'bench:sample': {
        id: 'bench:sample',
        chunk: `sample-${salt}.lua`,
        source: [head, ...body, tail].join('\n'),
        imports: {},
      },
    },
  };
}
