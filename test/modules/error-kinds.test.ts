// Each kind of error that the page of a pure module names for a function, by a call that comes to it. A kind without a call here
// fails, and so does a call of a kind that no page names.
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ErrorKind } from '../../src/core/errors.js';
import { descriptionOf } from '../../src/lua/module.js';
import { compressHandlers } from '../../src/modules/compress/host.js';
import { cryptoHandlers } from '../../src/modules/crypto/host.js';
import { declaredModules } from '../../src/modules/index.js';
import { errorsSpec } from '../../src/modules/errors/spec.js';
import { ioHandlers, Terminal } from '../../src/modules/io/host.js';
import { osSpec } from '../../src/modules/os/spec.js';
import { payloadSpec } from '../../src/modules/payload/spec.js';
import { systemHandlers } from '../../src/modules/system/host.js';
import { templatesHandlers } from '../../src/modules/templates/host.js';
import { nativeSupport } from '../../src/runtime/native-support.js';
import { entryOf, recordedAnswers, resourcesOf } from '../support/examples.js';
import { CommandFailure, nodeAnswers } from '../support/instance.js';
import type { LuaOptions } from '../support/instance.js';
import { evaluate } from './evaluate.js';
import { functionsOf, PURE } from './pure.js';
import { SoleCluster } from '../../src/runtime/relay/sole-cluster.js';

const modules = [...declaredModules, errorsSpec, osSpec, payloadSpec].filter(({ name }) => PURE.has(name));

/** `base64.decode Invalid`, for all that the pages say. */
const promised = modules.flatMap((spec) => [
  ...[...functionsOf(spec.name, spec.members)].flatMap(([name, { errors }]) =>
    errors.map((kind) => `${name} ${kind}`),
  ),
  ...(spec.types ?? []).flatMap((type) =>
    Object.entries(descriptionOf(type)?.methods ?? {}).flatMap(([name, { errors }]) =>
      errors.map((kind) => `${type.name}:${name} ${kind}`),
    ),
  ),
]);

const views = resourcesOf([
  entryOf('app:views', 'template.set'),
  entryOf('app:hello', 'template.jet', { set: 'views', source: '{{ name.first.last }}' }),
]);
const templates = (allow: boolean) =>
  nodeAnswers(
    templatesHandlers(() => allow),
    {
      entry: 'app:main',
      resource: (entry, kind) => views.user().use(entry, kind),
    },
  );
const locks = new SoleCluster({ whenEnded: () => true, cancel: () => undefined });
const SERVICES = {
  node: 'n',
  others: () => [],
  locks: () => locks,
  exit: () => undefined,
  running: () => 0,
  modules: () => [],
  hosts: () => [],
  processes: () => undefined,
  services: () => [],
};
const system = (allow: boolean) =>
  nodeAnswers(
    systemHandlers(SERVICES, () => allow),
    { entry: 'app:main', pid: '{functions|1}' },
  );
const usual: LuaOptions['answers'] = {
  ...recordedAnswers,
  ...nodeAnswers(compressHandlers),
  ...nodeAnswers(cryptoHandlers(nativeSupport)),
  ...templates(true),
  ...system(true),
};

const away = (): never => {
  throw new CommandFailure('Unavailable', 'the store of the cluster is away');
};
const locked = (): never => {
  throw new CommandFailure('PermissionDenied', 'the volume is locked');
};

/** A terminal whose pipes have all broken. */
function brokenTerminal(): Terminal {
  const broken = () =>
    new Writable({ write: (_chunk, _encoding, done) => done(new Error('gone')) }).on(
      'error',
      () => undefined,
    );
  const input = new PassThrough().on('error', () => undefined);
  setImmediate(() => input.destroy(new Error('gone')));
  return new Terminal({ input, output: broken(), errors: broken(), args: [], redact: (text) => text });
}

/** What stands around a call. */
const SETUPS: Readonly<Record<string, () => LuaOptions>> = {
  usual: () => ({ answers: usual }),
  denied: () => ({ answers: { ...usual, ...templates(false), ...system(false) } }),
  'no terminal': () => ({ answers: nodeAnswers(ioHandlers(undefined)) }),
  'a broken terminal': () => ({ answers: nodeAnswers(ioHandlers(brokenTerminal())) }),
  'a workflow': () => ({ host: { place: 'workflow' } }),
  'a locked volume': () => ({ answers: { ...usual, 'fs.read': locked, 'fs.write': locked } }),
  'no cluster': () => ({ answers: { ...usual, 'system.lock': away, 'system.unlock': away } }),
  'nothing that packs': () => ({
    answers: {
      ...usual,
      'compress.encode': () => {
        throw new CommandFailure('Internal', 'no memory');
      },
    },
  }),
};

const files = 'fs.get("app:files")';
const zip = '(function() local w = archive.create() w:add("a", "1") return archive.open((w:close())) end)()';
const closed = `(function() local r = ${zip} r:close() return r end)()`;
const written = '(function() local w = archive.create() w:close() return w end)()';
const bomb = (name: string) =>
  `compress.${name}.decode(compress.${name}.encode(("x"):rep(1000)), {max_size = 10})`;
const UUID = '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"';

/** Calls by what stands around them, then by what they are of. */
const CALLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  usual: {
    'archive.open Invalid': 'archive.open("no archive")',
    'archive.open Unavailable': 'archive.open((archive.create({format = "tar.gz"}):close()))',
    'archive.open NotFound': `archive.open(${files}, "none.zip")`,
    'archive.scan Invalid': 'archive.scan("no archive")',
    'archive.scan NotFound': `archive.scan(${files}, "none.tar")`,
    'archive.create Invalid': 'archive.create({format = "rar"})',
    'Reader:stat NotFound': `${zip}:stat("b")`,
    'Reader:stat Internal': `${closed}:stat("a")`,
    'Reader:read NotFound': `${zip}:read("b")`,
    'Reader:read Internal': `${closed}:read("a")`,
    'Reader:read Invalid':
      '(function() local w = archive.create() w:add_dir("d") return archive.open((w:close())) end)():read("d/")',
    'Reader:stream NotFound': `${zip}:stream("b")`,
    'Reader:stream Internal': `${closed}:stream("a")`,
    'Reader:extract Invalid': `${zip}:extract("a", {})`,
    'Reader:extract NotFound': `${zip}:extract("b", ${files})`,
    'Reader:extract Internal': `${closed}:extract("a", ${files})`,
    'Reader:extract_all Invalid': `${zip}:extract_all(${files}, {strip = -1})`,
    'Reader:extract_all Internal': `${closed}:extract_all(${files})`,
    'Writer:add Invalid': 'archive.create():add("../a", "x")',
    'Writer:add Internal': `${written}:add("a", "x")`,
    'Writer:add_dir Invalid': 'archive.create():add_dir("")',
    'Writer:add_dir Internal': `${written}:add_dir("a")`,
    'Writer:add_file Invalid': 'archive.create():add_file("a", {}, "b")',
    'Writer:add_file NotFound': `archive.create():add_file("a", ${files}, "none")`,
    'Writer:add_file Internal': `${written}:add_file("a", ${files}, "b")`,
    'EntryStream:scanner Invalid': `${zip}:stream("a"):scanner("pages")`,
    'EntryScanner:scan Invalid':
      '(function() local w = archive.create() w:add("a", "long") return archive.open(w:close(), {max_file_bytes = 1}) end)():stream("a"):scanner():scan()',
    'EntryScanner:scan Internal': `(function() local s = ${zip}:stream("a") s:close() return s end)():scanner():scan()`,
    'EntryStream:read Invalid': `${zip}:stream("a"):read("x")`,
    'EntryStream:read Internal': `(function() local s = ${zip}:stream("a") s:close() return s end)():read()`,
    'base64.encode Invalid': 'base64.encode(1)',
    'base64.decode Invalid': 'base64.decode("?")',
    ...Object.fromEntries(
      ['gzip', 'deflate', 'zlib', 'brotli', 'zstd'].flatMap((name) => [
        [`compress.${name}.encode Invalid`, `compress.${name}.encode("")`],
        [`compress.${name}.decode Invalid`, `compress.${name}.decode("no such data")`],
        [`compress.${name}.decode Internal`, bomb(name)],
      ]),
    ),
    'compress.zstd.train_dict Invalid': 'compress.zstd.train_dict({})',
    'compress.zstd.inspect_dict Invalid': 'compress.zstd.inspect_dict("")',
    'crypto.random.bytes Invalid': 'crypto.random.bytes(0)',
    'crypto.random.string Invalid': 'crypto.random.string(1, "")',
    'crypto.hmac.sha256 Invalid': 'crypto.hmac.sha256("", "x")',
    'crypto.hmac.sha512 Invalid': 'crypto.hmac.sha512("", "x")',
    ...Object.fromEntries(
      ['aes', 'chacha20'].flatMap((name) => [
        [`crypto.encrypt.${name} Invalid`, `crypto.encrypt.${name}("x", "short")`],
        [`crypto.decrypt.${name} Invalid`, `crypto.decrypt.${name}(("x"):rep(40), "short")`],
        [`crypto.decrypt.${name} Internal`, `crypto.decrypt.${name}(("x"):rep(40), ("k"):rep(32))`],
      ]),
    ),
    'crypto.jwt.encode Invalid': 'crypto.jwt.encode({}, "k", "none")',
    'crypto.jwt.verify Invalid': 'crypto.jwt.verify("a.b.c", "k", "none")',
    'crypto.jwt.verify Internal': 'crypto.jwt.verify("a.b.c", "k")',
    'crypto.pbkdf2 Invalid': 'crypto.pbkdf2("p", "s", 0, 1)',
    'crypto.argon2.hash Invalid': 'crypto.argon2.hash("")',
    'crypto.argon2.verify Invalid': 'crypto.argon2.verify("p", "no hash")',
    'crypto.argon2.derive Invalid': 'crypto.argon2.derive("p", "short")',
    'crypto.bcrypt.hash Invalid': 'crypto.bcrypt.hash("a\\0b")',
    'crypto.bcrypt.verify Invalid': 'crypto.bcrypt.verify("p", "no hash")',
    'ctx.get Invalid': 'ctx.get("")',
    'ctx.get NotFound': 'ctx.get("missing")',
    'expr.eval Invalid': 'expr.eval("")',
    'expr.eval Internal': 'expr.eval("1 +")',
    'expr.compile Invalid': 'expr.compile("")',
    'expr.compile Internal': 'expr.compile("1 +")',
    'Program:run Invalid': 'expr.compile("1"):run({f = print})',
    'Program:run Internal': 'expr.compile("1 % 0"):run()',
    ...Object.fromEntries(
      [
        'md5',
        'sha1',
        'sha256',
        'sha512',
        'fnv32',
        'fnv64',
        'hmac_md5',
        'hmac_sha1',
        'hmac_sha256',
        'hmac_sha512',
      ].map((name) => [`hash.${name} Invalid`, `hash.${name}(1)`]),
    ),
    'AttrBuilder:matching Invalid': 'html.sanitize.new_policy():allow_attrs("style"):matching("(")',
    'json.encode Internal': 'json.encode(print)',
    'json.decode Internal': 'json.decode("{")',
    'json.validate Invalid': 'json.validate({type = "string"}, 1)',
    'json.validate Internal': 'json.validate({type = "string"}, print)',
    'json.validate_string Invalid': 'json.validate_string({type = "string"}, "1")',
    'json.validate_string Internal': 'json.validate_string({type = "string"}, "{")',
    'logger.named Invalid': 'logger.named("")',
    'Logger:named Invalid': 'logger.named("a"):named("")',
    ...Object.fromEntries(
      ['counter_inc', 'counter_add', 'gauge_set', 'gauge_inc', 'gauge_dec', 'histogram'].map((name) => [
        `metrics.${name} Invalid`,
        `metrics.${name}("no name!", 1)`,
      ]),
    ),
    'payload:transcode Internal': 'payload.new({}):transcode("no/format")',
    'system.exit Invalid': 'system.exit("x")',
    'system.memory.heap_objects Unavailable': 'system.memory.heap_objects()',
    'system.memory.set_limit Unavailable': 'system.memory.set_limit(1)',
    'system.gc.get_percent Unavailable': 'system.gc.get_percent()',
    'system.gc.set_percent Unavailable': 'system.gc.set_percent(1)',
    'system.runtime.max_procs Invalid': 'system.runtime.max_procs(0)',
    'system.runtime.max_procs Unavailable': 'system.runtime.max_procs(4)',
    'system.hosts.processes Invalid': 'system.hosts.processes("")',
    'system.hosts.processes NotFound': 'system.hosts.processes("app:none")',
    'system.supervisor.state Invalid': 'system.supervisor.state("")',
    'system.supervisor.state NotFound': 'system.supervisor.state("app:none")',
    'system.node.addr Internal': 'system.node.addr()',
    ...Object.fromEntries(
      ['is_leader', 'is_member', 'role', 'term', 'commit_index', 'stats'].map((name) => [
        `system.raft.${name} Internal`,
        `system.raft.${name}()`,
      ]),
    ),
    'system.lock.acquire Invalid': 'system.lock.acquire("")',
    'system.lock.release Invalid': 'system.lock.release("")',
    'system.lock.acquire AlreadyExists':
      '(function() system.lock.acquire("held") return system.lock.acquire("held") end)()',
    'templates.get Invalid': 'templates.get("")',
    'templates.get NotFound': 'templates.get("app:none")',
    'Set:render Invalid': 'templates.get("app:views"):render("")',
    'Set:render NotFound': 'templates.get("app:views"):render("none")',
    'Set:render Internal': 'templates.get("app:views"):render("hello", {name = 1})',
    'text.regexp.compile Invalid': 'text.regexp.compile("(")',
    'text.diff.new Invalid': 'text.diff.new({diff_timeout = "x"})',
    'text.splitter.recursive Invalid': 'text.splitter.recursive({chunk_size = 0})',
    'text.splitter.markdown Invalid': 'text.splitter.markdown({chunk_size = 0})',
    'Differ:compare Invalid': 'text.diff.new():compare("a", "\\xff")',
    'Differ:summarize Invalid': 'text.diff.new():summarize({{operation = "x", text = "y"}})',
    'Differ:pretty_text Invalid': 'text.diff.new():pretty_text({{operation = "x", text = "y"}})',
    'Differ:pretty_html Invalid': 'text.diff.new():pretty_html({{operation = "x", text = "y"}})',
    'Differ:patch_make Invalid': 'text.diff.new():patch_make("a", "\\xff")',
    'Differ:patch_apply Invalid': 'text.diff.new():patch_apply({{bad = 1}}, "a")',
    'Regexp:replace_all_string Invalid':
      'text.regexp.compile(""):replace_all_string(("a"):rep(1000), ("b"):rep(1e5))',
    'Splitter:split_text Invalid': 'text.splitter.recursive():split_text("\\xff")',
    'Splitter:split_batch Invalid': 'text.splitter.recursive():split_batch({{}})',
    'time.parse Invalid': 'time.parse(time.RFC3339, "soon")',
    'time.parse_duration Invalid': 'time.parse_duration("soon")',
    'time.load_location Invalid': 'time.load_location("")',
    'time.load_location NotFound': 'time.load_location("Nowhere")',
    'time.timer Invalid': 'time.timer(0)',
    'time.ticker Invalid': 'time.ticker(0)',
    'uuid.v3 Invalid': 'uuid.v3("x", "y")',
    'uuid.v5 Invalid': `uuid.v5(${UUID}, 1)`,
    'uuid.version Invalid': 'uuid.version("x")',
    'uuid.variant Invalid': 'uuid.variant("x")',
    'uuid.parse Invalid': 'uuid.parse("x")',
    'uuid.format Invalid': `uuid.format(${UUID}, "x")`,
    'yaml.encode Invalid': 'yaml.encode("x")',
    'yaml.encode Internal': 'yaml.encode({["\\xff"] = 1})',
    'yaml.decode Invalid': 'yaml.decode("")',
    'yaml.decode Internal': 'yaml.decode("a: [")',
  },
  denied: {
    'templates.get PermissionDenied': 'templates.get("app:views")',
    ...Object.fromEntries(
      promised
        .filter((one) => one.startsWith('system.') && one.endsWith(' PermissionDenied'))
        .map((one) => [
          one,
          `${one.split(' ')[0]}(${/\.(state|processes) |\.lock\./.test(one) ? '"app:x"' : ''})`,
        ]),
    ),
  },
  'no terminal': Object.fromEntries(
    promised
      .filter((one) => one.startsWith('io.') && one.endsWith(' Unavailable'))
      .map((one) => [one, `${one.split(' ')[0]}()`]),
  ),
  'a broken terminal': Object.fromEntries(
    promised
      .filter((one) => one.startsWith('io.') && one.endsWith(' Internal'))
      .map((one) => [one, `${one.split(' ')[0]}(${/write|print/.test(one) ? '"x"' : ''})`]),
  ),
  'a workflow': Object.fromEntries(
    promised
      .filter((one) => one.startsWith('io.') && one.endsWith(' Invalid'))
      .map((one) => [one, `${one.split(' ')[0]}()`]),
  ),
  'no cluster': {
    'system.lock.acquire Unavailable': 'system.lock.acquire("x")',
    'system.lock.release Unavailable': 'system.lock.release("x")',
  },
  'a locked volume': {
    'archive.open PermissionDenied': `archive.open(${files}, "a.zip")`,
    'archive.scan PermissionDenied': `archive.scan(${files}, "a.zip")`,
    'Reader:extract PermissionDenied': `${zip}:extract("a", ${files})`,
    'Reader:extract_all PermissionDenied': `${zip}:extract_all(${files})`,
    'Writer:add_file PermissionDenied': `archive.create():add_file("a", ${files}, "b")`,
    'Writer:close PermissionDenied': `archive.create(${files}, "a.zip"):close()`,
  },
  'nothing that packs': { 'Writer:close Invalid': 'archive.create({format = "tar.gz"}):close()' },
};

/** Raised, not returned; payloads that are broken come from outside: see payload.test.ts. */
const ELSEWHERE = ['payload.new Invalid', 'payload:data Internal', 'payload:unmarshal Internal'];

describe.each(Object.entries(CALLS))('with %s', (setup, calls) => {
  it.each(Object.entries(calls))('%s', async (of, call) => {
    const [value, kind, message] = await evaluate(
      `local v, err = ${call} return v or false, err:kind(), err:message()`,
      { modules: declaredModules, ...SETUPS[setup]?.() },
    );
    expect([value, kind as ErrorKind]).toEqual([false, of.split(' ')[1]]);
    expect(message).not.toMatch(/undefined|\[object|TypeError|node:|\.js\b/);
  });
});

it('has a call for each kind that a page names, and no other', () => {
  const called = [...Object.values(CALLS).flatMap((calls) => Object.keys(calls)), ...ELSEWHERE];
  expect(called.toSorted()).toEqual(promised.toSorted());
});
