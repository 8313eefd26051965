import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import { VERSION } from '../version';
import { telemetryApi } from './api';

/** The instruments: names, units (UCUM) and meanings. No path, digest or identity is ever an attribute. */
export const METRICS = {
  'proof_artifacts.cache.hit_count': { kind: 'counter', unit: '{hit}', description: 'Look-ups of the trust root that the cache answered' },
  'proof_artifacts.cache.miss_count': { kind: 'counter', unit: '{miss}', description: 'Look-ups of the trust root that the cache could not answer' },
  'proof_artifacts.cache.refresh_count': { kind: 'counter', unit: '{refresh}', description: 'Newer states of the trust root that were fetched and verified' },
  'proof_artifacts.hash.bytes': { kind: 'counter', unit: 'By', description: 'Bytes of artifacts that were hashed' },
  'proof_artifacts.create.duration_ms': { kind: 'histogram', unit: 'ms', description: 'Time to create the proof of a project' },
  'proof_artifacts.sign.duration_ms': { kind: 'histogram', unit: 'ms', description: 'Time to sign the proof of a project, checks and waiting included' },
  'proof_artifacts.verify.duration_ms': { kind: 'histogram', unit: 'ms', description: 'Time to verify the proof of a project, hashing included' },
} as const;

export type MetricName = keyof typeof METRICS;
export type MetricAttributes = Readonly<Record<string, string>>;

type Instrument = Counter | Histogram;

const instruments = new WeakMap<Meter, Map<MetricName, Instrument>>();

/** Counts, or records, if anybody measures. */
export function measure(name: MetricName, value: number, attributes: MetricAttributes = {}): void {
  const meter = telemetryApi()?.metrics.getMeter('nx-proof', VERSION);
  if (meter === undefined) return;
  const instrument = instrumentOf(meter, name);
  if ('add' in instrument) instrument.add(value, attributes);
  else instrument.record(value, attributes);
}

function instrumentOf(meter: Meter, name: MetricName): Instrument {
  const known = instruments.get(meter) ?? new Map<MetricName, Instrument>();
  instruments.set(meter, known);
  const { kind, ...options } = METRICS[name];
  const instrument = known.get(name) ?? (kind === 'counter' ? meter.createCounter(name, options) : meter.createHistogram(name, options));
  known.set(name, instrument);
  return instrument;
}
