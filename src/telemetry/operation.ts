import type { Context } from '@opentelemetry/api';
import type { Env } from '../env';
import { toProofError } from '../errors';
import type { Trace } from '../model/types';
import { VERSION } from '../version';
import { telemetryApi, type Api } from './api';
import { measure, METRICS, type MetricName } from './metrics';
import { traceParent } from './trace-parent';

export type OperationName = 'create' | 'sign' | 'verify' | 'trust.refresh';

/** What can be told of an operation while it runs. */
export interface Operation {
  /** How it went, in a word of few values; never a name, path, digest or identity. */
  note(attribute: 'result' | 'signer', value: string): void;
}

/**
 * Does `work` as a span `nx-proof.<name>` and records its duration, if an OpenTelemetry SDK is installed; a child of the active span, else of the
 * one that TRACEPARENT names. A failure is told by its code alone, since messages name paths.
 */
export async function operation<T>(env: Env, name: OperationName, work: (operation: Operation) => Promise<T>): Promise<T> {
  const api = telemetryApi();
  if (api === undefined) return work({ note: () => undefined });
  const attributes: Record<string, string> = {};
  const started = env.now().getTime();
  return api.trace.getTracer('nx-proof', VERSION).startActiveSpan(`nx-proof.${name}`, {}, parentOf(api, env), async (span) => {
    try {
      return await work({ note: (attribute, value) => void (attributes[`nx_proof.${attribute}`] = value) });
    } catch (error) {
      attributes['error.type'] = toProofError(error).code;
      span.setStatus({ code: api.SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.setAttributes(attributes).end();
      const metric = `proof_artifacts.${name}.duration_ms`;
      if (isMetric(metric)) measure(metric, env.now().getTime() - started, attributes);
    }
  });
}

/** Links the running operation to the trace in which the artifact was made, as its proof envelope names it (`trace.otel`). */
export function linkTrace(trace: Trace | undefined): void {
  const { traceId, rootSpanId: spanId } = trace?.otel ?? {};
  if (traceId === undefined || spanId === undefined) return;
  telemetryApi()?.trace.getActiveSpan()?.addLink({ context: { traceId, spanId, traceFlags: 0, isRemote: true } });
}

/** The id of the trace that this run belongs to, as far as anybody has said. */
export function currentTraceId(env: Env['env']): string | undefined {
  const api = telemetryApi();
  const active = api?.trace.getSpanContext(api.context.active());
  return active?.traceId ?? traceParent(env)?.traceId;
}

function parentOf(api: Api, { env }: Env): Context {
  const active = api.context.active();
  const parent = traceParent(env);
  return api.trace.getSpan(active) !== undefined || parent === undefined ? active : api.trace.setSpanContext(active, { ...parent, isRemote: true });
}

const isMetric = (name: string): name is MetricName => Object.hasOwn(METRICS, name);
