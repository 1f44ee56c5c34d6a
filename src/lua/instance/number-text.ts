// Numbers as Lua's tostring writes them (`%.14g`), the same on every engine. Sealed.
import { LuaFloat } from '../../core/data.js';

const DIGITS = 14;

/** A float: `0.1`, `3.0`, `1e+15`, `inf`. */
export function floatText(n: number): string {
  if (Number.isNaN(n)) return 'nan';
  if (!Number.isFinite(n)) return n > 0 ? 'inf' : '-inf';
  if (n === 0) return Object.is(n, -0) ? '-0.0' : '0.0';
  const [mantissa = '', power = '0'] = n.toExponential(DIGITS - 1).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= DIGITS) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trimmed(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const text = trimmed(n.toFixed(DIGITS - 1 - exponent));
  return text.includes('.') ? text : `${text}.0`;
}

const trimmed = (text: string): string =>
  text.includes('.') ? text.replace(/0+$/, '').replace(/[.]$/, '') : text;

export function numberText(value: number | bigint | LuaFloat): string {
  if (value instanceof LuaFloat) return floatText(value.n);
  return typeof value === 'bigint' || Number.isInteger(value) ? String(value) : floatText(value);
}
