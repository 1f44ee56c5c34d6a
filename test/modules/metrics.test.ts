import { describe, expect, it } from 'vitest';
import { metricsHandlers } from '../../src/modules/metrics/host.js';
import { metricsSpec } from '../../src/modules/metrics/spec.js';
import { metricsAddress } from '../../src/cli/node-parts.js';
import type { PreparedApp } from '../../src/cli/prepare-app.js';
import { MetricsCollector } from '../../src/services/metrics/collector.js';
import { metricsService } from '../../src/services/metrics/server.js';
import { nodeAnswers, runLua } from '../support/instance.js';

async function collect(body: string): Promise<{ text: string; warned: string[] }> {
  const warned: string[] = [];
  const collector = new MetricsCollector((why, name) => void warned.push(`${name}: ${why}`));
  const answers = nodeAnswers(metricsHandlers(collector.record));
  const { emitted, error } = await runLua(body, { modules: [metricsSpec] });
  expect(error).toBeUndefined();
  for (const command of emitted) await answers[command.type]!(command);
  return { text: await collector.text(), warned };
}
const refusal = async (call: string): Promise<unknown> =>
  (
    await runLua(`local ok, err = ${call} return { ok == nil, err:kind(), err:message() }`, {
      modules: [metricsSpec],
    })
  ).values[0];

describe('metrics', () => {
  it('are what Prometheus reads', async () => {
    const { text, warned } = await collect(`
      metrics.counter_inc("requests_total", { method = "POST" })
      metrics.counter_add("requests_total", 2.5, { method = "POST" })
      metrics.counter_inc("requests_total", { method = "GET" })
      metrics.gauge_set("depth", 5)
      metrics.gauge_inc("depth")
      metrics.gauge_dec("depth")
      metrics.gauge_dec("depth")
      metrics.histogram("seconds", 0.3, { ok = true, n = 1 })
      metrics.histogram("seconds", 20, { ok = true, n = 1 })`);
    expect(warned).toEqual([]);
    expect(text).toContain('requests_total{method="POST"} 3.5');
    expect(text).toContain('requests_total{method="GET"} 1');
    expect(text).toContain('# TYPE depth gauge\ndepth 4');
    expect(text).toContain('seconds_bucket{le="0.5",ok="true",n="1"} 1');
    expect(text).toContain('seconds_bucket{le="+Inf",ok="true",n="1"} 2');
    expect(text).toContain('seconds_sum{ok="true",n="1"} 20.3');
  });

  it('keep what comes from outside within its place', async () => {
    const { text } = await collect(`metrics.counter_inc("c", { path = 'a"} 1\\nevil 2', bytes = "\\xff" })`);
    expect(text).not.toMatch(/^evil/m);
    expect(text).toContain('path="a\\"} 1\\nevil 2"');
  });

  it('drop what does not fit the first use of a name, and say so once', async () => {
    const { text, warned } = await collect(`
      metrics.counter_inc("a", { x = 1 })
      for i = 1, 3 do metrics.gauge_set("a", 1, { x = 1 }) metrics.counter_inc("a") end`);
    expect(text).toContain('a{x="1"} 1');
    expect(warned).toEqual(['a: it is a counter, not a gauge', "a: its labels are 'x', not ''"]);
  });

  it('bound the number of series', async () => {
    const { text, warned } = await collect(`for i = 1, 20100 do metrics.counter_inc("a", { user = i }) end`);
    expect(text.match(/^a\{/gm)).toHaveLength(20_000);
    expect(warned).toEqual(['a: there are 20000 series already']);
  });

  it.each([
    ['metrics.counter_inc("")', "'' is no name of a metric; use letters, digits and '_'"],
    ['metrics.counter_inc(nil)', "bad argument #1 to 'counter_inc' (string expected, got nil)"],
    ['metrics.counter_add("a")', "bad argument #2 to 'counter_add' (number expected, got no value)"],
    ['metrics.counter_add("a", -1)', 'a counter only grows, got -1; use a gauge'],
    ['metrics.gauge_set("a", 1/0)', 'the value is not finite'],
    ['metrics.gauge_set("a", 1, 2)', "bad argument #3 to 'gauge_set' (table expected, got number)"],
    [
      'metrics.gauge_set("a", 1, { ["x y"] = 1 })',
      "'x y' is no name of a label; use letters, digits and '_'",
    ],
    ['metrics.gauge_set("a", 1, { "x" })', "'1' is no name of a label; use letters, digits and '_'"],
    ['metrics.histogram("a", 1, { le = "x" })', "the label 'le' is Prometheus' own; use another name"],
    [
      'metrics.gauge_set("a", 1, { __name__ = "x" })',
      "the label '__name__' is Prometheus' own; use another name",
    ],
    ['metrics.gauge_set("a", 1, { x = {} })', "the label 'x' is no text"],
    ['metrics.gauge_set("a", 1, { x = ("y"):rep(1001) })', "the label 'x' is longer than 1000 bytes"],
  ])('%s is refused', async (call, message) => {
    expect(await refusal(call)).toEqual([true, 'Invalid', message]);
  });

  it('are served over HTTP where the app asks for it', async () => {
    const collector = new MetricsCollector(() => undefined);
    collector.record({ kind: 'counter', op: 'add', name: 'hits', value: 2, labels: {} });
    const missing = ['the node is starting'];
    const service = metricsService(collector, '127.0.0.1:0', () => missing);
    await service.start();
    const port = String(service.port());
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await answer.text()).toContain('hits 2');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    expect((await fetch(`http://127.0.0.1:${port}/other`)).status).toBe(404);
    const probe = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    expect(await probe('/livez')).toBe(200);
    const waiting = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect([waiting.status, await waiting.text()]).toEqual([503, 'the node is starting\n']);
    missing.pop();
    expect(await probe('/readyz?verbose')).toBe(200);
    const taken = metricsService(collector, `127.0.0.1:${port}`, () => []);
    await expect(taken.start()).rejects.toMatchObject({ code: 'METRICS_LISTEN', kind: 'Unavailable' });
    await service.stop();
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });

  it('are served where MOONTIDE_METRICS says, before moontide.yaml', () => {
    const app = { config: { metrics: { listen: '127.0.0.1:1' } } } as unknown as PreparedApp;
    expect(metricsAddress(app, {})).toBe('127.0.0.1:1');
    expect(metricsAddress(app, { MOONTIDE_METRICS: '' })).toBe('127.0.0.1:1');
    expect(metricsAddress(app, { MOONTIDE_METRICS: '[::]:9464' })).toBe('[::]:9464');
    expect(() => metricsAddress(app, { MOONTIDE_METRICS: '9464' })).toThrow(
      "MOONTIDE_METRICS must be host:port, such as '127.0.0.1:9464', got '9464'",
    );
  });
});
