import { describe, expect, it } from 'vitest';
import { publicGoodSeed, trustSettings, trustSource } from '../../src/trust';
import { TufRepository, trustedRootWith } from '../support/tuf/repository';

const files: Record<string, Buffer> = { 'trusted_root.json': Buffer.from(trustedRootWith('pinned')), 'root.json': new TufRepository(trustedRootWith('one')).anchor };
const read = (name: string): Promise<Buffer> => Promise.resolve(files[name]!);

describe('trustSource', () => {
  it('is the public-good Sigstore unless the policy says otherwise, from the root that ships with its client', async () => {
    const [unset, named] = await Promise.all([trustSource(undefined, read), trustSource({ root: 'public-good' }, read)]);
    expect(unset).toEqual(named);
    expect(unset).toMatchObject({ kind: 'tuf', mirror: 'https://tuf-repo-cdn.sigstore.dev', isPublicGood: true });
    const { tufRoot, issued } = await publicGoodSeed();
    expect(JSON.parse(tufRoot.toString())).toMatchObject({ signed: { _type: 'root' } });
    expect(issued.getFullYear()).toBeGreaterThan(2024);
  });

  it('is a pinned file', async () => {
    expect(await trustSource({ root: { file: 'trusted_root.json' } }, read)).toEqual({ kind: 'file', name: 'trusted_root.json', trustedRoot: files['trusted_root.json'] });
    await expect(trustSource({ root: { file: 'root.json' } }, read)).rejects.toMatchObject({ code: 'TRUSTED_ROOT_INVALID', message: expect.stringContaining('root.json') });
  });

  it('is another TUF repository, named by its mirror and its root', async () => {
    const source = await trustSource({ root: { tuf: { mirror: 'https://tuf.example.com/repo//', rootFile: 'root.json' } } }, read);
    expect(source).toMatchObject({ kind: 'tuf', mirror: 'https://tuf.example.com/repo', isPublicGood: false, id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    const ids = await Promise.all(
      [['https://tuf.example.com/repo', 'root.json'], ['https://tuf.example.com/repo/2', 'root.json'], ['https://tuf.example.com/repo', 'trusted_root.json']].map(
        async ([mirror, rootFile]) => (await trustSource({ root: { tuf: { mirror: mirror!, rootFile: rootFile! } } }, read)) as { id: string },
      ),
    );
    expect(ids[0]).toEqual(source);
    expect(new Set(ids.map(({ id }) => id)).size).toBe(3);
  });

  it.each(['tuf.example.com', 'https://me:secret@tuf.example.com', 'https://me@tuf.example.com', 'https://tuf.example.com/?a', 'https://tuf.example.com/#a'])('is not %s, and the message does not repeat it', async (mirror) => {
    const failure = trustSource({ root: { tuf: { mirror, rootFile: 'root.json' } } }, read);
    await expect(failure).rejects.toMatchObject({ code: 'POLICY_INVALID', details: { field: '/trust/root/tuf/mirror' } });
    await expect(failure).rejects.not.toThrow(/secret/);
  });
});

describe('trustSettings', () => {
  it('has defaults', () => {
    expect(trustSettings(undefined)).toEqual({ ttlMs: 86_400_000, maxStaleMs: 604_800_000, allowSeed: false, offline: false });
    expect(trustSettings({ ttlHours: 0.5, maxStaleHours: 0, allowSeed: true }, { offline: true })).toEqual({ ttlMs: 1_800_000, maxStaleMs: 0, allowSeed: true, offline: true });
  });
});
