// Expressions of a wanted type. An expression never changes anything, and shows nothing that PUC leaves open:
// no addresses, no order of `pairs`, no sign of NaN (`S` turns a float into text without it).
import {
  divisorLiteral,
  floatLiteral,
  integerLiteral,
  numeralText,
  smallLiteral,
  stringLiteral,
  validNumeral,
} from './literals.js';
import { formatCall, patternCall } from './patterns.js';
import type { Random } from './random.js';
import type { Callee, Scope, Type, Writing } from './scope.js';

type Make = (scope: Scope, depth: number) => string;

export class Expressions {
  readonly #random: Random;
  /** Where the expression under way stands. */
  #scope: Scope | undefined;

  constructor({ random }: Writing) {
    this.#random = random;
  }

  of(type: Type, scope: Scope, depth = 3): string {
    this.#scope = scope;
    switch (type) {
      case 'int':
        return this.int(scope, depth);
      case 'float':
        return this.float(scope, depth);
      case 'string':
        return this.string(scope, depth);
      case 'boolean':
        return this.boolean(scope, depth);
      case 'ints':
        return this.ints(scope, depth);
      case 'strings':
        return this.strings(scope, depth);
      case 'record':
        return this.record(scope, depth);
      case 'any':
        return this.any(scope, depth);
    }
  }

  /** Of any type; tables rarely. */
  any(scope: Scope, depth = 3): string {
    const type = this.#random.weighted<Type>([
      [8, 'int'],
      [5, 'float'],
      [5, 'string'],
      [4, 'boolean'],
      [1, 'ints'],
    ]);
    if (this.#random.chance(6)) return 'nil';
    return this.of(type, scope, depth);
  }

  list(types: readonly Type[], scope: Scope, depth = 2): string {
    return types.map((type) => this.of(type, scope, depth)).join(this.#comma());
  }

  int(scope: Scope, depth = 3): string {
    if (depth <= 0 || this.#random.chance(25))
      return this.#variable('int', scope) ?? integerLiteral(this.#random);
    return this.#random.weighted<Make>(this.#integers)(scope, depth - 1);
  }

  /** From 0 to 6, mostly. */
  small(scope: Scope): string {
    return this.#random.chance(70)
      ? smallLiteral(this.#random)
      : `(${this.int(scope, 1)}) % ${this.#random.between(2, 7)}`;
  }

  readonly #integers: readonly (readonly [number, Make])[] = [
    [
      30,
      (s, d) => this.#binary(this.int(s, d), this.#random.pick(['+', '-', '*', '+', '-']), this.int(s, d)),
    ],
    [6, (s, d) => this.#binary(this.int(s, d), this.#random.pick(['//', '%']), divisorLiteral(this.#random))],
    [3, (s, d) => this.#binary(this.int(s, d), this.#random.pick(['//', '%']), this.int(s, d))],
    [12, (s, d) => this.#binary(this.int(s, d), this.#random.pick(['&', '|', '~']), this.int(s, d))],
    [6, (s, d) => this.#binary(this.int(s, d), this.#random.pick(['<<', '>>']), this.small(s))],
    [2, (s, d) => this.#binary(this.int(s, d), this.#random.pick(['<<', '>>']), this.int(s, d))],
    [4, (s, d) => `(- ${this.int(s, d)})`],
    [3, (s, d) => `(~ ${this.int(s, d)})`],
    [5, (s, d) => `#${this.#primary(this.string(s, d))}`],
    [4, (s, d) => `#${this.#primary(this.#variable('ints', s) ?? this.ints(s, d))}`],
    [5, (s, d) => this.#choice(s, d, () => this.int(s, d))],
    [4, (s, d) => `math.${this.#random.pick(['max', 'min'])}(${this.int(s, d)}, ${this.int(s, d)})`],
    [2, (s, d) => `math.abs(${this.int(s, d)})`],
    [3, (s, d) => `I(${this.float(s, d)})`],
    [2, (s, d) => `I(math.floor(${this.float(s, d)}))`],
    [2, (s, d) => `I(${this.#numeral()} + ${this.int(s, d)})`],
    [
      2,
      (s, d) =>
        `(tonumber(${numeralText(this.#random)}, ${this.#random.pick(['2', '8', '10', '16', '36'])}) or ${this.int(s, d)})`,
    ],
    [3, (s, d) => `(string.byte(${this.string(s, d)}, ${this.small(s)}) or ${this.int(s, d)})`],
    [2, (s, d) => `(utf8.len(${this.string(s, d)}) or -1)`],
    [2, (s, d) => `(string.find(${this.string(s, d)}, ${stringLiteral(this.#random)}, 1, true) or 0)`],
    [2, (s, d) => `select('#', ${s.around.varargs ? '...' : `${this.any(s, d)}, nil`})`],
    [6, (s) => this.#element(s)],
    [5, (s) => this.#field(s)],
    [8, (s, d) => this.#call('int', s, d) ?? this.int(s, d)],
    [1, (s, d) => `(function(...) return ${this.int(s, d)} end)(${this.any(s, d)})`],
  ];

  float(scope: Scope, depth = 3): string {
    if (depth <= 0 || this.#random.chance(25))
      return this.#variable('float', scope) ?? floatLiteral(this.#random);
    return this.#random.weighted<Make>(this.#floats)(scope, depth - 1);
  }

  readonly #floats: readonly (readonly [number, Make])[] = [
    [25, (s, d) => this.#binary(this.float(s, d), this.#random.pick(['+', '-', '*', '/']), this.float(s, d))],
    [10, (s, d) => this.#binary(this.int(s, d), this.#random.pick(['+', '-', '*', '/']), this.float(s, d))],
    [10, (s, d) => this.#binary(this.float(s, d), this.#random.pick(['+', '-', '*']), this.int(s, d))],
    [8, (s, d) => this.#binary(this.int(s, d), '/', this.int(s, d))],
    [6, (s, d) => this.#binary(this.float(s, d), this.#random.pick(['//', '%']), this.float(s, d))],
    [
      3,
      (s, d) => this.#binary(this.float(s, d), this.#random.pick(['//', '%']), divisorLiteral(this.#random)),
    ],
    [4, (s, d) => `(- ${this.float(s, d)})`],
    [4, () => `(${this.#random.between(-9, 9)} ^ ${this.#random.between(0, 9)})`],
    [2, (s, d) => `math.fmod(${this.float(s, d)}, ${this.float(s, d)})`],
    [2, (s, d) => `math.sqrt(${this.float(s, d)})`],
    [2, (s, d) => `math.abs(${this.float(s, d)})`],
    [2, (s, d) => `math.${this.#random.pick(['max', 'min'])}(${this.float(s, d)}, ${this.float(s, d)})`],
    [2, (s, d) => `(${this.#numeral()} + ${this.float(s, d)})`],
    [2, (s, d) => `(select(2, math.modf(${this.float(s, d)})) + 0.0)`],
    [2, (s, d) => `(math.modf(${this.float(s, d)}) + 0.0)`],
    [5, (s, d) => this.#choice(s, d, () => this.float(s, d))],
    [4, (s, d) => this.#call('float', s, d) ?? this.float(s, d)],
  ];

  string(scope: Scope, depth = 3): string {
    if (depth <= 0 || this.#random.chance(30))
      return this.#variable('string', scope) ?? stringLiteral(this.#random);
    return this.#random.weighted<Make>(this.#texts)(scope, depth - 1);
  }

  readonly #texts: readonly (readonly [number, Make])[] = [
    [20, (s, d) => this.#concatenation(s, d)],
    [6, (s, d) => `${this.#primary(this.string(s, d))}:sub(${this.#position(s)}, ${this.#position(s)})`],
    [3, (s, d) => `string.sub(${this.string(s, d)}, ${this.int(s, d)})`],
    [
      3,
      (s, d) =>
        `string.rep(${this.string(s, d)}, ${this.small(s)}${this.#random.chance(30) ? `, ${this.string(s, 0)}` : ''})`,
    ],
    [
      4,
      (s, d) => `${this.#primary(this.string(s, d))}:${this.#random.pick(['upper', 'lower', 'reverse'])}()`,
    ],
    [5, (s, d) => `tostring(${this.#random.chance(60) ? this.int(s, d) : this.boolean(s, d)})`],
    [4, (s, d) => `S(${this.float(s, d)})`],
    [8, (s, d) => formatCall(this.#random, (type) => this.of(type, s, d))],
    [8, (s, d) => patternCall(this.#random, () => this.string(s, d))],
    [
      3,
      () =>
        `string.char(${Array.from({ length: this.#random.between(0, 4) }, () => this.#random.between(32, 126)).join(', ')})`,
    ],
    [
      2,
      () =>
        `utf8.char(${Array.from({ length: this.#random.between(0, 3) }, () => this.#random.pick([65, 233, 8364, 128512, 127, 2047])).join(', ')})`,
    ],
    [
      4,
      (s, d) =>
        `table.concat(${this.#variable('ints', s) ?? this.ints(s, d)}, ${stringLiteral(this.#random)})`,
    ],
    [3, (s, d) => `table.concat(${this.#variable('strings', s) ?? this.strings(s, d)}, ',')`],
    [3, (s, d) => this.#choice(s, d, () => this.string(s, d))],
    [3, (s, d) => `type(${this.any(s, d)})`],
    [2, (s, d) => `tostring(math.type(${this.any(s, d)} or 1))`],
    [5, (s, d) => this.#call('string', s, d) ?? this.string(s, d)],
  ];

  boolean(scope: Scope, depth = 3): string {
    if (depth <= 0 || this.#random.chance(15))
      return this.#variable('boolean', scope) ?? this.#random.pick(['true', 'false']);
    return this.#random.weighted<Make>(this.#booleans)(scope, depth - 1);
  }

  readonly #booleans: readonly (readonly [number, Make])[] = [
    [20, (s, d) => this.#binary(this.int(s, d), this.#comparison(), this.int(s, d))],
    [8, (s, d) => this.#binary(this.float(s, d), this.#comparison(), this.float(s, d))],
    [10, (s, d) => this.#binary(this.int(s, d), this.#comparison(), this.float(s, d))],
    [6, (s, d) => this.#binary(this.float(s, d), this.#comparison(), this.int(s, d))],
    [10, (s, d) => this.#binary(this.string(s, d), this.#comparison(), this.string(s, d))],
    [6, (s, d) => this.#binary(this.any(s, d), this.#random.pick(['==', '~=']), this.any(s, d))],
    [8, (s, d) => `(not ${this.any(s, d)})`],
    [8, (s, d) => `(${this.boolean(s, d)} ${this.#random.pick(['and', 'or'])} ${this.boolean(s, d)})`],
    [2, (s, d) => `math.ult(${this.int(s, d)}, ${this.int(s, d)})`],
    [2, (s, d) => `rawequal(${this.any(s, d)}, ${this.any(s, d)})`],
    [2, (s, d) => `(type(${this.any(s, d)}) == ${this.#random.pick(["'number'", "'string'", "'nil'"])})`],
    [3, (s, d) => this.#call('boolean', s, d) ?? this.boolean(s, d)],
  ];

  /** A sequence of integers. */
  ints(scope: Scope, depth = 2): string {
    const count = this.#random.weighted([
      [2, 0],
      [4, 2],
      [4, 3],
      [3, 5],
      [1, 9],
      [1, 20],
    ]);
    const items = Array.from({ length: count }, () => this.int(scope, Math.min(depth, 1)));
    if (scope.around.varargs && this.#random.chance(5)) return `{${items.join(', ')}}`;
    return `{${items.join(this.#random.chance(20) ? '; ' : ', ')}}`;
  }

  strings(scope: Scope, depth = 2): string {
    const count = this.#random.between(0, 5);
    return `{${Array.from({ length: count }, () => this.string(scope, Math.min(depth, 1))).join(', ')}}`;
  }

  /** Some of the fields a to e, all integers. */
  record(scope: Scope, depth = 2): string {
    const fields = ['a', 'b', 'c', 'd', 'e'].filter(() => this.#random.chance(60));
    const made = fields.map((field) => {
      const key = this.#random.chance(15) ? `['${field}']` : field;
      return `${key} = ${this.int(scope, Math.min(depth, 1))}`;
    });
    return `{${made.join(', ')}}`;
  }

  /** Arguments for a callee, sometimes one too many or too few. */
  arguments(callee: Callee, scope: Scope, depth = 2): string {
    const types: Type[] = [...callee.parameters];
    if (this.#random.chance(5)) types.push('any');
    return this.list(types, scope, depth);
  }

  #call(type: Type, scope: Scope, depth: number): string | undefined {
    const callees = scope.visibleCallees((callee) => callee.pure && callee.results[0] === type);
    if (callees.length === 0) return undefined;
    const callee = this.#random.pick(callees);
    scope.spend(callee.cost);
    return `${callee.name}(${this.arguments(callee, scope, Math.min(depth, 1))})`;
  }

  #choice(scope: Scope, depth: number, make: () => string): string {
    return `(${this.boolean(scope, depth)} and ${make()} or ${make()})`;
  }

  #concatenation(scope: Scope, depth: number): string {
    const parts = Array.from({ length: this.#random.between(2, 4) }, () =>
      this.#random.weighted<() => string>([
        [6, () => this.string(scope, depth)],
        [3, () => this.int(scope, Math.min(depth, 1))],
        [1, () => `S(${this.float(scope, Math.min(depth, 1))})`],
      ])(),
    );
    return `(${parts.map((part) => this.#operand(part)).join(this.#break(' .. '))})`;
  }

  #element(scope: Scope): string {
    const name = this.#variable('ints', scope);
    if (name === undefined) return integerLiteral(this.#random);
    return `(${name}[${this.small(scope)}] or ${this.int(scope, 0)})`;
  }

  #field(scope: Scope): string {
    const name = this.#variable('record', scope);
    if (name === undefined) return integerLiteral(this.#random);
    const field = this.#random.pick(['a', 'b', 'c', 'd', 'e']);
    const read = this.#random.chance(80) ? `${name}.${field}` : `${name}['${field}']`;
    return `(${read} or ${this.int(scope, 0)})`;
  }

  #variable(type: Type, scope: Scope): string | undefined {
    const variables = scope.ofType(type);
    return variables.length === 0 ? undefined : this.#random.pick(variables).name;
  }

  /** What a method can be called on. */
  #primary(expression: string): string {
    return `(${this.#operand(expression)})`;
  }

  #binary(left: string, operator: string, right: string): string {
    return `(${this.#operand(left)}${this.#break(` ${operator} `)}${this.#operand(right)})`;
  }

  #numeral(): string {
    return this.#random.chance(3) ? numeralText(this.#random) : validNumeral(this.#random);
  }

  #comparison(): string {
    return this.#random.pick(['<', '<=', '>', '>=', '==', '~=']);
  }

  #position(scope: Scope): string {
    return this.#random.chance(80) ? String(this.#random.between(-5, 8)) : this.int(scope, 1);
  }

  #comma(): string {
    return this.#break(', ');
  }

  /** Now and then a new line, so that lines of errors are not always those of their statements. */
  #break(separator: string): string {
    return this.#random.chance(2) ? `${separator.trimEnd()}\n  ` : separator;
  }

  /** Rarely another value than wanted, whose name then stands in an error message. */
  #operand(expression: string): string {
    if (this.#random.below(500) !== 0) return expression;
    const names = this.#scope?.find(({ type }) => type !== 'int' && type !== 'float') ?? [];
    if (names.length > 0 && this.#random.chance(70)) {
      const { name, type } = this.#random.pick(names);
      return type === 'record' && this.#random.chance(70) ? `${name}.missing` : name;
    }
    return this.#random.pick([
      'missing',
      '{}',
      'nil',
      'print',
      'missing.x',
      "'x'",
      'true',
      "('x').y.z",
      'missing.y()',
    ]);
  }
}
