import { describe, expect, it } from 'vitest';
import type { TypeNode } from '../../src/lua/front/tree.js';
import { errorOf, expression, parse, statement } from './support.js';

/** A type in a normal form of its own. */
function show(type: TypeNode | undefined): string {
  if (type === undefined) return '-';
  switch (type.kind) {
    case 'named': {
      const list = type.arguments.length > 0 ? `<${type.arguments.map(show).join()}>` : '';
      return [...type.path, type.name].join('.') + list;
    }
    case 'literal':
      return typeof type.value === 'string' ? `"${type.value}"` : String(type.value);
    case 'optional':
      return `${show(type.type)}?`;
    case 'union':
      return `(${type.types.map(show).join(' | ')})`;
    case 'intersection':
      return `(${type.types.map(show).join(' & ')})`;
    case 'array':
      return `{${show(type.element)}}`;
    case 'readonly':
      return `readonly ${show(type.type)}`;
    case 'typeof':
      return `typeof ${type.expression.kind}`;
    case 'pack':
      return `pack(${type.types.map(show).join()})`;
    case 'variadic':
      return `...${show(type.type)}`;
    case 'annotated':
      return (
        show(type.type) + type.annotations.map((note) => `@${note.name}(${note.arguments.join()})`).join('')
      );
    case 'functionType': {
      const parameters = type.parameters.map(
        (parameter) =>
          `${parameter.name === undefined ? '' : `${parameter.name}${parameter.optional ? '?' : ''}: `}${show(parameter.type)}`,
      );
      if (type.variadic !== undefined) parameters.push(show(type.variadic));
      const generics = type.generics.map((parameter) => parameter.name).join();
      return `${generics && `<${generics}>`}(${parameters.join()}) -> ${show(type.returns)}`;
    }
    case 'record': {
      const fields = type.fields.map(
        (field) =>
          `${field.readonly ? 'readonly ' : ''}${field.name}${field.optional ? '?' : ''}: ${show(field.type)}`,
      );
      const indexers = type.indexers.map((indexer) => `[${show(indexer.key)}]: ${show(indexer.type)}`);
      return `{${[...fields, ...indexers].join(', ')}}`;
    }
  }
}
const typeOf = (source: string): string => show(parse(`local x: ${source} = nil`).variables[0]?.type);
const returnOf = (source: string): string =>
  show(parse(`local function f()${source} end`).functions[1]?.returnType);

describe('types', () => {
  it('are parsed in every form', () => {
    expect(typeOf('number?')).toBe('number?');
    expect(typeOf('number | string | nil')).toBe('(number | string | undefined)');
    expect(typeOf('| "a" | 1 | -2 | true')).toBe('("a" | 1 | -2 | true)');
    expect(typeOf('A & B | C')).toBe('((A & B) | C)');
    expect(typeOf('{number}')).toBe('{number}');
    expect(typeOf('number[][]')).toBe('{{number}}');
    expect(typeOf('(number | string)[]?')).toBe('{(number | string)}?');
    expect(typeOf('{[string]: number, n: integer; type?: string, readonly id: string}')).toBe(
      '{n: integer, type?: string, readonly id: string, [string]: number}',
    );
    expect(typeOf('{readonly: boolean, end: number, ["a b"]: any}')).toBe(
      '{readonly: boolean, end: number, ["a b"]: any}',
    );
    expect(typeOf('readonly {string}')).toBe('readonly {string}');
    expect(typeOf('orders.Order<string, Map<K, Array<V>>>')).toBe('orders.Order<string,Map<K,Array<V>>>');
    expect(typeOf('(a: number, b?: string, ...any) -> (boolean, string?)')).toBe(
      '(a: number,b?: string,...any) -> pack(boolean,string?)',
    );
    expect(typeOf('<T, U...>(T, U...) -> (T) -> ()')).toBe('<T,U>(T,...U) -> (T) -> pack()');
    expect(typeOf('typeof(f(1).x)')).toBe('typeof index');
    expect(typeOf('number @min(0) @max(100)')).toBe('number@min(0)@max(100)');
    expect(typeOf('number @min(1) | string @pattern("^.+$")')).toBe('(number@min(1) | string@pattern(^.+$))');
    expect(typeOf('{number @min(-1)}')).toBe('{number@min(-1)}');
    expect(typeOf('((number))')).toBe('number');
    expect(typeOf('function')).toBe('function');
  });

  it('stand after parameters, varargs, loop variables and results', () => {
    const chunk = parse(`
      local function f<T: HasName, U = string>(a: number, b?: string, ...: T): (T, U?) return ... end
      for i: integer = 1, 2 do end
      for k: string, v: number in pairs({}) do end
      function t:m(x): never end
      local g = function(x): number | nil return (x) end`);
    expect(chunk.variables.map((variable) => show(variable.type))).toEqual([
      '-',
      'number',
      'string?',
      'integer',
      'string',
      'number',
      '-',
      '-',
      '-',
      '-',
    ]);
    expect(chunk.functions.map((body) => show(body.returnType))).toEqual([
      '-',
      'pack(T,U?)',
      'never',
      '(number | undefined)',
    ]);
    expect(show(chunk.functions[1]?.varargType)).toBe('T');
  });

  it('end where the body of a function begins', () => {
    expect(returnOf(': number (g or h)()')).toBe('number');
    expect(returnOf(': (number) -> string (g or h)()')).toBe('(number) -> string');
    expect(returnOf(': () as = 1')).toBe('pack()');
    expect(returnOf(': ...string return 1')).toBe('...string');
  });

  it('may carry an attribute before or after', () => {
    const { variables } = parse('local a <const>: number, b: List <const>, c: List<number> <close> = 1');
    expect(variables.map(({ attribute, type }) => [attribute, show(type)])).toEqual([
      ['const', 'number'],
      ['const', 'List'],
      ['close', 'List<number>'],
    ]);
  });

  it('are declared, exported or not, over many lines', () => {
    const { types, main } = parse(`
      type Result<T, E = string> =
        | {ok: true, value: T}
        | {ok: false, error: E}
      export type Id = string
      local type Inner = {Result<Id>}
      return 1`);
    expect(types.map(({ name, exported, type }) => [name, exported, show(type)])).toEqual([
      ['Result', false, '({ok: true, value: T} | {ok: false, error: E})'],
      ['Id', true, 'string'],
      ['Inner', false, '{Result<Id>}'],
    ]);
    expect(main.body.statements).toHaveLength(4);
  });

  it('name what is wrong with them', () => {
    expect(errorOf('local x: = 1')).toBe("order.lua:1: type expected near '='");
    expect(errorOf('type A = {b: number\nlocal x')).toBe(
      "order.lua:2: '}' expected (to close '{' at line 1) near 'local'",
    );
    expect(errorOf('local x: (a: number) = 1')).toBe("order.lua:1: '->' expected near '='");
  });
});

describe('casts', () => {
  it('bind to the simple expression before them and give one value', () => {
    expect(expression('a + b :: number * 2')).toMatchObject({
      operator: '+',
      right: { operator: '*', left: { kind: 'cast' } },
    });
    expect(expression('-x as number')).toMatchObject({ kind: 'unary', operand: { kind: 'cast' } });
    expect(expression('f() :: User | nil')).toMatchObject({ kind: 'cast', expression: { kind: 'call' } });
    expect(expression('(x as User).name')).toMatchObject({ kind: 'index', object: { kind: 'cast' } });
    expect(expression('x as number < 3')).toMatchObject({ kind: 'binary', operator: '<' });
    expect(expression('x as {number}')).toMatchObject({ kind: 'cast', type: { kind: 'array' } });
    expect(expression('x :: any as User')).toMatchObject({ kind: 'cast', expression: { kind: 'cast' } });
  });

  it('of non-nil stand after any prefix', () => {
    expect(expression('(user!).name')).toMatchObject({ kind: 'index', object: { kind: 'nonNil' } });
    expect(expression('a.b!.c!')).toMatchObject({ kind: 'nonNil', expression: { kind: 'index' } });
    expect(errorOf('x! = 1')).toBe("order.lua:1: syntax error near '='");
  });

  it('leave labels and statements as they are in Lua', () => {
    expect(parse('local x = y ::again:: f()').main.body.statements.map(({ kind }) => kind)).toEqual([
      'localStatement',
      'label',
      'callStatement',
    ]);
    expect(parse('f()\n::again::\ngoto again').main.body.statements).toHaveLength(3);
    expect(parse('local x = y\nas(1)').main.body.statements).toHaveLength(2);
    expect(parse('local x = y\nas, z = 1, 2').main.body.statements).toHaveLength(2);
    expect(parse('local x = y as.z = 1').main.body.statements).toHaveLength(2);
  });
});

describe('words of types', () => {
  it('are ordinary names elsewhere', () => {
    for (const source of [
      'local type = type(x)',
      'type = 1',
      'type.x = 1',
      'type(x)',
      'type "x"',
      'x.type = y.as',
      'local as, readonly, typeof, export = 1, 2, 3, 4',
      'as = 1',
      'return as, readonly, export',
      'export(x)',
      'export = type',
      'local t = { type = 1, as = 2, readonly = 3 }',
      'function type.as() end',
      'for type in as do end',
    ]) {
      expect(errorOf(source)).toBe('no error');
    }
  });
});

describe('a type used as a value', () => {
  it('is refused when the program is loaded, with its place', () => {
    const text = "'Point' is a type; types as values are not built in this version";
    expect(errorOf('type Point = {x: number}\nlocal p = Point(data)')).toBe(`order.lua:2: ${text}`);
    expect(errorOf('local function f(d)\n  return Point:is(d)\nend\ntype Point = {x: number}')).toBe(
      `order.lua:2: ${text}`,
    );
  });

  it('is fine when a value has the same name', () => {
    expect(errorOf('type Point = {x: number}\nlocal Point = {}\nreturn Point')).toBe('no error');
    expect(errorOf('type Point = {x: number}\nPoint = {}\nreturn Point')).toBe('no error');
    expect(errorOf('type Point = {x: number}\nlocal p: typeof(Point) = 1')).toBe('no error');
  });
});

describe('erasure', () => {
  it('keeps what is named in typeof out of the scopes', () => {
    const chunk = parse('local a = 1\nreturn function(x: typeof(a)) return x end');
    expect(chunk.variables[0]?.captured).toBe(false);
    expect(chunk.functions[1]?.upvalues).toEqual([]);
    expect(statement('type T = typeof(g)').kind).toBe('typeAlias');
  });
});
