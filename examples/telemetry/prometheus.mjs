// Measures a long-lived process that uses nx-proof, and offers the figures to Prometheus on http://127.0.0.1:9464/metrics (PROOF_METRICS_PORT).
//   node --import ./prometheus.mjs node_modules/nx-proof/dist/src/cli/nx-proof.js trust refresh --watch
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

const exporter = new PrometheusExporter({ host: '127.0.0.1', port: Number(process.env.PROOF_METRICS_PORT ?? 9464) });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
