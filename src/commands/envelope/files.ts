import pLimit from 'p-limit';
import { isProofError, ProofError } from '../../errors';
import { readFile } from '../../hash';
import { MerkleTree, compareBytes, type FileDigest } from '../../model/digest';
import type { QuoteScanner} from '../../model/quote';
import { type QuoteFinding } from '../../model/quote';
import type { ProofEnvelope } from '../../model/types';
import type { Session } from '../session';
import { locateUri, type Bounds, type LocatedFile } from './locate';

/** So many files are asked for at a time; the hasher reads as many of them as it is set to. */
const FILES_AT_A_TIME = 64;

/** A file that an envelope names, with the digest that it says. */
export interface NamedFile {
  readonly file: LocatedFile;
  readonly sha256: string;
  /** Where in the envelope it is named. */
  readonly field: string;
}

/** What became of a file: its digest, or why it is none that could be proved. */
export type FileAnswer = FileDigest | { readonly problem: 'missing' | 'unprovable'; readonly message: string; readonly error: ProofError };

/**
 * The artifact and the files of the bundle, in the order of the envelope; one that names the artifact again is left out.
 * @throws ProofError ENVELOPE_INVALID when two entries name one file, or the artifact is a folder; PATH_OUTSIDE, ARTIFACT_NAME
 */
export async function namedFiles(bounds: Bounds, { artifact, bundle }: ProofEnvelope): Promise<NamedFile[]> {
  if (artifact.uri.endsWith('/')) {
    throw new ProofError('ENVELOPE_INVALID', `/artifact/uri names a folder, ${artifact.uri}: this is the envelope of an Nx target, for "nx-proof verify"`, { details: { field: '/artifact/uri' } });
  }
  const first: NamedFile = { file: await locateUri(bounds, artifact.uri), sha256: artifact.contentHash.hex, field: '/artifact' };
  const entries = await Promise.all((bundle?.files ?? []).map(async ({ uri, sha256 }, index) => ({ file: await locateUri(bounds, uri), sha256, field: `/bundle/files/${index}` })));
  const seen = new Map<string, string>();
  for (const { file, field } of entries) {
    const other = seen.get(file.name);
    if (other !== undefined) throw new ProofError('ENVELOPE_INVALID', `${field} names the file of ${other}: ${file.name}`, { details: { field } });
    seen.set(file.name, field);
  }
  return [first, ...entries.filter(({ file, sha256 }) => file.name !== first.file.name || sha256 !== first.sha256)];
}

/** RFC 6962 root over the leaves `path NUL sha256` of the bundle's files, in byte order of their names. */
export function bundleRoot(files: readonly { readonly name: string; readonly sha256: string }[]): string {
  const tree = new MerkleTree();
  for (const { name, sha256 } of [...files].sort((a, b) => compareBytes(a.name, b.name))) tree.add(`${name}\0${sha256}`);
  return tree.root();
}

/**
 * Digests each file, several at a time; one that is missing or no regular file hides none of the others. In the order given.
 * @throws ProofError IO_ERROR, FILE_CHANGED, ABORTED
 */
export function digestFiles(session: Session, files: readonly LocatedFile[]): Promise<FileAnswer[]> {
  const limit = pLimit(FILES_AT_A_TIME);
  return Promise.all(files.map((file) => limit(() => answerOf(() => digestFile(session, file)))));
}

async function digestFile({ hasher, env }: Session, { base, path }: LocatedFile): Promise<FileDigest> {
  for await (const digest of hasher.hash(base, [path], { signal: env.signal })) return digest;
  throw new ProofError('INTERNAL', `${path} was not hashed`);
}

/** Digests a file and looks for a quote in it, in one reading. */
export async function scanFile({ env }: Session, { base, path }: LocatedFile, scanner: QuoteScanner): Promise<{ digest: FileAnswer; quote: QuoteFinding }> {
  const digest = await answerOf(() => readFile(base, path, { signal: env.signal }, (chunk) => { scanner.add(chunk); }));
  return { digest, quote: scanner.end() };
}

const GONE: readonly unknown[] = ['ENOENT', 'ENOTDIR'];
const UNPROVABLE: readonly string[] = ['ARTIFACT_SYMLINK', 'ARTIFACT_KIND'];

async function answerOf(digest: () => Promise<FileDigest>): Promise<FileAnswer> {
  try {
    return await digest();
  } catch (error) {
    if (!isProofError(error)) throw error;
    if (error.code === 'IO_ERROR' && GONE.includes(error.details['errno'])) return { problem: 'missing', message: error.message, error };
    if (UNPROVABLE.includes(error.code)) return { problem: 'unprovable', message: `${error.message} (${error.code})`, error };
    throw error;
  }
}
