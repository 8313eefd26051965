export { openSource, type Checkout, type Source, type SourceDigest } from './snapshot';
export { normaliseRemote } from './remote';
