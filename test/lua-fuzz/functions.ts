// Functions and jumps in the shapes that compilers trip over: fresh variables, varargs, goto, and functions that are very long.
import type { Scope } from './scope.js';
import type { Statements } from './statements.js';
import { around, line } from './tree.js';
import type { Statement } from './tree.js';

export function gotoLoop(write: Statements, scope: Scope): Statement[] {
  const label = write.names.fresh('L');
  if (write.random.chance(60)) {
    // continue
    const name = write.name('int');
    const passes = write.random.between(2, 6);
    const inner = scope.block(passes, { loop: true });
    inner.declare(name, 'int', false);
    const condition = write.expressions.boolean(inner, 2);
    const body = [
      line(`if ${condition} then goto ${label} end`),
      around('do', write.block(inner.block())),
      line(`::${label}::`),
    ];
    return [around(`for ${name} = 1, ${passes} do`, body)];
  }
  const counter = write.name('int');
  const passes = write.random.between(1, 4);
  const inner = scope.block(passes);
  inner.declare(counter, 'int', false);
  const collected = write.names.fresh('c');
  const fresh = write.name('int');
  return [
    around('do', [
      line(`local ${counter}, ${collected} = 0, {}`),
      line(`::${label}::`),
      line(`local ${fresh} = ${counter} * 10`),
      line(`${collected}[#${collected} + 1] = function() ${fresh} = ${fresh} + 1 return ${fresh} end`),
      around('do', write.block(inner)),
      line(`${counter} = ${counter} + 1`),
      line(`if ${counter} < ${passes} then goto ${label} end`),
      line(`for _, f in ipairs(${collected}) do show(f(), f()) end`),
    ]),
  ];
}

/** A goto out of two loops, and one over the rest of a block. */
export function nestedBreak(write: Statements, scope: Scope): Statement[] {
  const label = write.names.fresh('L');
  const [outer, inner] = [write.name('int'), write.name('int')];
  const body = scope.block(9);
  body.declare(outer, 'int', false);
  body.declare(inner, 'int', false);
  return [
    around('do', [
      around(`for ${outer} = 1, 3 do`, [
        around(`for ${inner} = 1, 3 do`, [
          ...write.block(body, 2),
          line(`if ${write.expressions.boolean(body, 2)} then goto ${label} end`),
        ]),
      ]),
      line(`show('no goto')`),
      line(`::${label}::`),
    ]),
  ];
}

export function closures(write: Statements, scope: Scope): Statement[] {
  const list = write.names.fresh('c');
  const loop = write.name('int');
  const kept = write.name('int');
  const inner = scope.block(4);
  inner.declare(loop, 'int', false);
  const body = [
    line(`local ${kept} = ${write.expressions.int(inner, 2)}`),
    line(`${list}[#${list} + 1] = function(d) ${kept} = ${kept} + d return ${kept}, ${loop} end`),
    line(`${list}[#${list} + 1] = function() ${kept} = ${kept} * 2 return ${kept} end`),
    ...(write.random.chance(20) ? [line(`if ${loop} == 2 then break end`)] : []),
  ];
  return [
    line(`local ${list} = {}`),
    around(`for ${loop} = 1, ${write.random.between(1, 4)} do`, body),
    line(`for _, f in ipairs(${list}) do show(f(3)) end`),
    line(`show(${list}[1](${write.expressions.int(scope, 1)}))`),
  ];
}

export function varargs(write: Statements, scope: Scope): Statement[] {
  const name = write.names.fresh('v');
  const inner = scope.function({ varargs: true, returns: ['int'], pure: true });
  const first = write.name('any');
  const values = Array.from({ length: write.random.between(0, 4) }, () => write.expressions.any(scope, 2));
  const body = [
    line(`local ${first}, b = ...`),
    line(`show(${first}, b, select('#', ...))`),
    line(
      write.random.pick([
        `show(...)`,
        `show((...))`,
        `show(..., 'end')`,
        `show(select(${write.random.between(-2, 3)}, ...))`,
        `show(#{...} >= 0, table.pack(...).n)`,
        `show(table.unpack({...}, 1, select('#', ...)))`,
        `show((function(...) return ... end)(1, ...))`,
        `local t = {..., n = 1} show(t[1], t.n)`,
        `local t = {'x', ...} show(t[1], t[2])`,
      ]),
    ),
    ...write.block(inner, write.random.between(0, 2)),
    line(write.random.pick(['return ...', 'return (...)', `return select('#', ...)`, `return 1, ...`])),
  ];
  return [
    around(`local function ${name}(...)`, body),
    line(`show(pcall(${name}${values.map((value) => `, ${value}`).join('')}))`),
    ...(write.random.chance(40) ? [line(`show(${name}(${name}(1, nil, 'x')))`)] : []),
  ];
}

/** Locals of a long function; Lua has at most 200. */
const LONG_LOCALS = 14;

/** A function with a loop of a hundred statements or more, called plainly and as a coroutine that `Y` suspends anywhere. */
export function bigFunction(write: Statements, scope: Scope): Statement[] {
  const { random, names, expressions } = write;
  const name = names.fresh('f');
  const inner = scope.function({ returns: ['int'], pure: true });
  const head: Statement[] = [];
  for (let count = 0; count < LONG_LOCALS; count++) {
    const type = random.pick(['int', 'int', 'float', 'float', 'string', 'ints', 'record'] as const);
    const local = write.name(type);
    head.push(line(`local ${local} = ${expressions.of(type, inner, 1)}`));
    inner.declare(local, type);
  }
  const loop = write.name('int');
  const passes = random.between(1, 4);
  const body = inner.block(passes, { loop: true });
  body.declare(loop, 'int', false);
  const statements: Statement[] = [];
  for (let groups = random.between(6, 24); groups > 0; groups--) {
    const block = body.block();
    const group: Statement[] = [];
    for (let count = random.between(3, 9); count > 0; count--) group.push(...write.change(block));
    statements.push(
      ...random.weighted<() => readonly Statement[]>([
        [5, () => group],
        [2, () => [around('do', [...group, ...write.one(block)])]],
        [2, () => [around(`if ${expressions.boolean(body, 2)} then`, group)]],
        [2, () => [...group, line(`show(Y(${expressions.any(body, 1)}))`)]],
        [1, () => [line(`if ${expressions.boolean(body, 1)} then Y(${loop}) break end`), ...group]],
        [1, () => [around(`for _ = 1, 2 do`, group)]],
      ])(),
    );
  }
  const co = names.fresh('co');
  return [
    around(`local function ${name}()`, [
      ...head,
      around(`for ${loop} = 1, ${passes} do`, statements),
      line(`return ${expressions.int(inner, 1)}`),
    ]),
    line(`show(pcall(${name}))`),
    line(`local ${co} = coroutine.create(${name})`),
    line(`for i = 1, 9 do show(coroutine.resume(${co}, i)) end`),
  ];
}
