// Who may import whom: one line a row of the table in ARCHITECTURE.md.
const CORE = '^src/core/';
const MODEL = '^src/registry/model/';
const LUA = '^src/lua/';
const FLOWS = '^workflows/';
const SPEC = '^src/modules/([^/]+/spec|index)[.]ts$';
const REPLAY = '^src/modules/[^/]+/durable[.]ts$';
const IO = '^src/modules/([^/]+/host|hosts)[.]ts$';
const SHARED = '^src/temporal/(names|contracts|service-contracts|failures|payload-converter|priority)[.]ts$';
const INTERNALS = '^src/temporal/(sdk-internals|program-cache)[.]ts$';
const HOST_ONLY = '-host[.]ts$';

const only = (name, room, ...allowed) => ({
  name,
  severity: 'error',
  from: { path: room },
  to: { path: '^(src|workflows|activities|bench|test)/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    only('core-is-the-floor', CORE, CORE),
    only('model-is-pure', MODEL, CORE, MODEL),
    only('lua-on-core', LUA, CORE, LUA),
    only('registry-on-core', '^src/registry/', CORE, '^src/registry/'),
    only('temporal-words', '^src/temporal/', CORE, MODEL, LUA, '^src/temporal/'),
    only('module-stands-alone', '^src/modules/([^/]+)/', CORE, MODEL, LUA, '^src/modules/$1/'),
    only('workflows-are-sealed', FLOWS, CORE, MODEL, LUA, SPEC, REPLAY, SHARED, INTERNALS, FLOWS),
    only('activities-below', '^activities/', CORE, '^src/registry/', LUA, SPEC, IO, SHARED, '^activities/'),
    only(
      'runtime-below-services',
      '^src/runtime/',
      CORE,
      '^src/registry/',
      LUA,
      SPEC,
      IO,
      '^src/temporal/',
      '^src/runtime/',
    ),
    only('services-below-cli', '^src/services/', '^src/(?!cli/)', '^activities/'),
    {
      name: 'sealed-no-node',
      severity: 'error',
      from: { path: [CORE, MODEL, LUA, SPEC, REPLAY, SHARED, INTERNALS, FLOWS], pathNot: HOST_ONLY },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'sealed-no-host-files',
      severity: 'error',
      from: { path: [CORE, MODEL, LUA, SPEC, REPLAY, SHARED, INTERNALS, FLOWS], pathNot: HOST_ONLY },
      to: { path: HOST_ONLY },
    },
    {
      // A recursive-descent compiler is one recursion over several files: expressions hold functions, functions hold statements.
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: '^src/lua/compiled/compiler/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'tests-are-leaves', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
