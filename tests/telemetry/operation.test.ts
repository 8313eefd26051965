import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type * as OpenTelemetry from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { telemetryApi } from '../../src/telemetry/api';
import { currentTraceId, linkTrace, measure, METRICS } from '../../src/telemetry';
import { CliWorkspace } from '../support/cli-workspace';

// The copy that the program loads: `import` may give another one.
const api = createRequire(__filename)('@opentelemetry/api') as typeof OpenTelemetry;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

let cli: CliWorkspace;
beforeAll(async () => void (cli = await CliWorkspace.create()));
afterAll(() => cli.remove());
afterEach(() => {
  api.trace.disable();
  api.metrics.disable();
  api.context.disable();
});

/** What an application does that observes nx-proof. */
function installSdk() {
  const spans = new InMemorySpanExporter();
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  api.metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const collected = async (): Promise<Record<string, unknown>> => {
    await reader.forceFlush();
    const found = metrics.getMetrics().at(-1)?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    return Object.fromEntries(found.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.map(({ value, attributes }) => ({ value, attributes }))]));
  };
  return { spans: (): ReadableSpan[] => spans.getFinishedSpans(), metrics: collected };
}

const proved = async (): Promise<void> => {
  await cli.ws.create('app', { options: { trace: { otel: { traceId: TRACE, rootSpanId: SPAN } } } });
  await cli.ok('sign', 'app');
};

describe('without an OpenTelemetry SDK', () => {
  it('nothing is measured, and the API is not loaded', async () => {
    expect(telemetryApi()).toBeUndefined();
    measure('proof_artifacts.hash.bytes', 1);
    linkTrace({ otel: { traceId: TRACE, rootSpanId: SPAN } });
    await proved();
    expect((await cli.ok('verify', 'apps/app')).exitCode).toBe(0);
  });
});

describe('with an OpenTelemetry SDK', () => {
  it('create, sign and verify are spans, linked to the trace of the envelope', async () => {
    const sdk = installSdk();
    await proved();
    await cli.ok('verify', 'apps/app');
    const spans = sdk.spans();
    expect(spans.map(({ name }) => name)).toEqual(['nx-proof.create', 'nx-proof.sign', 'nx-proof.verify']);
    expect(spans.map(({ attributes }) => attributes)).toEqual([{}, { 'nx_proof.signer': 'key' }, { 'nx_proof.result': 'PASSED' }]);
    for (const span of spans) {
      expect(span.links.map(({ context }) => context)).toEqual([{ traceId: TRACE, spanId: SPAN, traceFlags: 0, isRemote: true }]);
      expect(span.instrumentationScope.name).toBe('nx-proof');
    }
  });

  it('an envelope is linked only once its check has passed', async () => {
    await proved();
    const name = 'apps/app/.proof/sign/envelope.proof.json';
    await cli.ws.write(name, (await cli.ws.read(name)).replace(TRACE, 'f'.repeat(32)));
    const sdk = installSdk();
    expect((await cli.run(['verify', 'apps/app'])).exitCode).toBe(1);
    expect(sdk.spans().map(({ links, attributes }) => ({ links, attributes }))).toEqual([{ links: [], attributes: { 'nx_proof.result': 'FAILED' } }]);
  });

  it('bytes and durations are recorded, with attributes of few values', async () => {
    const sdk = installSdk();
    await proved();
    await cli.ok('verify', 'apps/app');
    expect(await sdk.metrics()).toEqual({
      // Hashed by create, sign and verify.
      'proof_artifacts.hash.bytes': [{ value: 3 * 37, attributes: {} }],
      'proof_artifacts.create.duration_ms': [{ value: expect.objectContaining({ count: 1 }), attributes: {} }],
      'proof_artifacts.sign.duration_ms': [{ value: expect.objectContaining({ count: 1 }), attributes: { 'nx_proof.signer': 'key' } }],
      'proof_artifacts.verify.duration_ms': [{ value: expect.objectContaining({ count: 1 }), attributes: { 'nx_proof.result': 'PASSED' } }],
    });
  });

  it('a failure is told by its code, without its message', async () => {
    await proved();
    await cli.ws.write('apps/app/.proof/sign/bundle.sigstore.json', 'no JSON');
    const sdk = installSdk();
    expect((await cli.run(['sign', 'app', '--key', 'none.pem'])).exitCode).toBe(2);
    await cli.ws.write('apps/app/dist/main.js', 'changed');
    expect((await cli.run(['sign', 'app'])).exitCode).toBe(1);
    const [span] = sdk.spans();
    expect(span).toMatchObject({ name: 'nx-proof.sign', status: { code: api.SpanStatusCode.ERROR }, attributes: { 'error.type': 'SUBJECT_CHANGED', 'nx_proof.signer': 'key' }, events: [] });
    expect(span?.status.message).toBeUndefined();
  });

  it('nothing that is exported names a path, a project, a digest or an identity', async () => {
    const sdk = installSdk();
    await cli.ws.write('apps/app/dist/main.js', "exports.name = 'app';\n");
    await proved();
    await cli.ok('verify', 'apps/app');
    const exported = JSON.stringify([sdk.spans().map(({ name, attributes, events, status, links }) => ({ name, attributes, events, status, links })), await sdk.metrics()]);
    expect(exported).not.toMatch(/app|dist|[0-9a-f]{64}|sha256/i);
  });

  it('an operation is a child of the active span, else of TRACEPARENT', async () => {
    await proved();
    const sdk = installSdk();
    const parent = { TRACEPARENT: `00-${TRACE}-${SPAN}-01` };
    await cli.run(['verify', 'apps/app'], { env: parent });
    await api.trace.getTracer('host').startActiveSpan('host', async (span) => {
      expect(currentTraceId(parent)).toBe(span.spanContext().traceId);
      await cli.run(['verify', 'apps/app'], { env: parent });
      span.end();
    });
    const [first, second, host] = sdk.spans();
    expect(first?.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: SPAN });
    expect(second?.parentSpanContext?.spanId).toBe(host?.spanContext().spanId);
    expect(currentTraceId(parent)).toBe(TRACE);
  });

  it('an envelope without a span is not linked', async () => {
    const sdk = installSdk();
    await cli.ws.create('app', { options: { trace: { otel: { traceId: TRACE } } } });
    expect(sdk.spans()[0]?.links).toEqual([]);
  });

  it('every instrument is in docs/telemetry.md', () => {
    const rows = [...readFileSync('docs/telemetry.md', 'utf8').matchAll(/^\| `(proof_artifacts\.[a-z._]+)` \| (\w+) \| (\S+) \|/gm)].map(([, name, kind, unit]) => [name, { kind, unit }]);
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(Object.entries(METRICS).map(([name, { kind, unit }]) => [name, { kind, unit }])));
  });

  it('instruments have units and meanings', async () => {
    const meters = installSdk();
    for (const name of Object.keys(METRICS) as (keyof typeof METRICS)[]) measure(name, 1);
    expect(Object.keys(await meters.metrics()).sort()).toEqual(Object.keys(METRICS).sort());
  });
});

describe('a signed proof', () => {
  it('is published on nx-proof:signed, once it lies there', async () => {
    const heard: Record<string, unknown>[] = [];
    const listen = (message: unknown): void => void heard.push(message as Record<string, unknown>);
    subscribe('nx-proof:signed', listen);
    try {
      await proved();
      await cli.ws.write('apps/app/dist/main.js', 'changed');
      await cli.run(['sign', 'app']);
    } finally {
      unsubscribe('nx-proof:signed', listen);
    }
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(heard).toEqual([
      { project: 'app', bundle: 'apps/app/.proof/sign/bundle.sigstore.json', bundleSha256: digest, statementSha256: digest, issuer: expect.stringMatching(/^key:sha256:[0-9a-f]{64}$/) },
    ]);
  });
});
