// Values on Temporal's wire: what we write, others read, and the reverse; nothing is lost and nothing throws.
import { Buffer } from 'node:buffer';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { dataObject, LuaFloat } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import type { ProgramReference } from '../../src/temporal/contracts.js';
import {
  fromResults,
  payloadConverter,
  ResolvedProgram,
  Results,
  toDataOrThrow,
  toResults,
  UndecodablePayload,
} from '../../src/temporal/payload-converter.js';
import { ProgramCodec } from '../../src/temporal/program-codec.js';

const roundTrip = (data: Data): unknown => payloadConverter.fromPayload(payloadConverter.toPayload(data));
const text = (payload: Payload): string => Buffer.from(payload.data ?? []).toString('utf8');

describe('payloads', () => {
  it('keep integers, floats, bytes and shapes over a round trip', () => {
    const value = dataObject({
      exact: 9007199254740993n,
      small: 3,
      float: new LuaFloat(3),
      bytes: '\xff\x00\xfe',
      utf8: 'gr\xc3\xbc\xc3\x9fe',
      list: [1, null, []],
      empty: dataObject(),
    });
    expect(roundTrip(value)).toEqual(value);
  });

  it('are plain JSON for every other SDK', () => {
    const payload = payloadConverter.toPayload(
      dataObject({ name: 'gr\xc3\xbc\xc3\x9fe', n: new LuaFloat(2) }),
    );
    expect(text(payload)).toBe('{"name":"grüße","n":2.0}');
    expect(defaultPayloadConverter.fromPayload(payload)).toEqual({ name: 'grüße', n: 2 });
  });

  it('of other SDKs are plain data here', () => {
    const foreign = { text: 'grüße', n: 1.5, list: [1, 2], nothing: null };
    const value = payloadConverter.fromPayload(defaultPayloadConverter.toPayload(foreign));
    expect(value).toEqual(dataObject({ text: 'gr\xc3\xbc\xc3\x9fe', n: 1.5, list: [1, 2], nothing: null }));
    const bytes = payloadConverter.fromPayload(
      defaultPayloadConverter.toPayload(new Uint8Array([255, 0, 65])),
    );
    expect(bytes).toBe('\xff\x00A');
    expect(payloadConverter.fromPayload(defaultPayloadConverter.toPayload(undefined))).toBeNull();
  });

  it('carry several results as an array to others and as several to us', () => {
    const payload = payloadConverter.toPayload(fromResults(['a', 2, null]));
    expect(text(payload)).toBe('["a",2,null]');
    expect(toResults(payloadConverter.fromPayload(payload))).toEqual(['a', 2, null]);
    expect(toResults(payloadConverter.fromPayload(payloadConverter.toPayload([1, 2])))).toEqual([[1, 2]]);
    expect(fromResults([7])).toBe(7);
    expect(fromResults([])).toBeNull();
    expect(toDataOrThrow(new Results([1, 2]))).toEqual([1, 2]);
  });

  it('that cannot be read are told when they are used, not before', () => {
    const bad: Payload[] = [
      { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"a":') },
      { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('x') },
      { metadata: { encoding: Buffer.from('json/plain') } },
      { metadata: {} },
      {},
    ];
    for (const payload of bad) {
      const value = payloadConverter.fromPayload(payload);
      expect(value).toBeInstanceOf(UndecodablePayload);
      expect(() => toDataOrThrow(value)).toThrow(/a payload (is not valid JSON|has the encoding)/);
    }
    const deep = '['.repeat(200) + ']'.repeat(200);
    const nested = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(deep) };
    expect(payloadConverter.fromPayload(nested)).toBeInstanceOf(UndecodablePayload);
  });
});

describe('the program codec', () => {
  const reference: ProgramReference = {
    entry: 'app:order',
    program: 'ab12',
    registry_version: 7,
    engine: 'compiled',
    host_version: '0.1.0',
    cost_model: 1,
    host: 'app:worker',
    workers: {},
    routes: {},
    search_attribute: true,
  };
  const recorded = () => payloadConverter.toPayload(new ResolvedProgram(reference));
  const codecOf = (artifact: (hash: string) => Promise<string | undefined>) => new ProgramCodec({ artifact });

  it('records the reference only, readable by people', () => {
    expect(JSON.parse(text(recorded()))).toEqual(reference);
    expect(defaultPayloadConverter.fromPayload(recorded())).toEqual(reference);
  });

  it('expands the reference to the artifact of its hash and engine', async () => {
    const asked: string[] = [];
    const codec = new ProgramCodec({
      artifact: async (hash, engine) => {
        asked.push(`${hash} ${engine}`);
        return 'return "\xe9 \u2603"';
      },
    });
    const [expanded] = await codec.decode([recorded()]);
    const program = payloadConverter.fromPayload<ResolvedProgram>(expanded!);
    expect(asked).toEqual(['ab12 compiled']);
    expect(program.reference).toEqual(reference);
    expect(Buffer.from(program.artifact ?? []).toString('utf8')).toBe('return "\xe9 \u2603"');
  });

  it('delivers a missing program with its reason instead of failing', async () => {
    const [gone] = await codecOf(async () => undefined).decode([recorded()]);
    expect(payloadConverter.fromPayload<ResolvedProgram>(gone!)).toMatchObject({
      missing: expect.stringMatching(
        /^it is not stored in this registry; bring back the one that has it/,
      ) as string,
    });
    const [failed] = await codecOf(() => Promise.reject(new Error('the store is away'))).decode([recorded()]);
    expect(payloadConverter.fromPayload<ResolvedProgram>(failed!)).toMatchObject({
      missing: 'the store is away',
    });
  });

  it('leaves every other payload alone', async () => {
    const codec = codecOf(() => Promise.reject(new Error('not asked')));
    const payloads = [
      payloadConverter.toPayload(dataObject({ program: 'ab12' })),
      payloadConverter.toPayload(1),
    ];
    expect(await codec.decode(payloads)).toEqual(payloads);
    expect(await codec.encode(payloads)).toBe(payloads);
  });
});
