import { sign, type KeyObject } from 'node:crypto';
import { sha256, spkiOf, type KeyPair } from './x509';

const leafHash = (data: Uint8Array): Buffer => sha256(Buffer.of(0), data);
const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.of(1), left, right);
const half = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);

/** An append-only log in memory: RFC 6962 section 2.1 over its leaves, and signed checkpoints (https://c2sp.org/tlog-checkpoint). */
export class TransparencyLog {
  readonly #leaves: Buffer[] = [];
  readonly publicKey: Buffer;
  readonly id: Buffer;
  readonly #key: KeyObject;
  /** The log's name in its checkpoints. */
  origin = '';

  constructor(keys: KeyPair) {
    this.#key = keys.privateKey;
    this.publicKey = spkiOf(keys.publicKey);
    this.id = sha256(this.publicKey);
  }

  get size(): number {
    return this.#leaves.length;
  }

  append(data: Uint8Array): number {
    return this.#leaves.push(leafHash(data)) - 1;
  }

  root(leaves = this.#leaves): Buffer {
    const [only] = leaves;
    if (leaves.length === 1 && only !== undefined) return only;
    const k = half(leaves.length);
    return nodeHash(this.root(leaves.slice(0, k)), this.root(leaves.slice(k)));
  }

  proof(index: number, leaves = this.#leaves): Buffer[] {
    if (leaves.length <= 1) return [];
    const k = half(leaves.length);
    return index < k ? [...this.proof(index, leaves.slice(0, k)), this.root(leaves.slice(k))] : [...this.proof(index - k, leaves.slice(k)), this.root(leaves.slice(0, k))];
  }

  sign(data: Uint8Array): Buffer {
    return sign(this.#key.asymmetricKeyType === 'ed25519' ? null : 'sha256', data, this.#key);
  }

  checkpoint(): string {
    const note = `${this.origin}\n${this.size}\n${this.root().toString('base64')}\n`;
    const signature = Buffer.concat([this.id.subarray(0, 4), this.sign(Buffer.from(note))]);
    return `${note}\n\u2014 ${this.origin} ${signature.toString('base64')}\n`;
  }
}
