import pLimit from 'p-limit';
import { ProofError } from '../../errors';
import { sha256Hex } from '../../model/digest';
import { QuoteScanner } from '../../model/quote';
import type { Evidence } from '../../model/types';
import type { Session } from '../session';
import { digestFiles, scanFile, type FileAnswer } from './files';
import { locateEvidence, type Bounds, type LocatedFile } from './locate';

type FileEvidence = Extract<Evidence, { type: 'file' }>;

/** What was found out about one entry of the evidence. */
export interface EvidenceFinding {
  /** The path or URL. */
  readonly name: string;
  /** What is wrong with it. */
  readonly problems: readonly string[];
  /** What could not be checked. */
  readonly notes: readonly string[];
  /** Of a file that can be read. */
  readonly sha256?: string;
  readonly file?: LocatedFile;
}

/** Files of evidence that are read at a time. */
const AT_A_TIME = 8;

/** Evidence whose digest may still be to be found out. */
export type EvidenceInput = Evidence | (Omit<FileEvidence, 'blobSha256'> & { readonly blobSha256?: string });

/**
 * Looks at every entry: files are digested and searched for their quotes, several at a time; of URLs nothing is fetched.
 * @param first where relative paths start, see locateEvidence
 * @throws ProofError PATH_OUTSIDE, ARTIFACT_NAME, IO_ERROR, FILE_CHANGED, ABORTED
 */
export function lookAtEvidence(session: Session, bounds: Bounds, evidence: readonly EvidenceInput[], first: 'root' | 'cwd' = 'root'): Promise<EvidenceFinding[]> {
  const limit = pLimit(AT_A_TIME);
  return Promise.all(evidence.map((entry) => limit(() => (entry.type === 'url' ? Promise.resolve(lookAtUrl(entry)) : lookAtFile(session, entry, locateEvidence(bounds, entry.path, first))))));
}

function lookAtUrl(entry: Extract<Evidence, { type: 'url' }>): EvidenceFinding {
  const pinned = entry.snapshot === undefined ? 'has no snapshot, so nothing pins what it said' : `is not fetched; its snapshot is sha256:${entry.snapshot.bodySha256}`;
  return { name: entry.href, problems: quoteProblems(entry), notes: [`${entry.href} ${pinned}`] };
}

async function lookAtFile(session: Session, entry: Exclude<EvidenceInput, { type: 'url' }>, located: Promise<LocatedFile>): Promise<EvidenceFinding> {
  const { path: name, lines, quote, blobSha256 } = entry;
  const file = await located;
  const { digest, problems } = lines === undefined && quote === undefined ? { digest: await digestAlone(session, file), problems: [] } : await search(session, file, entry);
  const found = [...quoteProblems(entry), ...problems];
  const notes = entry.quoteSha256 !== undefined && quote === undefined ? [`${name} has a quoteSha256 without the quote, so it is not looked for`] : [];
  if ('problem' in digest) return { name, problems: [digest.problem === 'missing' ? `${name} is missing` : digest.message], notes, file };
  if (blobSha256 !== undefined && digest.sha256 !== blobSha256) found.unshift(`${name} has the sha256 ${digest.sha256}, not ${blobSha256}`);
  return { name, problems: found, notes, sha256: digest.sha256, file };
}

async function digestAlone(session: Session, file: LocatedFile): Promise<FileAnswer> {
  const [digest] = await digestFiles(session, [file]);
  if (digest === undefined) throw new ProofError('INTERNAL', `${file.name} was not digested`);
  return digest;
}

async function search(session: Session, file: LocatedFile, { path: name, lines, quote }: Pick<FileEvidence, 'path' | 'lines' | 'quote'>): Promise<{ digest: FileAnswer; problems: string[] }> {
  if (lines !== undefined && lines.start > lines.end) return { digest: await digestAlone(session, file), problems: [`${name}: lines ${lines.start} to ${lines.end} are none`] };
  const found = await scanFile(session, file, new QuoteScanner({ lines, quote }));
  const where = lines === undefined ? '' : ` in the lines ${lines.start} to ${lines.end}`;
  const isShort = lines !== undefined && found.quote.lines < lines.end;
  const problems = isShort ? [`${name} has ${found.quote.lines} lines, and line ${lines.end} is named`] : found.quote.isFound ? [] : [`${name} does not have the quote${where}`];
  return { digest: found.digest, problems };
}

function quoteProblems(entry: EvidenceInput): string[] {
  const { quote, quoteSha256 } = entry;
  if (quote === undefined || quoteSha256 === undefined || sha256Hex(quote) === quoteSha256) return [];
  return [`${entry.type === 'file' ? entry.path : entry.href}: quoteSha256 is not the sha256 of the quote`];
}
