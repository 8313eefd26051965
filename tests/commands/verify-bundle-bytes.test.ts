import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyProof } from '../../src/commands/verify';
import type { LoadedPolicy } from '../../src/commands/policy';
import { isProofError } from '../../src/errors';
import { attestEnvelope, readEnvelope } from '../../src/model/envelope';
import { jsonDocument } from '../../src/model/json';
import { files, loadTestPolicy, prove, testKey, writePolicy } from '../support/proofs';
import { TestWorkspace } from '../support/workspace';

const key = testKey();
let ws: TestWorkspace;
let policy: LoadedPolicy;
let bundle: Buffer;
beforeAll(async () => {
  ws = await TestWorkspace.create();
  await writePolicy(ws, key);
  await prove(ws, key);
  policy = await loadTestPolicy(ws);
  bundle = Buffer.from(await ws.read(files(ws).bundle));
});
afterAll(() => ws.remove());

/** PASSED, FAILED or the code of the refusal, for these bytes as the bundle, with an envelope that carries exactly them. */
async function outcomes(variants: Iterable<Buffer>): Promise<string[]> {
  const unsigned = readEnvelope(Buffer.from(await ws.read(files(ws).unsigned)));
  return ws.run(async (session) => {
    const results: string[] = [];
    for (const bytes of variants) {
      await ws.write(files(ws).bundle, bytes);
      await ws.write(files(ws).envelope, jsonDocument(attestEnvelope(unsigned, bytes, key.signer.issuer)));
      results.push(await verifyProof(session, { project: ws.project(), policy }).then(({ result }) => result, (error: unknown) => (isProofError(error) ? error.code : 'UNKNOWN')));
    }
    return results;
  });
}

function* flips(from: number, to: number, step: number): Generator<Buffer> {
  for (let at = from; at < to; at += step) {
    for (const bit of [0x01, 0x02, 0x20, 0x80]) {
      const bytes = Buffer.from(bundle);
      bytes[at] = (bytes[at] ?? 0) ^ bit;
      yield bytes;
    }
  }
}

describe('a bundle with one bit changed', () => {
  it('is the control: unchanged, it passes', async () => {
    expect(await outcomes([bundle])).toEqual(['PASSED']);
  });

  it('never passes, wherever in the payload it is', async () => {
    const start = bundle.indexOf('"payload":"') + 11;
    const results = await outcomes(flips(start, bundle.indexOf('"', start), 23));
    expect(results.length).toBeGreaterThan(200);
    expect(results.every((result) => ['FAILED', 'JSON_INVALID'].includes(result))).toBe(true);
  });

  it('never passes, anywhere in the signature', async () => {
    const start = bundle.indexOf('"sig":"') + 7;
    expect(await outcomes(flips(start, bundle.indexOf('"', start), 1))).not.toContain('PASSED');
  });

  it('never passes elsewhere, but in the hint, which nothing depends on', async () => {
    const hint = bundle.indexOf('"hint":"') + 8;
    const payload = bundle.indexOf('"payload":"') + 11;
    const signature = bundle.indexOf('"sig":"') + 7;
    const skipped = [hint, payload, signature].map((start) => ({ start, end: bundle.indexOf('"', start) }));
    const positions = Array.from(bundle.keys()).filter((at) => !skipped.some(({ start, end }) => at >= start && at < end));
    const results = await outcomes(positions.flatMap((at) => [...flips(at, at + 1, 1)]));
    const passed = positions.filter((_, index) => results.slice(index * 4, index * 4 + 4).includes('PASSED'));
    // The last byte is the newline, and the bundle's JSON may end in other white space.
    expect(passed).toEqual(passed.length === 0 ? [] : [bundle.length - 1]);
  });

  it.each([
    ['the first half', () => bundle.subarray(0, bundle.length / 2)],
    ['all but the last brace', () => bundle.subarray(0, bundle.length - 2)],
    ['nothing', () => Buffer.alloc(0)],
    ['the bundle twice', () => Buffer.concat([bundle, bundle])],
    ['the bundle and a byte', () => Buffer.concat([bundle, Buffer.from('0')])],
    ['a byte order mark before it', () => Buffer.concat([Buffer.from('\uFEFF'), bundle])],
    ['the bundle in a list', () => Buffer.concat([Buffer.from('['), bundle, Buffer.from(']')])],
    ['a member of the prototype', () => Buffer.from(bundle.toString().replace('{', '{"__proto__":{"verificationMaterial":{}},'))],
  ])('never passes: %s', async (_name, make) => {
    expect(await outcomes([make()])).not.toContain('PASSED');
  });
});
