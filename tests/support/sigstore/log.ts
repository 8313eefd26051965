import { sign, type KeyObject } from 'node:crypto';
import { sha256, spkiOf, type KeyPair } from './x509';

const leafHash = (data: Uint8Array): Buffer => sha256(Buffer.of(0), data);
const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.of(1), left, right);
const half = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);

/** An append-only log in memory: RFC 6962 section 2.1 over its leaves, and signed checkpoints (https://c2sp.org/tlog-checkpoint). */
export class TransparencyLog {
  readonly #leaves: Buffer[] = [];
  readonly #subtrees = new Map<string, Buffer>();
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

  root(): Buffer {
    return this.#range(0, this.size);
  }

  proof(index: number): Buffer[] {
    return this.#path(index, 0, this.size);
  }

  /** The hash of the leaves from `start` to before `end`; those of complete subtrees are remembered, for they never change. */
  #range(start: number, end: number): Buffer {
    const size = end - start;
    const only = this.#leaves[start];
    if (size === 1 && only !== undefined) return only;
    const key = `${start}-${end}`;
    const known = this.#subtrees.get(key);
    if (known !== undefined) return known;
    const k = half(size);
    const hash = nodeHash(this.#range(start, start + k), this.#range(start + k, end));
    if (k * 2 === size) this.#subtrees.set(key, hash);
    return hash;
  }

  #path(index: number, start: number, end: number): Buffer[] {
    if (end - start <= 1) return [];
    const middle = start + half(end - start);
    return index < middle ? [...this.#path(index, start, middle), this.#range(middle, end)] : [...this.#path(index, middle, end), this.#range(start, middle)];
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
