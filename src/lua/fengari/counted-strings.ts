// Counts the strings that fengari makes and goes through (meter.ts). internals.ts imports it before what uses them. Sealed.
import './realm.js';
import lstring from 'fengari/src/lstring.js';
import type { TString } from 'fengari/src/lstring.js';
import { chargeMemoryRunning, chargeRunning, STRING_BYTES } from './meter.js';

/** Bytes that are copied, compared or hashed in the time of an instruction. */
const BYTES_AT_ONCE = 32;

const { luaS_bless, luaS_eqlngstr, luaS_hashlongstr, luaS_new } = lstring;

/** fengari calls one of these with `new`, so what this makes is no arrow function. */
const counted = (make: typeof luaS_bless): typeof luaS_bless =>
  function (L, bytes) {
    chargeMemoryRunning(STRING_BYTES + bytes.length);
    if (bytes.length >= BYTES_AT_ONCE) chargeRunning(bytes.length / BYTES_AT_ONCE);
    return make(L, bytes);
  };
lstring.luaS_bless = counted(luaS_bless);
lstring.luaS_new = counted(luaS_new);

const goThrough = ({ realstring }: TString): void => {
  if (realstring.length >= BYTES_AT_ONCE) chargeRunning(realstring.length / BYTES_AT_ONCE);
};

lstring.luaS_hashlongstr = (string) => {
  goThrough(string);
  return luaS_hashlongstr(string);
};

lstring.luaS_eqlngstr = (a, b) => {
  if (a !== b && a.realstring.length === b.realstring.length) goThrough(a);
  return luaS_eqlngstr(a, b);
};
