import { ProofError, isProofError } from '../errors';
import { lstatIfExists, readDocument } from '../files';
import { readFrom, replay, type Download } from './download';
import { decodeEntry } from './entry';
import { readSigned } from './metadata';
import type { TufSource } from './source';

/** What somebody brought from elsewhere; verified like anything else that claims to be of the source. */
export interface Import {
  readonly download: Download;
  /** When it was fetched, as far as is said. */
  readonly fetchedAt: Date;
}

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * A cache entry of another machine, or a folder with a copy of the TUF repository.
 * @param from absolute native path
 * @throws ProofError TRUST_IMPORT_INVALID for anything else, or for what is of another source
 */
export async function openImport(from: string, source: TufSource, now: Date): Promise<Import> {
  const stats = await lstatIfExists(from);
  if (stats?.isDirectory() === true) return { download: complete(readFrom(from), from), fetchedAt: now };
  const bytes = await readDocument(from, { missing: 'TRUST_IMPORT_INVALID', what: 'import', maxBytes: MAX_BYTES });
  try {
    const { state, fetchedAt } = decodeEntry(bytes, source, undefined);
    return { download: replay(state, readSigned(source.anchor, 'root.json').version + 1), fetchedAt };
  } catch (error) {
    if (!isProofError(error)) throw error;
    const message = `${from} cannot be imported as a cache entry of ${source.mirror}: ${error.message}. A trusted_root.json is named by trust.root.file of the policy instead`;
    throw new ProofError('TRUST_IMPORT_INVALID', message, { cause: error, details: { file: from } });
  }
}

function complete(download: Download, folder: string): Download {
  return async (name, maxBytes) => {
    const bytes = await download(name, maxBytes);
    if (bytes === undefined && !name.endsWith('.root.json')) {
      throw new ProofError('TRUST_IMPORT_INVALID', `${folder} is no copy of a TUF repository: it has no ${name}`, { details: { folder, name } });
    }
    return bytes;
  };
}
