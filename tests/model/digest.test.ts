import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, DirHash, MerkleTree, sha256Hex } from '../../src/model/digest';

const sha256 = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 6962 section 2.1, word for word. */
function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256('');
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

describe('MerkleTree', () => {
  // Test vectors of the Certificate Transparency reference implementation (google/certificate-transparency, merkle_tree_test).
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];

  it.each(roots.map((root, index) => ({ size: index + 1, root })))('gives the published root of $size leaves', ({ size, root }) => {
    const tree = new MerkleTree();
    for (const leaf of inputs.slice(0, size)) tree.add(Buffer.from(leaf, 'hex'));
    expect(tree.root()).toBe(root);
  });

  it('gives the hash of nothing for no leaves', () => {
    expect(new MerkleTree().root()).toBe(sha256Hex(''));
  });

  it('agrees with the recursive definition for any leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 70 }), (leaves) => {
        const tree = new MerkleTree();
        for (const leaf of leaves) tree.add(leaf);
        expect(tree.root()).toBe(mth(leaves.map((leaf) => Buffer.from(leaf))).toString('hex'));
      }),
    );
  });
});

describe('DirHash', () => {
  it('is the sha256 of the lines that sha256sum prints', () => {
    const dirHash = new DirHash();
    dirHash.add('a.txt', sha256Hex('a'));
    dirHash.add('sub/b c.txt', sha256Hex('b'));
    expect(dirHash.digest()).toBe(sha256Hex(`${sha256Hex('a')}  a.txt\n${sha256Hex('b')}  sub/b c.txt\n`));
  });
});

describe('compareBytes', () => {
  it('orders astral characters after the rest of the BMP, unlike JavaScript', () => {
    const names = ['\u{1F600}', '\uFF5E', 'z', 'é'];
    expect([...names].sort(compareBytes)).toEqual(['z', 'é', '\uFF5E', '\u{1F600}']);
    expect([...names].sort()).not.toEqual([...names].sort(compareBytes));
  });
});
