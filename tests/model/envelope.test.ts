import { decodeTime } from 'ulid';
import { describe, expect, it } from 'vitest';
import { attestEnvelope, buildEnvelope, envelopeArtifact, envelopeBinding, readEnvelope, type EnvelopeInput } from '../../src/model/envelope';
import { jsonDocument } from '../../src/model/json';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const input = (changes: Partial<EnvelopeInput> = {}): EnvelopeInput => ({
  time: '2026-01-01T00:00:00Z',
  actor: { agent: 'nx-proof', role: 'builder' },
  context: { public: { project: 'app' } },
  evidence: [],
  tooling: { nx: '24.0.6' },
  policyReceipts: undefined,
  trace: undefined,
  files: [{ path: 'apps/app/dist/(group)/[id] ü.js', size: 1, sha256: A }],
  folders: [{ path: 'apps/app/dist', dirHash: B }],
  merkleRoot: A,
  ...changes,
});

describe('buildEnvelope', () => {
  it('is valid by its schema and the same for the same input', () => {
    const envelope = buildEnvelope(input());
    expect(readEnvelope(Buffer.from(jsonDocument(envelope)))).toEqual(envelope);
    expect(buildEnvelope(input())).toEqual(envelope);
  });

  it('has an id that carries its time and changes with its content', () => {
    const { id } = buildEnvelope(input());
    expect(decodeTime(id)).toBe(Date.parse('2026-01-01T00:00:00Z'));
    expect(buildEnvelope(input({ merkleRoot: B })).id).not.toBe(id);
  });

  it('names a folder root as the artifact, percent-encodes file names', () => {
    const { artifact, bundle } = buildEnvelope(input());
    expect(artifact).toEqual({ uri: 'workspace:/apps/app/dist/', mime: 'inode/directory', contentHash: { alg: 'sha256', hex: B } });
    expect(bundle?.files).toEqual([{ uri: 'workspace:/apps/app/dist/(group)/%5Bid%5D%20%C3%BC.js', sha256: A }]);
  });

  it('names the file when there is no folder, and refuses neither', () => {
    expect(envelopeArtifact({ files: input().files, folders: [] }).contentHash.hex).toBe(A);
    expect(() => envelopeArtifact({ files: [], folders: [] })).toThrow(TypeError);
  });

  it('keeps trace and policy receipts', () => {
    const trace = { otel: { traceId: '0'.repeat(32) } };
    const envelope = buildEnvelope(input({ trace, policyReceipts: [{ name: 'license', status: 'pass' }] }));
    expect(readEnvelope(Buffer.from(jsonDocument(envelope)))).toMatchObject({ trace, policyReceipts: [{ name: 'license', status: 'pass' }] });
  });
});

describe('envelopeBinding', () => {
  it('does not change with the attestations and does with everything else', () => {
    const envelope = buildEnvelope(input());
    const binding = envelopeBinding(envelope);
    const attested = attestEnvelope(envelope, Buffer.from('{}\n'), 'key:sha256:ab');
    expect(attested.attestations).toHaveLength(1);
    expect(envelopeBinding(attested)).toBe(binding);
    expect(envelopeBinding({ ...envelope, evidence: [{ type: 'url', href: 'https://x' }] })).not.toBe(binding);
  });
});

describe('readEnvelope', () => {
  const broken = (changes: object): Buffer => Buffer.from(JSON.stringify({ ...buildEnvelope(input()), ...changes }));

  it.each([
    ['/', { extra: 1 }, 'extra'],
    ['/id', { id: 'not a ulid' }, 'pattern'],
    ['/issuedAt', { issuedAt: 'yesterday' }, 'date-time'],
    ['/specVersion', { specVersion: '0.1.0' }, '0.2.0'],
    ['/policyReceipts/0/status', { policyReceipts: [{ name: 'a', status: 'maybe' }] }, 'warn'],
  ])('refuses a wrong %s, naming what is expected', (field, changes, expected) => {
    expect(() => readEnvelope(broken(changes))).toThrow(
      expect.objectContaining({ code: 'ENVELOPE_INVALID', message: expect.stringContaining(expected) as string, details: { what: 'proof envelope', field } }) as Error,
    );
  });
});
