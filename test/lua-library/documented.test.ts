// The names of the page of the standard libraries (lua/core/base.md), as every program has them.
import { describe, expect, it } from 'vitest';
import { runLua } from '../support/instance.js';

const NAMES = `
  type tonumber tostring assert error pcall xpcall pairs ipairs next getmetatable setmetatable rawget rawset rawequal select unpack
  print _G _VERSION table.insert table.remove table.concat table.sort table.unpack string.find string.match string.gmatch
  string.gsub string.upper string.lower string.sub string.len string.byte string.char string.rep string.reverse string.format
  math.pi math.huge math.mininteger math.maxinteger math.abs math.min math.max math.floor math.ceil math.modf math.fmod math.sqrt
  math.pow math.exp math.log math.log10 math.sin math.cos math.tan math.asin math.acos math.atan math.atan2 math.sinh math.cosh
  math.tanh math.deg math.rad math.random math.randomseed math.tointeger math.type math.ult coroutine.create coroutine.resume
  coroutine.yield coroutine.status coroutine.running coroutine.wrap coroutine.spawn errors.new errors.wrap errors.is
  errors.call_stack errors.UNKNOWN errors.INVALID errors.NOT_FOUND errors.ALREADY_EXISTS errors.PERMISSION_DENIED errors.TIMEOUT
  errors.CANCELED errors.UNAVAILABLE errors.INTERNAL errors.CONFLICT errors.RATE_LIMITED`;

describe('the standard libraries', () => {
  it.each(['node', 'workflow'] as const)('have every name of their page, on a %s', async (place) => {
    const { values } = await runLua(
      `local names, missing = ..., {}
      for name in names:gmatch("%S+") do
        local value = _G
        for part in name:gmatch("[^.]+") do value = value ~= nil and value[part] or nil end
        if value == nil then missing[#missing + 1] = name end
      end
      return missing`,
      { args: [NAMES], host: { place } },
    );
    expect(values).toEqual([[]]);
  });
});
