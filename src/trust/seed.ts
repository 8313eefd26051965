import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ProofError } from '../errors';
import { parseJson } from '../model/json';

/** The TUF repository of the public-good Sigstore: https://docs.sigstore.dev/about/public-good/ */
export const PUBLIC_GOOD = 'https://tuf-repo-cdn.sigstore.dev';

/** What ships with @sigstore/tuf of the public-good Sigstore. */
export interface Seed {
  /** A root.json of the TUF repository: what every later one is verified from. */
  readonly tufRoot: Buffer;
  /** The trust root of the time when the package was made. */
  readonly trustedRoot: Buffer;
  /** `@sigstore/tuf 4.0.2` */
  readonly name: string;
  /** About when it was current. */
  readonly issued: Date;
}

interface SeedFile {
  readonly [mirror: string]: { readonly 'root.json': string; readonly targets: Readonly<Record<string, string>> } | undefined;
}

let read: Promise<Seed> | undefined;

/** @throws ProofError TRUST_UNAVAILABLE when the installed @sigstore/tuf has none, IO_ERROR */
export function publicGoodSeed(): Promise<Seed> {
  return (read ??= readSeed());
}

async function readSeed(): Promise<Seed> {
  const manifest = createRequire(__filename).resolve('@sigstore/tuf/package.json');
  const file = path.join(path.dirname(manifest), 'seeds.json');
  const [seeds, { version }] = await Promise.all([readJson(file) as Promise<SeedFile>, readJson(manifest) as Promise<{ version: string }>]);
  const seed = seeds[PUBLIC_GOOD];
  const trustedRoot = seed?.targets['trusted_root.json'];
  if (seed === undefined || trustedRoot === undefined) throw new ProofError('TRUST_UNAVAILABLE', `${file} holds no trust root of ${PUBLIC_GOOD}`);
  const tufRoot = Buffer.from(seed['root.json'], 'base64');
  return { tufRoot, trustedRoot: Buffer.from(trustedRoot, 'base64'), name: `@sigstore/tuf ${version}`, issued: issueTime(tufRoot) };
}

const readJson = async (file: string): Promise<unknown> => parseJson(await readFile(file), file);

/**
 * A TUF root does not say when it was signed, but when it expires and, by tuf-on-ci (which makes the public-good repository), for how many days it
 * was to be valid.
 */
function issueTime(tufRoot: Buffer): Date {
  const { signed } = parseJson(tufRoot, 'root.json') as { signed: { expires: string; 'x-tuf-on-ci-expiry-period'?: number } };
  const days = signed['x-tuf-on-ci-expiry-period'] ?? 0;
  return new Date(Date.parse(signed.expires) - days * 24 * 3600 * 1000);
}
