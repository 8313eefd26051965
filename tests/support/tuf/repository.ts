import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../../../src/model/json';

const DAY_MS = 24 * 3600 * 1000;

interface Key {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly json: unknown;
}

export const ROLE_NAMES = ['root', 'timestamp', 'snapshot', 'targets'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

/** Ed25519 keys are written in hex, so that RFC 8785 and the canonical JSON of TUF (which leaves newlines as they are) agree. */
function newKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const hex = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  const json = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex } };
  return { id: createHash('sha256').update(canonicalJson(json)).digest('hex'), privateKey, json };
}

/** A TUF repository with consistent snapshots that a test can rotate, roll back, let expire and break. */
export class TufRepository {
  /** What a mirror serves: `1.root.json`, `timestamp.json`, `targets/<sha256>.trusted_root.json`. */
  readonly files = new Map<string, Buffer>();
  readonly versions: Record<RoleName, number> = { root: 0, timestamp: 0, snapshot: 0, targets: 0 };
  /** From now, in days; negative is expired. */
  readonly expiryDays: Record<RoleName, number> = { root: 365, timestamp: 7, snapshot: 30, targets: 90 };
  readonly targets = new Map<string, Buffer>();
  /** Roles with targets of their own, below `targets`. */
  delegated: ReadonlyMap<string, ReadonlyMap<string, Buffer>> = new Map();
  #keys = new Map<RoleName, Key>(ROLE_NAMES.map((role) => [role, newKey()]));
  readonly #delegate = newKey();

  constructor(trustedRoot: string | Buffer) {
    this.targets.set('trusted_root.json', Buffer.from(trustedRoot));
    this.publishRoot();
    this.publish();
  }

  /** The first root.json, from which a client verifies the rest. */
  get anchor(): Buffer {
    return this.files.get('1.root.json')!;
  }

  /** A new version of the root, signed by the old root key and the new one; with `roles`, those get new keys. */
  publishRoot(roles: readonly RoleName[] = []): void {
    const before = this.#key('root');
    this.#keys = new Map(ROLE_NAMES.map((role) => [role, roles.includes(role) ? newKey() : this.#key(role)]));
    const version = (this.versions.root += 1);
    const keys = ROLE_NAMES.map((role) => this.#key(role));
    const signed = {
      ...this.#head('root'),
      consistent_snapshot: true,
      keys: Object.fromEntries(keys.map((key) => [key.id, key.json])),
      roles: Object.fromEntries(ROLE_NAMES.map((role) => [role, { keyids: [this.#key(role).id], threshold: 1 }])),
    };
    this.files.set(`${version}.root.json`, metadata(signed, [...new Set([before, this.#key('root')])]));
  }

  /** New versions of targets, snapshot and timestamp. */
  publish(): void {
    this.versions.targets += 1;
    const delegations = {
      keys: { [this.#delegate.id]: this.#delegate.json },
      roles: [...this.delegated.keys()].map((name) => ({ name, keyids: [this.#delegate.id], threshold: 1, terminating: false, paths: ['*'] })),
    };
    const version = this.versions.targets;
    for (const [name, targets] of this.delegated) {
      this.files.set(`${version}.${name}.json`, metadata({ ...this.#head('targets'), targets: this.#targets(targets) }, [this.#delegate]));
    }
    const signed = { ...this.#head('targets'), targets: this.#targets(this.targets), ...(this.delegated.size === 0 ? {} : { delegations }) };
    this.files.set(`${version}.targets.json`, metadata(signed, [this.#key('targets')]));
    this.publishSnapshot();
  }

  publishSnapshot(): void {
    this.versions.snapshot += 1;
    const version = this.versions.targets;
    const meta = Object.fromEntries(['targets', ...this.delegated.keys()].map((name) => [`${name}.json`, { version }]));
    this.files.set(`${this.versions.snapshot}.snapshot.json`, metadata({ ...this.#head('snapshot'), meta }, [this.#key('snapshot')]));
    this.publishTimestamp();
  }

  publishTimestamp(): void {
    this.versions.timestamp += 1;
    const meta = { 'snapshot.json': { version: this.versions.snapshot } };
    this.files.set('timestamp.json', metadata({ ...this.#head('timestamp'), meta }, [this.#key('timestamp')]));
  }

  #key(role: RoleName): Key {
    return this.#keys.get(role)!;
  }

  #head(role: RoleName): Record<string, unknown> {
    const expires = new Date(Date.now() + this.expiryDays[role] * DAY_MS).toISOString().replace(/\.\d+Z/, 'Z');
    return { _type: role, spec_version: '1.0.31', version: this.versions[role], expires };
  }

  #targets(targets: ReadonlyMap<string, Buffer>): Record<string, unknown> {
    return Object.fromEntries(
      [...targets].map(([name, content]) => {
        const sha256 = createHash('sha256').update(content).digest('hex');
        this.files.set(`targets/${sha256}.${name}`, content);
        return [name, { length: content.length, hashes: { sha256 } }];
      }),
    );
  }
}

function metadata(signed: Record<string, unknown>, keys: readonly Key[]): Buffer {
  const bytes = Buffer.from(canonicalJson(signed));
  return Buffer.from(JSON.stringify({ signatures: keys.map(({ id, privateKey }) => ({ keyid: id, sig: sign(null, bytes, privateKey).toString('hex') })), signed }));
}

/** A trusted_root.json with one log, for tests that verify no signature with it. `operator` tells two of them apart. */
export function trustedRootWith(operator: string, change: Record<string, unknown> = {}): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const log = {
    baseUrl: 'https://rekor.example.com',
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: der.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: { start: '2024-01-01T00:00:00Z' } },
    logId: { keyId: createHash('sha256').update(der).digest('base64') },
    operator,
  };
  return JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', tlogs: [log], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [], ...change });
}
