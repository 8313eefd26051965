import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { ProofError } from '../../errors';
import { compareBytes } from '../../model/digest';

export const ENVELOPE_SUFFIX = '.proof.json';
/** Folders whose envelopes are not for cortex-proofs: proofs of Nx targets, caches, git's own, other people's packages. */
const SKIPPED: ReadonlySet<string> = new Set(['.proof', '.nx', '.git', 'node_modules']);

/**
 * The envelopes below a folder in byte order of their paths, as absolute native ones. One folder per level is held in memory; links are not followed.
 * @throws ProofError ABORTED; a system error for a folder that cannot be read
 */
export async function* discoverEnvelopes(folder: string, signal: AbortSignal): AsyncGenerator<string> {
  if (signal.aborted) throw new ProofError('ABORTED', `interrupted before ${folder} was searched`);
  for (const name of await namesIn(folder)) {
    if (name.endsWith('/')) yield* discoverEnvelopes(path.join(folder, name.slice(0, -1)), signal);
    else yield path.join(folder, name);
  }
}

/** Envelopes, and folders with a final `/`, which puts them where their files belong. */
async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : [`${entry.name}/`];
    return entry.isFile() && entry.name.endsWith(ENVELOPE_SUFFIX) ? [entry.name] : [];
  });
  return names.sort(compareBytes);
}
