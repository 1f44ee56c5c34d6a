// Userdata types as fengari metatables. Sealed.
// D1: a method checks that what it is called on is of its type; `ch.send(x)` with another `x` is a bad argument.
// D2: the metatable is not for Lua to see or change: getmetatable gives the type's name.
import type { Table } from './internals.js';
import { Arguments, luaErrorAt, typeName } from '../instance/arguments.js';
import { charged, LuaUserdata } from '../values.js';
import type { AnyUserdataType, HostFunction, LuaFunction, LuaValue, UserdataMeta } from '../values.js';
import type { Bridge } from './bridge.js';
import type { Calls } from './calls.js';

type Meta = UserdataMeta<never>;

export function newMetatable(bridge: Bridge, calls: Calls, type: AnyUserdataType): Table {
  const { meta } = type;
  const metatable = bridge.newTable();
  const host = (run: HostFunction): LuaFunction => bridge.newFunction(calls.hostFunction(run));
  const methods = bridge.newTable();
  for (const [name, method] of Object.entries(type.methods))
    methods.set(
      name,
      host((call, ...args) => {
        const self = valueOf(type, args[0]);
        if (self === undefined) throw new Arguments(call, name, args).expected(1, type.name);
        return method(call, self, ...args.slice(1));
      }),
    );
  metatable.set('__name', type.name);
  metatable.set('__metatable', type.name);
  const { index } = meta;
  metatable.set(
    '__index',
    index === undefined
      ? methods
      : host((_call, self, key) => methods.get(key) ?? index(valueOf(type, self)!, key)),
  );
  for (const [event, run] of Object.entries(metamethods(type, meta))) metatable.set(event, host(run));
  return metatable.table;
}

/** The host value of a userdata of this type. `never`: only the type's own functions know what it is. */
function valueOf(type: AnyUserdataType, value: LuaValue): never | undefined {
  return value instanceof LuaUserdata && value.type === type ? (value.value as never) : undefined;
}

function metamethods(type: AnyUserdataType, meta: Meta): Record<string, HostFunction> {
  const own = (value: LuaValue): never | undefined => valueOf(type, value);
  const found: Record<string, HostFunction> = {};
  const { tostring, eq, lt, le, len, concat, add, sub, mul, div, unm, call: invoke, textCost = 0 } = meta;
  if (tostring !== undefined) found['__tostring'] = charged(textCost, (_call, self) => tostring(own(self)!));
  if (len !== undefined) found['__len'] = (_call, self) => len(own(self)!);
  if (concat !== undefined) found['__concat'] = charged(textCost, (_call, a, b) => concat(a, b));
  if (add !== undefined) found['__add'] = (_call, a, b) => add(a, b);
  if (sub !== undefined) found['__sub'] = (_call, a, b) => sub(a, b);
  if (mul !== undefined) found['__mul'] = (_call, a, b) => mul(a, b);
  if (div !== undefined) found['__div'] = (_call, a, b) => div(a, b);
  if (unm !== undefined) found['__unm'] = (_call, a) => unm(a);
  if (eq !== undefined)
    found['__eq'] = (_call, a, b) => {
      const [left, right] = [own(a), own(b)];
      return left !== undefined && right !== undefined && eq(left, right);
    };
  const ordered =
    (compare: (a: never, b: never) => boolean): HostFunction =>
    (call, a, b) => {
      const [left, right] = [own(a), own(b)];
      if (left === undefined || right === undefined)
        throw luaErrorAt(call, `attempt to compare ${typeName(a)} with ${typeName(b)}`);
      return compare(left, right);
    };
  if (lt !== undefined) found['__lt'] = ordered(lt);
  if (le !== undefined) found['__le'] = ordered(le);
  if (invoke !== undefined) found['__call'] = (call, self, ...args) => invoke(call, own(self)!, ...args);
  return found;
}
