import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkTrustedRoot, publicGoodSeed } from '../../src/trust';
import { trustedRootWith } from '../support/tuf/repository';

type Json = Record<string, unknown>;
const seed = async () => JSON.parse((await publicGoodSeed()).trustedRoot.toString()) as Json;
const check = (root: unknown): void => {
  checkTrustedRoot(Buffer.from(JSON.stringify(root)), 'root', 'TRUSTED_ROOT_INVALID');
};

/** Sets the value at a JSON Pointer; undefined removes it. */
function change(root: Json, pointer: string, value: unknown): Json {
  const steps = pointer.split('/').slice(1);
  const last = steps.pop()!;
  const parent = steps.reduce<Json>((at, step) => at[step] as Json, root);
  parent[last] = value;
  return root;
}

describe('checkTrustedRoot', () => {
  it('accepts what the public-good Sigstore uses, the new media type, and fields that it does not know', async () => {
    check(await seed());
    check(change(await seed(), '/mediaType', 'application/vnd.dev.sigstore.trustedroot.v0.2+json'));
    check(change(change(await seed(), '/tlogs/0/future', 1), '/future', {}));
    check({ ...(JSON.parse(trustedRootWith('one')) as Json), certificateAuthorities: undefined, ctlogs: null });
  });

  it('accepts RSA keys in PKCS #1', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const root = change(JSON.parse(trustedRootWith('one')) as Json, '/tlogs/0/publicKey/keyDetails', 'PKCS1_RSA_PKCS1V5');
    expect(() => { check(root); }).toThrow('/tlogs/0/publicKey/rawBytes');
    check(change(root, '/tlogs/0/publicKey/rawBytes', publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')));
  });

  it.each<[string, unknown, string?]>([
    ['/mediaType', 'application/json'],
    ['/mediaType', undefined],
    ['/tlogs', {}],
    ['/tlogs', Array.from({ length: 65 }, () => ({}))],
    ['/tlogs/0', null],
    ['/tlogs/0/publicKey', []],
    ['/tlogs/0/publicKey/rawBytes', ''],
    ['/tlogs/0/publicKey/rawBytes', 1],
    ['/tlogs/0/publicKey/rawBytes', 'AAAA'],
    ['/tlogs/0/publicKey/validFor', undefined],
    ['/tlogs/0/publicKey/validFor/start', undefined],
    ['/tlogs/0/publicKey/validFor/start', null],
    ['/tlogs/0/publicKey/validFor/start', '2024'],
    ['/tlogs/0/publicKey/validFor/start', '2024-13-01T00:00:00Z'],
    ['/tlogs/0/publicKey/validFor/end', 'soon'],
    ['/tlogs/0/publicKey/validFor/end', '1999-01-01T00:00:00Z', '/tlogs/0/publicKey/validFor'],
    ['/tlogs/0/logId', undefined],
    ['/tlogs/0/logId/keyId', undefined],
    ['/ctlogs/0/publicKey/validFor/start', undefined],
    ['/certificateAuthorities/0/certChain', undefined],
    ['/certificateAuthorities/0/certChain/certificates', []],
    ['/certificateAuthorities/0/certChain/certificates', Array.from({ length: 17 }, () => ({ rawBytes: 'AAAA' }))],
    ['/certificateAuthorities/0/certChain/certificates/0/rawBytes', 'AAAA'],
    ['/certificateAuthorities/0/validFor', undefined],
    ['/certificateAuthorities/0/validFor/start', undefined],
    ['/timestampAuthorities/0/validFor/start', undefined],
  ])('refuses %s when it is %j', async (pointer, value, field = pointer) => {
    const root = change(await seed(), pointer, value);
    expect(() => { check(root); }).toThrow(expect.objectContaining({ code: 'TRUSTED_ROOT_INVALID', details: { what: 'root', field } }) as Error);
  });

  it('refuses what is no trusted root at all', () => {
    for (const root of [null, [], 'text', 1]) expect(() => { check(root); }).toThrow('must be an object');
    expect(() => { check({ mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' }); }).toThrow('names no log and no authority');
    expect(() => { checkTrustedRoot(Buffer.alloc(1024 * 1024 + 1, ' '), 'root', 'TRUST_REFUSED'); }).toThrow(expect.objectContaining({ code: 'TRUST_REFUSED' }) as Error);
    expect(() => { checkTrustedRoot(Buffer.from('{'), 'root', 'TRUST_REFUSED'); }).toThrow(expect.objectContaining({ code: 'TRUST_REFUSED' }) as Error);
  });
});
