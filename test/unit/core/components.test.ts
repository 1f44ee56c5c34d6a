import { describe, expect, it } from 'vitest';
import { AppContext } from '../../../src/core/app-context.js';
import { type Component, defineComponent } from '../../../src/core/component.js';
import { ComponentError, ComponentSet, orderComponents } from '../../../src/core/components.js';
import { PlatformError } from '../../../src/core/errors.js';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function recorded(
  log: string[],
  name: string,
  dependsOn: string[] = [],
  fail: Partial<Record<'load' | 'start' | 'stop', Error>> = {},
): Component {
  const step = (phase: 'load' | 'start' | 'stop') => async (): Promise<void> => {
    log.push(`${phase} ${name}`);
    await wait(5);
    if (fail[phase] !== undefined) throw fail[phase];
    log.push(`${phase} ${name} done`);
  };
  return defineComponent({ name, dependsOn, load: step('load'), start: step('start'), stop: step('stop') });
}

const set = (components: Component[]): ComponentSet =>
  new ComponentSet(components, new AppContext(), { now: () => performance.now() });

describe('the component loader', () => {
  it('loads a level in parallel, starts in order and stops in exact reverse', async () => {
    const log: string[] = [];
    const components = set([
      recorded(log, 'functions', ['registry', 'dispatcher']),
      recorded(log, 'registry', ['pids']),
      recorded(log, 'pids'),
      recorded(log, 'dispatcher'),
    ]);
    expect(components.levels.map((level) => level.map(({ name }) => name))).toEqual([
      ['dispatcher', 'pids'],
      ['registry'],
      ['functions'],
    ]);
    await components.load();
    expect(log.slice(0, 4)).toEqual([
      'load dispatcher',
      'load pids',
      'load dispatcher done',
      'load pids done',
    ]);
    log.length = 0;
    await components.start();
    await components.stop();
    expect(log.filter((line) => !line.endsWith('done'))).toEqual([
      'start dispatcher',
      'start pids',
      'start registry',
      'start functions',
      'stop functions',
      'stop registry',
      'stop pids',
      'stop dispatcher',
    ]);
    expect(components.timings.map(({ name, level }) => [name, level])).toEqual([
      ['dispatcher', 0],
      ['pids', 0],
      ['registry', 1],
      ['functions', 2],
    ]);
    for (const { loadMs, startMs } of components.timings)
      expect([loadMs, startMs].every((ms) => ms !== undefined && ms > 1)).toBe(true);
    await components.stop();
  });

  it('stops those already started, in reverse, when one fails to start', async () => {
    const log: string[] = [];
    const components = set([
      recorded(log, 'a'),
      recorded(log, 'b', ['a']),
      recorded(log, 'c', ['b'], { start: new Error('no port') }),
      recorded(log, 'd', ['c']),
    ]);
    await expect(components.start()).rejects.toThrow("component 'c' failed to start: no port");
    expect(log).toEqual([
      'start a',
      'start a done',
      'start b',
      'start b done',
      'start c',
      'stop b',
      'stop b done',
      'stop a',
      'stop a done',
    ]);
  });

  it('gathers the errors of stopping and lets every component have its turn', async () => {
    const log: string[] = [];
    const components = set([
      recorded(log, 'a', [], { stop: new Error('one') }),
      recorded(log, 'b'),
      recorded(log, 'c', [], { stop: new Error('two') }),
    ]);
    await components.start();
    const error = await components.stop().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors.map((inner: Error) => inner.message)).toEqual([
      "component 'c' failed to stop: two",
      "component 'a' failed to stop: one",
    ]);
    expect(log).toContain('stop b done');
  });

  it('keeps the verdict of the cause', async () => {
    class UnreachableError extends PlatformError {
      readonly code = 'TEST_UNREACHABLE';
      override readonly kind = 'Unavailable';
      override readonly retryable = true;
      override readonly exitCode = 3;
    }
    const components = set([recorded([], 'a', [], { load: new UnreachableError('away') })]);
    const error = await components.load().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ComponentError);
    expect(error).toMatchObject({ component: 'a', kind: 'Unavailable', retryable: true, exitCode: 3 });
  });

  it('names a cycle by its path, a missing dependency by both, and a name that is taken', () => {
    const make = (name: string, ...dependsOn: string[]): Component => ({ name, dependsOn });
    expect(() =>
      orderComponents([make('root'), make('a', 'b', 'root'), make('b', 'c'), make('c', 'a'), make('x', 'a')]),
    ).toThrow('components depend on each other in a circle: a -> b -> c -> a; break one');
    expect(() => orderComponents([make('a', 'b')])).toThrow(
      "component 'a' depends on 'b', which is not there",
    );
    expect(() => orderComponents([make('a'), make('a')])).toThrow("two components are named 'a'");
  });
});
