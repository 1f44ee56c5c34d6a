// What another try does not heal says so: `err:retryable()` is false, as the pages of the modules have it.
import { describe, expect, it } from 'vitest';
import { declaredModules } from '../../src/modules/index.js';
import { evaluate } from './evaluate.js';

describe('an error that another try does not heal', () => {
  it.each([
    ['uuid.v5("no uuid", "x")', 'Invalid'],
    ['uuid.version(nil)', 'Invalid'],
    ['uuid.format("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "weird")', 'Invalid'],
    ['ctx.get("missing")', 'NotFound'],
    ['ctx.get("")', 'Invalid'],
    ['time.parse(time.RFC3339, "soon")', 'Invalid'],
    ['time.parse_duration("1d")', 'Invalid'],
    ['time.load_location("")', 'Invalid'],
    ['time.load_location("Nowhere")', 'NotFound'],
    ['time.timer(0)', 'Invalid'],
    ['time.ticker("x")', 'Invalid'],
    ['logger:named("")', 'Invalid'],
    ['payload.new({}):transcode("no/format")', 'Internal'],
    ['json.decode("x")', 'Internal'],
    ['yaml.decode("a: [")', 'Internal'],
    ['expr.eval("1 +")', 'Internal'],
    ['text.regexp.compile("(")', 'Invalid'],
    ['base64.decode("?")', 'Invalid'],
    ['hash.md5(nil)', 'Invalid'],
    ['crypto.random.bytes(0)', 'Invalid'],
    ['compress.gzip.encode("")', 'Invalid'],
    ['archive.open("no archive")', 'Invalid'],
    ['html.sanitize.new_policy():allow_attrs("style"):matching("(")', 'Invalid'],
    ['env.get("")', 'Invalid'],
  ])('%s', async (call, kind) => {
    expect(
      await evaluate(`local v, err = ${call} return v, err:kind(), err:retryable()`, {
        modules: declaredModules,
      }),
    ).toEqual(['<nil>', kind, false]);
  });

  it('may still be one that an app calls retryable, or one that may heal', async () => {
    expect(
      await evaluate(
        'return errors.new({message = "m", kind = errors.INVALID, retryable = true}):retryable(), errors.new({message = "m", kind = errors.TIMEOUT}):retryable()',
        { modules: declaredModules },
      ),
    ).toEqual([true, '<nil>']);
  });
});
