import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';

export type Api = typeof OpenTelemetry;

/** Where an OpenTelemetry SDK registers itself, whichever copy of the API it was built with (@opentelemetry/api, internal/global-utils). */
const REGISTRY = Symbol.for('opentelemetry.js.api.1');

let api: Api | undefined;

/**
 * OpenTelemetry's API if the host application has installed an SDK, else undefined: then the API is not even loaded, and nothing is measured.
 * Asked for each time, since an SDK may come later.
 */
export function telemetryApi(): Api | undefined {
  if (!(REGISTRY in globalThis)) return undefined;
  return (api ??= createRequire(__filename)('@opentelemetry/api') as Api);
}
