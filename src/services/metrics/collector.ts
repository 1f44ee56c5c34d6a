// The app's metrics of this node, as Prometheus reads them.
// C1: the first use of a name decides what it is and which labels it has; another use is dropped and told once.
// C2: the number of series is bounded, so that a label from outside cannot fill the memory.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Recording, RecordMetric } from '../../modules/metrics/host.js';

const MOST_SERIES = 20_000;

type Metric = Counter | Gauge | Histogram;
interface Known {
  readonly kind: Recording['kind'];
  readonly metric: Metric;
  /** Names of the labels, sorted. */
  readonly labels: string;
  readonly series: Set<string>;
}

export class MetricsCollector {
  readonly #registry = new Registry();
  readonly #known = new Map<string, Known>();
  readonly #told = new Set<string>();
  readonly #warn: (message: string, name: string) => void;
  #series = 0;

  /** `warn` hears why the recordings of a metric are dropped, once for each reason. */
  constructor(warn: (message: string, name: string) => void) {
    this.#warn = warn;
  }

  readonly record: RecordMetric = ({ kind, op, name, value, labels }) => {
    const names = Object.keys(labels).sort();
    const known = this.#known.get(name) ?? this.#make(kind, name, names);
    if (known.kind !== kind) return this.#drop(name, `it is a ${known.kind}, not a ${kind}`);
    if (known.labels !== names.join(' '))
      return this.#drop(name, `its labels are '${known.labels}', not '${names.join(' ')}'`);
    const series = names.map((label) => labels[label]).join('\0');
    if (!known.series.has(series)) {
      if (this.#series >= MOST_SERIES) return this.#drop(name, `there are ${MOST_SERIES} series already`);
      this.#series += 1;
      known.series.add(series);
    }
    const { metric } = known;
    if (metric instanceof Histogram) metric.observe(labels, value);
    else if (metric instanceof Gauge && op === 'set') metric.set(labels, value);
    else metric.inc(labels, value);
  };

  /** The text that Prometheus reads. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #make(kind: Recording['kind'], name: string, labelNames: string[]): Known {
    const options = { name, help: `${kind} of the app`, labelNames, registers: [this.#registry] };
    const metric =
      kind === 'counter'
        ? new Counter(options)
        : kind === 'gauge'
          ? new Gauge(options)
          : new Histogram(options);
    const known: Known = { kind, metric, labels: labelNames.join(' '), series: new Set() };
    this.#known.set(name, known);
    return known;
  }

  #drop(name: string, why: string): void {
    const key = `${name} ${why}`;
    if (this.#told.has(key) || this.#told.size > 1000) return;
    this.#told.add(key);
    this.#warn(why, name);
  }
}
