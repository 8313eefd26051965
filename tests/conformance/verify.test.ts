import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors';
import { makeBundle } from '../support/bundles';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { ARTIFACT, CASES, CODES } from './cases';
import { verifyCase } from './run';

let sigstore: Sigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
  // So that proofs of inclusion have hashes.
  for (const kind of ['hashedrekord 0.0.1', 'hashedrekord 0.0.2'] as const) makeBundle(sigstore, { artifact: ARTIFACT, entries: [kind, kind] });
});
afterAll(() => sigstore.close());

const runs = Object.entries(CASES).flatMap(([name, make]) => (['path', 'digest'] as const).map((by) => [name, by, make] as const));

describe('verify-bundle', () => {
  it.each(runs)('%s, by %s', async (name, by, make) => {
    const { exitCode, output } = await verifyCase(sigstore, make(sigstore), by);
    const code = CODES[name];
    expect(exitCode, output).toBe(code === undefined ? 0 : ERROR_CODES[code].exit);
    if (code !== undefined) expect(output).toContain(`(${code}, exit ${exitCode})`);
  });

  it('refuses exactly the cases that say so', () => {
    expect(Object.keys(CODES).sort()).toEqual(Object.keys(CASES).filter((name) => name.endsWith('_fail')).sort());
  });
});
