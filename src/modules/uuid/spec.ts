// The `uuid` module. Sealed: chance and clock are the host's, so that a workflow gets the same ids at every replay.
// U1: ids are lower case; what is read may be upper case, in braces, or a URN.
// U2: version 7 ids of one instance never go backwards, also within one millisecond.
import { asInteger } from '../../core/durations.js';
import { digest } from '../../core/digest.js';
import { bytesOfHex, hexOf } from '../../core/hexadecimal.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import type { Failures } from '../../lua/module.js';
import { any, optional } from '../../lua/parameters.js';
import type { Parameter } from '../../lua/parameters.js';
import { asText, typeName } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import type { HostFunction, HostResult, LuaValue } from '../../lua/values.js';

const HEX = /^[0-9a-f]{32}$/;
const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Between 1582-10-15, where version 1 counts from, and 1970, in units of 100 ns. */
const GREGORIAN = 122_192_928_000_000_000n;

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

/** Puts version and variant into 32 hex digits. */
function stamped(hex: string, version: number): string {
  const variant = ((parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return dashed(`${hex.slice(0, 12)}${version}${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`);
}

/** The 32 hex digits of an id in any of its usual forms. */
function digitsOf(text: string): string | undefined {
  let plain = text.toLowerCase();
  if (plain.startsWith('urn:uuid:')) plain = plain.slice(9);
  else if (plain.startsWith('{') && plain.endsWith('}')) plain = plain.slice(1, -1);
  if (SHAPE.test(plain)) return plain.replaceAll('-', '');
  return HEX.test(plain) ? plain : undefined;
}

/** The digits, or `nil, err`. */
function read(value: LuaValue, what = 'UUID'): string | HostResult {
  if (typeof value !== 'string')
    return failure('Invalid', `a ${what} is expected as a string, got ${typeName(value)}`);
  const digits = digitsOf(value);
  if (digits !== undefined) return digits;
  return failure('Invalid', `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}' is no UUID`);
}

const withDigits =
  (use: (digits: string, call: HostCall, rest: readonly LuaValue[]) => HostResult): HostFunction =>
  (call, value, ...rest) => {
    const digits = read(value);
    return typeof digits === 'string' ? use(digits, call, rest) : digits;
  };

const versionOf = (digits: string): number => parseInt(digits[12] ?? '0', 16);

function variantOf(digits: string): string {
  const bits = parseInt(digits[16] ?? '0', 16);
  if ((bits & 8) === 0) return 'NCS';
  if ((bits & 12) === 8) return 'RFC4122';
  return (bits & 14) === 12 ? 'Microsoft' : 'Future';
}

/** Whole seconds since 1970, of versions that carry a time. */
function timestampOf(digits: string): number | bigint | undefined {
  switch (versionOf(digits)) {
    case 1: {
      const ticks = BigInt(`0x${digits.slice(13, 16)}${digits.slice(8, 12)}${digits.slice(0, 8)}`);
      return asInteger((ticks - GREGORIAN) / 10_000_000n);
    }
    case 7:
      return Math.floor(parseInt(digits.slice(0, 12), 16) / 1000);
    default:
      return undefined;
  }
}

/** What an instance remembers between ids. */
interface Sequence {
  /** Version 7: the last millisecond and the counter within it. */
  milliseconds: number;
  counter: number;
  /** Version 1: the last tick, the clock sequence and the node. */
  ticks: bigint;
  readonly clock: number;
  readonly node: string;
}
const STATE = {};

function sequence(call: HostCall): Sequence {
  return call.instance.state(STATE, () => {
    const bytes = call.instance.host.randomBytes(8);
    // The multicast bit says that the node is no network card.
    const node = String.fromCharCode((bytes.charCodeAt(2) | 1) & 255) + bytes.slice(3);
    const clock = ((bytes.charCodeAt(0) << 8) | bytes.charCodeAt(1)) & 0x3fff;
    return { milliseconds: 0, counter: 0, ticks: 0n, clock, node: hexOf(node) };
  });
}

function version1(call: HostCall): string {
  const state = sequence(call);
  const now = call.instance.host.now() / 100n + GREGORIAN;
  state.ticks = now > state.ticks ? now : state.ticks + 1n;
  const time = state.ticks.toString(16).padStart(15, '0').slice(-15);
  const clock = (state.clock | 0x8000).toString(16).padStart(4, '0');
  return dashed(`${time.slice(7)}${time.slice(3, 7)}1${time.slice(0, 3)}${clock}${state.node}`);
}

function version7(call: HostCall): string {
  const { host } = call.instance;
  const state = sequence(call);
  const now = Number(host.now() / 1_000_000n);
  const random = hexOf(host.randomBytes(10));
  if (now > state.milliseconds) {
    state.milliseconds = now;
    // The upper half stays free for ids of the same millisecond.
    state.counter = parseInt(random.slice(0, 3), 16) & 0x7ff;
  } else if (++state.counter > 0xfff) {
    state.milliseconds += 1;
    state.counter = 0;
  }
  const time = state.milliseconds.toString(16).padStart(12, '0').slice(-12);
  return stamped(`${time}0${state.counter.toString(16).padStart(3, '0')}${random.slice(4)}`, 7);
}

/** Instructions of a digest, besides one for each byte. */
const DIGEST_COST = 600;

const named =
  (version: 3 | 5, digestOf: (bytes: string) => string): HostFunction =>
  (call, namespace, name) => {
    const digits = read(namespace, 'namespace UUID');
    if (typeof digits !== 'string') return digits;
    if (typeof name !== 'string')
      return failure('Invalid', `a name is expected as a string, got ${typeName(name)}`);
    call.charge(name.length + DIGEST_COST);
    return stamped(hexOf(digestOf(bytesOfHex(digits) + name)).slice(0, 32), version);
  };

const FORMATS: Readonly<Record<string, (digits: string) => string>> = {
  standard: dashed,
  simple: (digits) => digits,
  urn: (digits) => `urn:uuid:${dashed(digits)}`,
};

const ID = ['string?', 'Error?'];
const uuid = any('uuid', 'The id: with dashes, as 32 digits, in braces, or as a URN.', 'string');
const NO_ID = { Invalid: 'uuid is no text of a UUID' } as const;

const hashed = (version: 3 | 5, name: 'md5' | 'sha1', title: string) =>
  define(`v${version}`, {
    summary: `The id of a name within a namespace, by ${title}: the same names give the same id.`,
    params: [
      any('namespace', 'The id of the namespace.', 'string'),
      any('name', 'The name; any bytes.', 'string'),
    ],
    returns: ID,
    fails: { Invalid: 'the namespace is no UUID, or the name no string' },
    run: named(version, (input) => digest(name, input)),
  });

interface Inspection {
  readonly summary: string;
  readonly more?: readonly Parameter<LuaValue>[];
  readonly returns: readonly string[];
  readonly fails?: Failures;
  readonly use: (digits: string, call: HostCall, rest: readonly LuaValue[]) => HostResult;
}

/** A function that reads an id first. */
function inspects(name: string, { summary, more = [], returns, fails = NO_ID, use }: Inspection) {
  const params: readonly Parameter<LuaValue>[] = [uuid, ...more];
  return define(name, {
    summary,
    params,
    returns,
    fails,
    run: (call, ...values) => withDigits(use)(call, ...values),
  });
}

/** Instructions of an id of clock and chance. */
const MADE_COST = 120;

const charging =
  (make: (call: HostCall) => HostResult) =>
  (call: HostCall): HostResult => {
    call.charge(MADE_COST);
    return make(call);
  };

export const uuidSpec = defineModuleSpec({
  name: 'uuid',
  summary: 'Universally unique ids',
  workflow: 'sealed',
  members: members(
    define('v1', {
      summary: 'An id of the current time and a random node.',
      params: [],
      returns: ID,
      workflow: 'deterministic',
      run: charging(version1),
    }),
    hashed(3, 'md5', 'MD5'),
    define('v4', {
      summary: 'A random id.',
      params: [],
      returns: ID,
      workflow: 'deterministic',
      run: (call) => call.instance.host.uuid(),
    }),
    hashed(5, 'sha1', 'SHA-1'),
    define('v7', {
      summary: 'A random id that sorts by the time it was made.',
      params: [],
      returns: ID,
      workflow: 'deterministic',
      run: charging(version7),
    }),
    define('validate', {
      summary: 'Whether a value is the text of a UUID.',
      params: [any('input')],
      returns: ['boolean', 'Error?'],
      run: (_call, value) => typeof value === 'string' && digitsOf(value) !== undefined,
    }),
    inspects('version', {
      summary: 'The version of an id.',
      returns: ['integer?', 'Error?'],
      use: versionOf,
    }),
    inspects('variant', {
      summary: 'The variant of an id: RFC4122, Microsoft, NCS or Future.',
      returns: ID,
      use: variantOf,
    }),
    inspects('parse', {
      summary: 'The parts of an id: version, variant, timestamp in Unix seconds (1 and 7), node (1).',
      returns: ['table?', 'Error?'],
      use: (digits, call) => {
        const info = call.instance.newTable();
        info.set('version', versionOf(digits));
        info.set('variant', variantOf(digits));
        info.set('timestamp', timestampOf(digits));
        if (versionOf(digits) === 1) info.set('node', digits.slice(20));
        return info;
      },
    }),
    inspects('format', {
      summary: 'An id in another form.',
      more: [
        optional(
          any('format', '`standard` (with dashes, the default), `simple` (32 digits) or `urn`.', 'string'),
        ),
      ],
      returns: ID,
      fails: { Invalid: 'uuid is no text of a UUID, or the format is unknown' },
      use: (digits, _call, [format]) => {
        const name = format === undefined ? 'standard' : (asText(format) ?? typeName(format));
        const write = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
        if (write !== undefined) return write(digits);
        return failure('Invalid', `unknown format '${name}'; use standard, simple or urn`);
      },
    }),
  ),
});
