export { readSource, type SourceSnapshot } from './snapshot';
export { normaliseRemote } from './remote';
