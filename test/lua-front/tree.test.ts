import { describe, expect, it } from 'vitest';
import type { Statement } from '../../src/lua/front/tree.js';
import { expression, parse, statement } from './support.js';

const numeral = (source: string): unknown => {
  const found = expression(source);
  return found.kind === 'integer' || found.kind === 'float' ? [found.kind, found.value] : found.kind;
};
const text = (source: string): unknown => {
  const found = expression(source);
  return found.kind === 'string' ? found.value : found.kind;
};
const shape = (source: string): string => {
  const show = (found: ReturnType<typeof expression>): string => {
    switch (found.kind) {
      case 'binary':
      case 'logical':
        return `(${show(found.left)} ${found.operator} ${show(found.right)})`;
      case 'unary':
        return `${found.operator}${show(found.operand)}`;
      case 'global':
        return found.name;
      case 'integer':
        return String(found.value);
      default:
        return found.kind;
    }
  };
  return show(expression(source));
};

describe('numerals', () => {
  it('are integers or floats as they are written', () => {
    expect(numeral('3')).toEqual(['integer', 3]);
    expect(numeral('3.0')).toEqual(['float', 3]);
    expect(numeral('.5')).toEqual(['float', 0.5]);
    expect(numeral('3e2')).toEqual(['float', 300]);
    expect(numeral('0xff')).toEqual(['integer', 255]);
    expect(numeral('0xA.8p1')).toEqual(['float', 21]);
    expect(numeral('0x.1p4')).toEqual(['float', 1]);
  });

  it('are exact to 64 bits, wrap in hexadecimal and become floats in decimal', () => {
    expect(numeral('9007199254740991')).toEqual(['integer', 9007199254740991]);
    expect(numeral('9007199254740992')).toEqual(['integer', 9007199254740992n]);
    expect(numeral('9223372036854775807')).toEqual(['integer', 9223372036854775807n]);
    expect(numeral('9223372036854775808')).toEqual(['float', 9223372036854775808]);
    expect(numeral('0xffffffffffffffff')).toEqual(['integer', -1]);
    expect(numeral('0x1ffffffffffffffff')).toEqual(['integer', -1]);
    expect(numeral('1e400')).toEqual(['float', Infinity]);
  });

  it('round hexadecimal floats to even, subnormal ones too', () => {
    expect(numeral('0x1.00000000000008p0')).toEqual(['float', 1]);
    expect(numeral('0x1.000000000000081p0')).toEqual(['float', 1 + 2 ** -52]);
    expect(numeral('0x1p-1074')).toEqual(['float', 5e-324]);
    expect(numeral('0x1p-1075')).toEqual(['float', 0]);
    expect(numeral('0x1.8p-1075')).toEqual(['float', 5e-324]);
    expect(numeral('0x1p1024')).toEqual(['float', Infinity]);
  });
});

describe('strings', () => {
  it('decode every escape', () => {
    expect(text(String.raw`'\a\b\f\n\r\t\v\\\"\''`)).toBe('\x07\b\f\n\r\t\v\\"\'');
    expect(text(String.raw`'\65\0651\x41\u{41}\u{20AC}\u{10FFFF}'`)).toBe(
      'AA1AA\xe2\x82\xac\xf4\x8f\xbf\xbf',
    );
    expect(text("'a\\z  \n\t b'")).toBe('ab');
    expect(text("'a\\\r\nb'")).toBe('a\nb');
  });

  it('are bytes, and long ones drop their first newline and unify the others', () => {
    expect(text('"\xe2\x82\xac\0"')).toBe('\xe2\x82\xac\0');
    expect(text('[[\r\na\r\nb\rc\n\rd]]')).toBe('a\nb\nc\nd');
    expect(text('[==[a]=]b]==]')).toBe('a]=]b');
  });
});

describe('operators', () => {
  it('bind as in Lua', () => {
    expect(shape('a or b and c < d | e ~ f & g << h .. i + j * k ^ l')).toBe(
      '(a or (b and (c < (d | (e ~ (f & (g << (h .. (i + (j * (k ^ l)))))))))))',
    );
    expect(shape('a .. b .. c')).toBe('(a .. (b .. c))');
    expect(shape('a ^ b ^ c')).toBe('(a ^ (b ^ c))');
    expect(shape('a - b - c')).toBe('((a - b) - c)');
    expect(shape('-a ^ 2')).toBe('-(a ^ 2)');
    expect(shape('not a == b')).toBe('(nota == b)');
    expect(shape('2 ^ -3')).toBe('(2 ^ -3)');
  });
});

describe('scopes', () => {
  it('tell locals, upvalues and globals apart', () => {
    const chunk = parse('local a = 1\nlocal function f() return a, b end\nreturn a');
    const [main, f] = chunk.functions;
    expect(f?.upvalues.map((variable) => variable.name)).toEqual(['a']);
    expect(f?.usesEnvironment).toBe(true);
    expect(main?.upvalues).toEqual([]);
    expect(chunk.variables.map(({ name, captured, assigned }) => [name, captured, assigned])).toEqual([
      ['a', true, false],
      ['f', false, false],
    ]);
  });

  it('give a new variable to each declaration of a name, visible only after its statement', () => {
    const chunk = parse('local x = 1\nlocal x = x\ndo local x = 2 end\nreturn x');
    const used = chunk.main.body.statements[3];
    expect(used?.kind === 'return' && used.values[0]?.kind === 'local' && used.values[0].variable.id).toBe(1);
    expect(chunk.variables.map((variable) => variable.line)).toEqual([1, 2, 3]);
  });

  it('mark what is assigned after its declaration, and the loops around it', () => {
    const { variables } = parse(`
      local a, b, c = 1
      b = 2
      local function d() end
      while a do local e; for f = 1, 2 do local g = function() return f, e end end end
      return function() c = 1; function d() end end`);
    const of = (name: string): unknown => {
      const found = variables.find((variable) => variable.name === name);
      return found && [found.assigned, found.captured, found.loopDepth];
    };
    expect(of('a')).toEqual([false, false, 0]);
    expect(of('b')).toEqual([true, false, 0]);
    expect(of('c')).toEqual([true, true, 0]);
    expect(of('d')).toEqual([true, true, 0]);
    expect(of('e')).toEqual([false, true, 1]);
    expect(of('f')).toEqual([false, true, 2]);
  });

  it('pass a variable through every function between', () => {
    const chunk = parse('local x; return function() return function() return x end end');
    expect(chunk.functions.map(({ upvalues }) => upvalues.length)).toEqual([0, 1, 1]);
    expect(chunk.functions.map(({ parent }) => parent?.id)).toEqual([undefined, 0, 1]);
  });

  it('let the condition of repeat see the body', () => {
    const found = statement('repeat local done = f() until done');
    expect(found.kind === 'repeat' && found.condition.kind).toBe('local');
  });

  it('make a global a field of a local _ENV', () => {
    expect(statement('local _ENV = {}; return x', 1)).toMatchObject({
      values: [{ kind: 'index', object: { kind: 'local' }, key: { value: 'x' } }],
    });
    expect(parse('_ENV = _ENV.x')).toMatchObject({ readsEnvironment: true, assignsEnvironment: true });
    expect(parse('x = y')).toMatchObject({ readsEnvironment: false, assignsEnvironment: false });
  });

  it('know what a function is called and where it is', () => {
    const chunk = parse(
      'local function a() end\nfunction b.c.d() end\nfunction b:m() end\nlocal e = function() end\nf.g = function() end\nreturn { h = function() end, function() end }',
    );
    expect(chunk.functions.slice(1).map((body) => [body.name, body.line])).toEqual([
      ['a', 1],
      ['b.c.d', 2],
      ['b:m', 3],
      ['e', 4],
      ['f.g', 5],
      ['h', 6],
      [undefined, 6],
    ]);
    expect(chunk.functions[3]?.parameters.map(({ name, role }) => [name, role])).toEqual([['self', 'self']]);
  });

  it('note varargs where they are used, not only declared', () => {
    const [, a, b] = parse('local function a(...) return function(...) return ... end end').functions;
    expect([a?.hasVarargs, a?.usesVarargs, b?.usesVarargs]).toEqual([true, false, true]);
  });

  it('keep the expression a variable begins with', () => {
    const chunk = parse('local f, g = math.floor, h()\nlocal function k() end');
    expect(chunk.variables.map((variable) => variable.initializer?.kind)).toEqual([
      'index',
      undefined,
      'function',
    ]);
  });
});

describe('goto', () => {
  const gotos = (source: string): readonly Statement[] => {
    const found: Statement[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const node = value as { kind?: string };
      if (node.kind === 'goto') found.push(value as Statement);
      else
        for (const [key, child] of Object.entries(value)) {
          if (key === 'statements' || key === 'body' || key === 'clauses' || /^\d+$/.test(key)) visit(child);
        }
    };
    visit(parse(source).main.body);
    return found;
  };

  it('finds labels forward, backward and outwards', () => {
    expect(
      gotos('::top:: while x do if y then goto continue end goto top ::continue:: end goto top'),
    ).toMatchObject([
      { name: 'continue', direction: 'forward', label: { atEnd: true, forward: 1, backward: 0 } },
      { name: 'top', direction: 'backward', label: { atEnd: false, forward: 0, backward: 2 } },
      { name: 'top', direction: 'backward' },
    ]);
  });

  it('prefers the label of its own block, even a later one', () => {
    const [only] = gotos('::a:: do goto a; ::a:: f() end');
    expect(only).toMatchObject({ direction: 'forward' });
  });

  it('may pass locals to a label at the end of the block', () => {
    expect(gotos('do goto done; local x = 1; ::done:: ; ::again:: end')).toHaveLength(1);
  });
});

describe('places', () => {
  it('give calls the line of their prefix and operators their own', () => {
    expect(statement('\nobject\n  .field\n  :method()')).toMatchObject({ call: { line: 2, column: 1 } });
    expect(expression('a\n +\n b')).toMatchObject({ kind: 'binary', line: 2, column: 2 });
    expect(expression('a\n  .b')).toMatchObject({ kind: 'index', line: 2, column: 4 });
  });

  it('count a shebang line and a byte order mark out', () => {
    expect(statement('#!/usr/bin/lua\nf()')).toMatchObject({ line: 2, column: 1 });
    expect(statement('\xef\xbb\xbff()')).toMatchObject({ line: 1, column: 1 });
  });
});
