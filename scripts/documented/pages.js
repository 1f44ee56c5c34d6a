// The pages of the public documentation that describe Lua modules, and how to read names out of them.
// `receivers`: which type a variable of the page's code is, so that `timer:stop()` and `ticker:stop()` are two methods.
// `tables`: which type the rows of a table are methods of, by the first words of its head; otherwise the page's main type.
// `more` and `less`: what only a heading says, and what only looks like a name.
// Variables that are none of the module's types (`req`, `res`, `cache`) are named in `others`, so that nothing is missed in silence.

export const pages = [
  {
    page: 'lua/core/registry.md',
    module: 'registry',
    receivers: {
      snap: 'Snapshot',
      version: 'Version',
      current_version: 'Version',
      hist: 'History',
      changes: 'Changes',
    },
    tables: {}, // the rows of both say `snap:` or `changes:`
    others: ['err', 'op', 'entry', 'id'],
    more: [
      'Snapshot:entries',
      'Snapshot:get',
      'Snapshot:find',
      'Snapshot:namespace',
      'Snapshot:version',
      'Changes:ops',
    ],
    less: ['registry.apply'], // name of a permission
  },
  {
    page: 'lua/core/time.md',
    module: 'time',
    receivers: {
      t: 'Time',
      t1: 'Time',
      t2: 'Time',
      start: 'Time',
      tomorrow: 'Time',
      elapsed: 'Duration',
      diff: 'Duration',
      d: 'Duration',
      timer: 'Timer',
      idle_timer: 'Timer',
      ticker: 'Ticker',
      'time.now()': 'Time',
      'time.now():sub()': 'Duration',
      't:location()': 'Location',
      't:utc()': 'Time',
      't:in_location()': 'Time',
    },
    tables: { Method: 'Time', 'Timer Method': 'Timer', 'Ticker Method': 'Ticker' },
    others: [
      'timeout',
      'err',
      'response_ch',
      'timeout_ch',
      'user_activity',
      'ch',
      'timer:response()',
      'idle_timer:response()',
      'ticker:response()',
    ],
  },
  {
    page: 'lua/core/errors.md',
    module: 'errors',
    receivers: { err: 'error' },
    tables: { Method: 'error' },
    others: [],
    less: ['error:tostring'], // Lua's own function
  },
  { page: 'lua/core/context.md', module: 'ctx', receivers: {}, tables: {}, others: [] },
  { page: 'lua/data/json.md', module: 'json', receivers: {}, tables: {}, others: ['err'] },
  { page: 'lua/data/yaml.md', module: 'yaml', receivers: {}, tables: {}, others: [] },
  { page: 'lua/data/base64.md', module: 'base64', receivers: {}, tables: {}, others: [] },
  {
    page: 'lua/data/payload.md',
    module: 'payload',
    receivers: {
      p: 'payload',
      str_p: 'payload',
      err_p: 'payload',
      json_p: 'payload',
      result_payload: 'payload',
    },
    tables: {},
    others: ['future', 'ch'],
  },
  {
    page: 'lua/data/compress.md',
    module: 'compress',
    receivers: {},
    tables: {},
    others: ['req', 'res', 'cache', 'accept'],
    more: ['compress.zstd.inspect_dict'], // in a heading
  },
  {
    page: 'lua/data/archive.md',
    module: 'archive',
    receivers: { r: 'Reader', s: 'Walker', w: 'Writer' },
    tables: {},
    others: ['es', 'dst', 'req', 'fs', 'res', 'fs.get()', 'form.files.upload[1]', 'fs:get()'],
  },
  { page: 'lua/security/hash.md', module: 'hash', receivers: {}, tables: {}, others: [] },
  { page: 'lua/security/crypto.md', module: 'crypto', receivers: {}, tables: {}, others: [] },
  { page: 'lua/security/uuid.md', module: 'uuid', receivers: {}, tables: {}, others: [] },
  {
    page: 'lua/text/text.md',
    module: 'text',
    receivers: { re: 'Regexp', diff: 'Differ', splitter: 'Splitter' },
    tables: {},
    others: ['chunk.content'],
  },
  {
    page: 'lua/storage/store.md',
    module: 'store',
    receivers: { cache: 'Store' },
    tables: { Method: 'Store' },
    others: ['err', 'err2', 'e', 'page', 'info', 'cur'],
    less: [
      'store.backend', // a table of constants
      'store.consistency',
      // names of permissions
      'store.info',
      'store.key.get',
      'store.key.set',
      'store.key.has',
      'store.key.delete',
      'store.key.list',
    ],
  },
  {
    page: 'lua/text/template.md',
    module: 'templates',
    receivers: { set: 'Set' },
    tables: { Method: 'Set' },
    others: [],
  },
  {
    page: 'lua/dynamic/expression.md',
    module: 'expr',
    receivers: { discount_calc: 'Program', validator: 'Program', pricer: 'Program' },
    tables: {},
    others: [],
  },
  {
    page: 'lua/http/html.md',
    module: 'html',
    receivers: { policy: 'Policy', builder: 'AttrBuilder', 'policy:allow_attrs()': 'AttrBuilder' },
    tables: {},
    others: ['err'],
  },
  { page: 'lua/system/io.md', module: 'io', receivers: {}, tables: {}, others: [] },
  {
    page: 'lua/system/logger.md',
    module: 'logger',
    receivers: { child: 'Logger', named: 'Logger' },
    tables: {},
    others: [],
  },
  { page: 'lua/system/metrics.md', module: 'metrics', receivers: {}, tables: {}, others: [] },
  { page: 'lua/system/ostime.md', module: 'os', receivers: {}, tables: {}, others: [] },
  {
    page: 'lua/system/system.md',
    module: 'system',
    receivers: {},
    tables: {},
    others: [],
    less: ['system.control', 'system.read', 'system.gc', 'system.lock'], // names of permissions
  },
];
