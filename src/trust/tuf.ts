import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProofError, isProofError } from '../errors';
import type { Download } from './download';
import { readSigned, rolledBack, summarise, type TufState } from './metadata';
import { MAX_TRUSTED_ROOT_BYTES, checkTrustedRoot } from './trusted-root';

const TARGET = 'trusted_root.json';
/** A name that is never looked up: all reading goes through `Download`. */
const BASE = 'https://repository.invalid';
const MAX_NEW_ROOTS = 256;
const MAX_ROOT_BYTES = 512_000;

export interface TufUpdate {
  /** The root.json that is believed beforehand. */
  readonly anchor: Buffer;
  /** What was verified before: versions may only grow from there. */
  readonly previous: TufState | undefined;
  readonly download: Download;
  /** An empty folder that nobody else reads. */
  readonly folder: string;
  readonly now: Date;
}

/**
 * Follows the client workflow of the TUF specification (section 5) by tuf-js, in a folder of its own: tuf-js writes its files one by one and without
 * a lock, so that they must never be what another process reads.
 * @throws ProofError TRUST_REFUSED for metadata that does not verify, is expired, or older than `previous`; what `download` throws
 */
export async function updateTuf(update: TufUpdate): Promise<TufState> {
  const { anchor, previous, folder } = update;
  const trusted = previous?.roots.at(-1) ?? anchor;
  const roots = await newerRoots(readSigned(trusted, 'root.json', 'TRUST_REFUSED').version, update.download);
  const metadataFolder = path.join(folder, 'metadata');
  await prepare(metadataFolder, trusted, previous);
  const trustedRoot = await runTuf(update, metadataFolder, roots);
  const state: TufState = { roots: [...(previous?.roots ?? []), ...roots.values()], metadata: await readMetadata(metadataFolder), trustedRoot };
  requireCurrent(update, state);
  checkTrustedRoot(trustedRoot, `${TARGET} of the TUF repository`, 'TRUST_REFUSED');
  return state;
}

/** Every root.json after `version`, by name, unverified: until the repository has no more (section 5.3). */
async function newerRoots(version: number, download: Download): Promise<Map<string, Buffer>> {
  const roots = new Map<string, Buffer>();
  for (let next = version + 1; ; next += 1) {
    const name = `${next}.root.json`;
    const bytes = await download(name, MAX_ROOT_BYTES);
    if (bytes === undefined) return roots;
    roots.set(name, bytes);
    if (roots.size > MAX_NEW_ROOTS) throw refused(`it has more than ${MAX_NEW_ROOTS} new roots`);
  }
}

async function prepare(folder: string, root: Buffer, previous: TufState | undefined): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await writeFile(path.join(folder, 'root.json'), root);
  // Delegated roles are fetched each time they are needed: what is not needed any more must not stay.
  for (const name of ['timestamp.json', 'snapshot.json', 'targets.json']) {
    const bytes = previous?.metadata.get(name);
    if (bytes !== undefined) await writeFile(path.join(folder, name), bytes);
  }
}

async function runTuf({ previous, folder, download }: TufUpdate, metadataDir: string, roots: ReadonlyMap<string, Buffer>): Promise<Buffer> {
  // Loading tuf-js takes 50 to 150 ms: only who refreshes pays for it.
  const { Updater } = await import('tuf-js');
  const fetcher = new RepositoryFetcher(folder, download, roots, previous);
  const target = path.join(folder, TARGET);
  if (previous !== undefined) await writeFile(target, previous.trustedRoot);
  try {
    const config = { maxRootRotations: roots.size };
    const updater = new Updater({ metadataDir, metadataBaseUrl: BASE, targetBaseUrl: `${BASE}/targets`, fetcher, config });
    const info = await updater.getTargetInfo(TARGET);
    if (info === undefined) throw refused(`it has no ${TARGET}`);
    if (info.length > MAX_TRUSTED_ROOT_BYTES) throw refused(`its ${TARGET} has ${info.length} bytes; at most ${MAX_TRUSTED_ROOT_BYTES} are read`);
    const file = (await updater.findCachedTarget(info, target)) ?? (await updater.downloadTarget(info, target));
    return await readFile(file);
  } catch (error) {
    // tuf-js wraps what its fetcher throws into errors of its own.
    throw fetcher.failure ?? (isProofError(error) ? error : refused(error instanceof Error ? error.message : String(error), error));
  }
}

/** tuf-js's port to the repository. */
class RepositoryFetcher {
  /** Why a download failed. */
  failure: ProofError | undefined;
  readonly #folder: string;
  readonly #download: Download;
  readonly #roots: ReadonlyMap<string, Buffer>;
  readonly #oldest: number;

  constructor(folder: string, download: Download, roots: ReadonlyMap<string, Buffer>, previous: TufState | undefined) {
    this.#folder = folder;
    this.#download = download;
    this.#roots = roots;
    this.#oldest = versionOf(previous?.metadata.get('timestamp.json'));
  }

  async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    try {
      const name = url.slice(BASE.length + 1);
      const bytes = this.#roots.get(name) ?? (await this.#download(name, maxLength));
      // As likely a proxy that answers in the repository's place.
      if (bytes === undefined) throw new ProofError('NETWORK_ERROR', `the TUF repository has no ${name}`, { details: { name } });
      if (bytes.length > maxLength) throw refused(`its ${name} has ${bytes.length} bytes; at most ${maxLength} are expected`);
      if (name === 'timestamp.json' && versionOf(bytes) < this.#oldest) throw refused(`its timestamp.json went back from version ${this.#oldest} to ${versionOf(bytes)}`);
      return bytes;
    } catch (error) {
      this.failure = isProofError(error) ? error : new ProofError('NETWORK_ERROR', `${url}: ${String(error)}`, { cause: error });
      throw this.failure;
    }
  }

  async downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T> {
    const file = path.join(this.#folder, 'download');
    await writeFile(file, await this.downloadBytes(url, maxLength));
    return handler(file);
  }
}

const versionOf = (timestamp: Buffer | undefined): number => (timestamp === undefined ? 0 : readSigned(timestamp, 'timestamp.json', 'TRUST_REFUSED').version);

async function readMetadata(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = (await readdir(folder)).filter((name) => name !== 'root.json').sort();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))] as const)));
}

/** What tuf-js checks by its own clock, and against files that it ignores when they are damaged, is checked here once more for all roles. */
function requireCurrent({ anchor, previous, now }: TufUpdate, state: TufState): void {
  const after = summarise(state, anchor);
  if (after.expires <= now) throw refused(`its metadata expired at ${after.expires.toISOString()}`);
  if (previous === undefined) return;
  const before = summarise(previous, anchor);
  const role = rolledBack(before.versions, after.versions);
  if (role !== undefined) throw refused(`its ${role}.json went back from version ${before.versions[role]} to ${after.versions[role]} (if that is meant, "nx-proof trust clear" forgets what is known)`);
}

function refused(why: string, cause?: unknown): ProofError {
  return new ProofError('TRUST_REFUSED', `the TUF repository is refused: ${why}`, { cause, details: { why } });
}
