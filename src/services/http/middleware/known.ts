// The middleware that there is, with its options: what a router may name. Pure; build.ts makes it.
// Options are texts; `.` and `_` in their names are the same.
import { parseDurationMs } from '../../../core/durations.js';
import { didYouMean } from '../../../core/nearest.js';

/** 'before': a request that may still match nothing. 'after': its route is known. */
export type Stage = 'before' | 'after';

type Check = (value: string) => boolean;
interface Option {
  readonly check: Check;
  readonly expected: string;
}
interface Known {
  readonly stages: readonly Stage[];
  readonly options: Readonly<Record<string, Option>>;
  readonly required?: readonly string[];
}

const anything: Option = { check: () => true, expected: 'a text' };
const flag: Option = { check: (value) => value === 'true' || value === 'false', expected: 'true or false' };
const count: Option = { check: (value) => /^\d{1,15}$/.test(value), expected: 'a whole number' };
const positive: Option = {
  check: (value) => /^[1-9]\d{0,14}$/.test(value),
  expected: 'a whole number of at least 1',
};
const period: Option = {
  check(value) {
    try {
      return parseDurationMs(value) > 0;
    } catch {
      return false;
    }
  },
  expected: "a duration such as '1m'",
};
const oneOf = (...values: readonly string[]): Option => ({
  check: (value) => values.includes(value),
  expected: `one of ${values.join(', ')}`,
});

const before: readonly Stage[] = ['before'];
const after: readonly Stage[] = ['after'];

const KNOWN: Readonly<Record<string, Known>> = {
  cors: {
    stages: before,
    options: {
      'allow.origins': anything,
      'allow.methods': anything,
      'allow.headers': anything,
      'expose.headers': anything,
      'allow.credentials': flag,
      'max.age': count,
      'allow.private.network': flag,
    },
  },
  ratelimit: {
    stages: before,
    options: {
      requests: positive,
      window: period,
      burst: count,
      key: {
        check: (value) => /^(ip|(header|query):.+)$/.test(value),
        expected: "'ip', 'header:NAME' or 'query:NAME'",
      },
      'cleanup.interval': period,
      'entry.ttl': period,
      'max.entries': positive,
    },
  },
  compress: {
    stages: before,
    options: { level: oneOf('fastest', 'default', 'best'), 'min.length': count },
  },
  real_ip: { stages: before, options: { 'trusted.subnets': anything, 'trust.all': flag } },
  timeout: { stages: before, options: { duration: period } },
  request_id: { stages: before, options: { header: anything, 'trust.incoming': flag } },
  security_headers: { stages: before, options: { frame: oneOf('DENY', 'SAMEORIGIN'), hsts: flag } },
  metrics: { stages: before, options: {} },
  otel: { stages: before, options: {} },
  token_auth: {
    stages: before,
    options: {
      store: anything,
      'header.name': anything,
      'header.prefix': anything,
      'query.param': anything,
      'cookie.name': anything,
    },
    required: ['store'],
  },
  sendfile: { stages: before, options: { fs: anything }, required: ['fs'] },
  endpoint_firewall: { stages: after, options: { action: anything } },
  resource_firewall: { stages: after, options: { action: anything, target: anything }, required: ['target'] },
  websocket_relay: { stages: after, options: { 'allowed.origins': anything } },
  sse_relay: { stages: after, options: { 'allowed.origins': anything } },
};

export const isMiddleware = (name: string): boolean => Object.hasOwn(KNOWN, name);

interface Planned {
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
}

export const middlewareProblems = {
  names: (stage: Stage): string[] => Object.keys(KNOWN).filter((name) => KNOWN[name]?.stages.includes(stage)),

  /** What is wrong, each with the name of the option; '' for the list of names itself. */
  of(
    planned: readonly Planned[],
    options: ReadonlyMap<string, string>,
    stage: Stage,
  ): [option: string, message: string][] {
    const problems: [string, string][] = [];
    for (const { name, options: own } of planned) {
      const known = KNOWN[name];
      if (known === undefined) continue;
      if (!known.stages.includes(stage))
        problems.push([
          '',
          `'${name}' runs ${stage === 'before' ? 'after' : 'before'} the route is known; put it into '${stage === 'before' ? 'post_middleware' : 'middleware'}'`,
        ]);
      for (const [option, value] of own) {
        const spec = known.options[option];
        const given =
          [...options.keys()].find((one) => one.replaceAll('_', '.').endsWith(`.${option}`)) ?? option;
        if (spec === undefined)
          problems.push([
            given,
            `'${name}' has no option '${option}'${didYouMean(option, Object.keys(known.options))}`,
          ]);
        else if (!spec.check(value)) problems.push([given, `'${given}' is ${spec.expected}, got '${value}'`]);
      }
      for (const option of known.required ?? [])
        if (!own.has(option)) problems.push(['', `'${name}' needs the option '${name}.${option}'`]);
    }
    return problems;
  },
};
