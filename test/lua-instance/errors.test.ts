// Errors: kept whole through pcall, coroutines, borders and calls; with the line where they arose.
import { expect, it } from 'vitest';
import type { Data } from '../../src/core/data.js';
import type { ErrorData } from '../../src/core/error-data.js';
import { errorDataFromData, errorDataToData } from '../../src/lua/instance/error-object.js';
import { openLua } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { probeSpec } from './probe.js';

onEachEngine('errors', (engine) => {
  const options = { engine, modules: [probeSpec] };
  const run = (text: string): readonly Data[] => openLua(text, options).values;
  const failing = (text: string): ErrorData | undefined => openLua(text, options).error;

  it('are userdata with methods, a text, and equality', () => {
    expect(
      run(`
        local err = errors.new{message = "user not found", kind = errors.NOT_FOUND, retryable = false, details = {id = 7}}
        local same = errors.new{message = "user not found", kind = "NotFound"}
        return {type(err), err:kind(), err:message(), err:retryable(), err:details().id, tostring(err), "! " .. err, err .. "!"},
          {err == same, err == errors.new("user not found"), errors.new("x"):kind(), errors.new("x"):retryable() == nil}, nil`),
    ).toEqual([
      [
        'userdata',
        'NotFound',
        'user not found',
        false,
        7,
        'user not found',
        '! user not found',
        'user not found!',
      ],
      [true, false, 'Unknown', true],
      null,
    ]);
  });

  it('have constants in upper case whose values are not', () => {
    expect(
      run(`return {errors.NOT_FOUND, errors.ALREADY_EXISTS, errors.INVALID, errors.PERMISSION_DENIED, errors.UNAVAILABLE,
        errors.INTERNAL, errors.CANCELED, errors.CONFLICT, errors.TIMEOUT, errors.RATE_LIMITED, errors.UNKNOWN}`),
    ).toEqual([
      ['NotFound', 'AlreadyExists', 'Invalid', 'PermissionDenied', 'Unavailable', 'Internal'].concat([
        'Canceled',
        'Conflict',
        'Timeout',
        'RateLimited',
        'Unknown',
      ]),
    ]);
  });

  it('are taken by string functions as their text', () => {
    expect(
      run(`
        local err = errors.new("connection refused by host")
        return {string.find(err, "refused"), string.upper(err), string.format("%s!", err), string.sub(err, 1, 10),
          string.match(err, "by (%w+)"), string.len(err), (string.gsub(err, "refused", "lost"))}`),
    ).toEqual([
      [
        12,
        'CONNECTION REFUSED BY HOST',
        'connection refused by host!',
        'connection',
        'host',
        26,
        'connection lost by host',
      ],
    ]);
  });

  it('can be wrapped: context in front, kind and details kept', () => {
    expect(
      run(`
        local err = errors.new{message = "no rows", kind = errors.NOT_FOUND, retryable = true, details = {table = "users"}}
        local outer = errors.wrap(errors.wrap(err, "query"), "load user")
        local plain = errors.wrap("text", "context")
        return {outer:message(), outer:kind(), outer:retryable(), outer:details().table},
          {plain:message(), plain:kind(), errors.is(outer, errors.NOT_FOUND), errors.is(outer, "NOT_FOUND"), errors.is("x", errors.UNKNOWN)}, nil`),
    ).toEqual([
      ['load user: query: no rows', 'NotFound', true, 'users'],
      ['context: text', 'Unknown', true, true, false],
      null,
    ]);
  });

  it('keep the identity of their details inside the instance', () => {
    expect(
      run(
        'local d = {} local e = errors.new{message = "x", details = d} return e:details() == d, probe.raise == nil',
      ),
    ).toEqual([true, false]);
  });

  it('know the stack where they were made', () => {
    const [stack, frames] = run(`
      local function deep() local e = errors.new("here") return e end
      local function outer() local e = deep() return e end
      local err = outer()
      local found = errors.call_stack(err)
      local lines = {}
      for i, frame in ipairs(found.frames) do lines[i] = frame.source .. ":" .. frame.line end
      return err:stack(), {lines, found.thread, errors.call_stack("text") == nil}`) as [
      string,
      [string[], string, boolean],
    ];
    expect(
      stack
        .split('\n')
        .slice(0, 3)
        .map((line) => line.replace(/: in .*/, '')),
    ).toEqual(['main.lua:2', 'main.lua:3', 'main.lua:4']);
    expect(frames[0].slice(0, 3)).toEqual(['main.lua:2', 'main.lua:3', 'main.lua:4']);
    expect(frames.slice(1)).toEqual(['{test|1}', true]);
  });

  it('come out of pcall as they were raised: text with its position, objects whole', () => {
    expect(
      run(`
        local _, text = pcall(error, "plain")
        local _, at = pcall(function() error("with line") end)
        local _, bare = pcall(function() error("without", 0) end)
        local _, object = pcall(function() error(errors.new{message = "m", kind = errors.CONFLICT}) end)
        local _, t = pcall(error, {1, 2})
        local _, none = pcall(error)
        local _, asserted = pcall(assert, nil, errors.new("asserted"))
        local _, failed = pcall(function() assert(false) end)
        return {text, at, bare, object:kind(), #t, none == nil, asserted:message(), failed}`),
    ).toEqual([
      [
        'plain',
        'main.lua:3: with line',
        'without',
        'Conflict',
        2,
        true,
        'asserted',
        'main.lua:9: assertion failed!',
      ],
    ]);
  });

  it.each([
    ['local t = nil; return t.x', "main.lua:1: attempt to index a nil value (local 't')"],
    ['return 1 + {}', 'main.lua:1: attempt to perform arithmetic on a table value'],
    ['return #5', 'main.lua:1: attempt to get length of a number value'],
    ['undefined_function()', "main.lua:1: attempt to call a nil value (global 'undefined_function')"],
    ['return {} < {}', 'main.lua:1: attempt to compare two table values'],
    ['return "a" .. {}', 'main.lua:1: attempt to concatenate a table value'],
    ['\nlocal t = {}\nt.x.y = 1', "main.lua:3: attempt to index a nil value (field 'x')"],
    ['string.rep()', "main.lua:1: bad argument #1 to 'rep' (string expected, got no value)"],
  ])('an uncaught error in `%s` says where', (text, message) => {
    const error = failing(text);
    expect(error).toMatchObject({ kind: 'Internal', message });
    expect(error?.stack).toMatch(/^main[.]lua:\d/);
  });

  it('end main with their own kind when they are error objects', () => {
    expect(
      failing('error(errors.new{message = "m", kind = errors.TIMEOUT, retryable = true, details = {a = 1}})'),
    ).toMatchObject({
      kind: 'Timeout',
      message: 'm',
      retryable: true,
      details: { a: 1 },
      stack: expect.stringMatching(/^main[.]lua:1/) as string,
    });
  });

  it.each([
    ['return nil, "went wrong"', { kind: 'Unknown', message: 'went wrong' }],
    ['return true, errors.new{message = "m", kind = errors.INVALID}', { kind: 'Invalid', message: 'm' }],
    [
      'return 1, errors.wrap(errors.new{message = "m", kind = errors.INVALID}, "c")',
      { kind: 'Invalid', message: 'c: m', cause: { message: 'm' } },
    ],
    [
      'error({code = 5})',
      { kind: 'Internal', message: '(error object is a table value)', details: { code: 5 } },
    ],
    ['error({message = "said"})', { kind: 'Internal', message: 'said' }],
    ['error(nil)', { kind: 'Internal', message: '(error object is a nil value)' }],
    ['error(42)', { kind: 'Internal', message: '42' }],
    ['return print', { kind: 'Invalid', message: 'functions do not cross: $' }],
    ['return {list = {1, 2, print}}', { kind: 'Invalid', message: 'functions do not cross: $.list[3]' }],
  ])('`%s` is an error of the call', (text, error) => {
    expect(failing(text)).toMatchObject(error);
  });

  it('do not come from a nil or a table as second result', () => {
    expect(run('return 1, nil')).toEqual([1, null]);
    expect(run('return 1, {2}')).toEqual([1, [2]]);
    expect(run('return')).toEqual([]);
  });

  it('cross with all they have, also inside tables and as details', () => {
    expect(
      run(`
        local err = errors.wrap(errors.new{message = "m", kind = errors.CONFLICT, retryable = false, details = {n = 1}}, "c")
        local back = probe.data({list = {err}}).list[1]
        return {type(back), back:kind(), back:message(), back:retryable(), back:details().n, back:stack() == err:stack()}`),
    ).toEqual([['userdata', 'Conflict', 'c: m', false, 1, true]]);
    const error: ErrorData = {
      kind: 'RateLimited',
      message: 'slow down',
      retryable: true,
      details: { after: 3n },
      stack: 'a.lua:1: in f\nb.lua:2: in g',
      cause: { kind: 'Unknown', message: 'inner' },
    };
    expect(errorDataFromData(errorDataToData(error))).toEqual({ ...error });
  });

  it('are not lost because their details cannot travel', () => {
    expect(failing('error(errors.new{message = "m", details = {f = print}})')).toMatchObject({
      message: 'm',
      details: 'details were left behind: functions do not cross: $.f',
    });
  });

  it('come from the host as objects, returned or raised', () => {
    expect(
      run(`
        local none, err = probe.fail()
        local ok, raised = pcall(probe.raise, "text")
        local ok2, object = pcall(probe.raise, err)
        return {none == nil, err:kind(), err:details().id, raised, rawequal(object, err)}`),
    ).toEqual([[true, 'NotFound', 7, 'text', true]]);
    const session = openLua(
      'local v, err = probe.ask(1) return err:message(), nil, err:details().x',
      options,
    );
    session.fail('probe.ask', { kind: 'Unavailable', message: 'away', details: { x: 1 } });
    expect(session.error).toBeUndefined();
    const uncaught = openLua('probe.must(1)', options);
    uncaught.fail('probe.ask', { kind: 'Unavailable', message: 'away', retryable: true });
    expect(uncaught.error).toMatchObject({ kind: 'Unavailable', message: 'away', retryable: true });
    expect(uncaught.error?.stack).toMatch(/^main[.]lua:1/);
  });

  it('pass through handlers of xpcall with the handler at the point of the error', () => {
    expect(
      run(`
        local seen
        local ok, result = xpcall(function() error("x") end, function(e) seen = e return "handled: " .. e end)
        local ok2, nested = xpcall(function() local t = nil; t() end, function(e) return errors.wrap(e, "ctx") end)
        return {ok, result, seen}, {ok2, type(nested)}`),
    ).toEqual([
      [false, 'handled: main.lua:3: x', 'main.lua:3: x'],
      [false, 'userdata'],
    ]);
  });

  it('give host functions the place of their call', () => {
    expect(
      run(`
        local function f() local w = probe.where() return w end
        local co = coroutine.wrap(function() local w = probe.where() return w end)
        return {probe.where(), f(), co()}`),
    ).toEqual([['main.lua:4', 'main.lua:2', 'main.lua:3']]);
    const [stack] = run(
      'local co = coroutine.wrap(function()\nlocal s = probe.stack() return s end)\nlocal s = co()\nreturn s',
    );
    expect((stack as string).split('\n').map((line) => line.replace(/: in .*/, ''))).toEqual([
      'main.lua:2',
      'main.lua:3',
    ]);
  });
});
