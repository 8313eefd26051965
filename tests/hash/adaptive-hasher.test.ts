import { afterAll, beforeAll } from 'vitest';
import { createHasher } from '../../src/hash';
import { describeHasher } from './hasher-suite';
import { WorkerSetup } from './workers';

describeHasher('createHasher', createHasher);

const setup = new WorkerSetup();
beforeAll(() => setup.compile());
afterAll(() => setup.remove());

describeHasher('createHasher, once its workers do everything', (options) => setup.warm(options));
