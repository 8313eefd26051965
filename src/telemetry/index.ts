export { measure, METRICS, type MetricName } from './metrics';
export { currentTraceId, linkTrace, operation, type Operation, type OperationName } from './operation';
