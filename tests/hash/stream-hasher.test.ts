import { createHasher } from '../../src/hash';
import { describeHasher } from './hasher-suite';

describeHasher('createHasher', createHasher);
