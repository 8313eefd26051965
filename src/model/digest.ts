import { createHash, type Hash } from 'node:crypto';

/** A file and its digests. `path` is workspace-relative with forward slashes; `size` in bytes; digests in lowercase hex. */
export interface FileDigest {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly sha512?: string;
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Compares strings by their UTF-8 bytes, as Go, git and LC_ALL=C sort do; JavaScript's own order differs for astral characters. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * The `dirHash` of in-toto's DigestSet: Go's `h1` (golang.org/x/mod/sumdb/dirhash), in hex without the prefix.
 * Files must be added in byte order of their path relative to the folder.
 */
export class DirHash {
  readonly #hash = createHash('sha256');

  add(relativePath: string, sha256: string): void {
    this.#hash.update(`${sha256}  ${relativePath}\n`);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** RFC 6962 section 2.1 Merkle tree hash over leaves added one by one; keeps one hash per level. */
export class MerkleTree {
  /** Roots of the complete subtrees so far, largest first, with their sizes. */
  readonly #subtrees: { size: number; hash: Buffer }[] = [];

  add(leaf: string | Uint8Array): void {
    this.#subtrees.push({ size: 1, hash: leafHash(leaf) });
    for (;;) {
      const right = this.#subtrees.at(-1);
      const left = this.#subtrees.at(-2);
      if (right === undefined || left === undefined || left.size !== right.size) return;
      this.#subtrees.splice(-2, 2, { size: left.size * 2, hash: nodeHash(left.hash, right.hash) });
    }
  }

  /** The tree hash of what was added; of nothing, the hash of the empty string. */
  root(): string {
    const hashes = this.#subtrees.map((subtree) => subtree.hash);
    const last = hashes.pop();
    if (last === undefined) return sha256Hex('');
    return hashes.reduceRight((right, left) => nodeHash(left, right), last).toString('hex');
  }
}

const domain = (prefix: number): Hash => createHash('sha256').update(Buffer.of(prefix));
const leafHash = (leaf: string | Uint8Array): Buffer => domain(0).update(leaf).digest();
const nodeHash = (left: Buffer, right: Buffer): Buffer => domain(1).update(left).update(right).digest();
