import { describe, expect, it } from 'vitest';
import { channelArgs, loopbackPort } from '../../src/temporal/loopback.js';

describe('the channel to a Temporal server', () => {
  it('is tried again within a second however long the server was away, near and far', () => {
    for (const address of ['127.0.0.1:7233', 'temporal.example.com:7233'])
      expect(channelArgs(address)).toMatchObject({
        'grpc.initial_reconnect_backoff_ms': 200,
        'grpc.max_reconnect_backoff_ms': 1000,
      });
  });

  it('takes no proxy to this machine, and that of the environment to others', () => {
    expect(channelArgs('localhost')).toMatchObject({ 'grpc.enable_http_proxy': 0 });
    expect(channelArgs('temporal.example.com:7233')).not.toHaveProperty(['grpc.enable_http_proxy']);
    expect([loopbackPort('localhost'), loopbackPort('127.0.0.2:1'), loopbackPort('10.0.0.1:1')]).toEqual([
      7233,
      1,
      undefined,
    ]);
  });
});
