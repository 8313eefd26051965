import type { ProofEnvelope } from '../../model/types';
import type { Check } from '../../model/verdict';
import { checkEnvelopeFiles, checkEvidence } from '../../verify';
import type { Session } from '../session';
import { lookAtEvidence } from './evidence';
import { bundleRoot, digestFiles, namedFiles } from './files';
import { locateUri, type Bounds } from './locate';

/**
 * Digests the files that the envelope names, and compares.
 * @throws ProofError as namedFiles and digestFiles do
 */
export async function inspectFiles(session: Session, bounds: Bounds, envelope: ProofEnvelope): Promise<Check<'subjects'>> {
  const named = await namedFiles(bounds, envelope);
  const answers = await digestFiles(session, named.map(({ file }) => file));
  const files = named.flatMap(({ file: { name }, sha256 }, index) => {
    const found = answers[index];
    return found === undefined ? [] : [{ name, sha256, found }];
  });
  return checkEnvelopeFiles({ files, merkleRoot: await merkleRootOf(bounds, envelope) });
}

async function merkleRootOf(bounds: Bounds, { bundle }: ProofEnvelope): Promise<{ stated: string; actual: string } | undefined> {
  if (bundle?.merkleRoot === undefined) return undefined;
  const leaves = await Promise.all(bundle.files.map(async ({ uri, sha256 }) => ({ name: (await locateUri(bounds, uri)).name, sha256 })));
  return { stated: bundle.merkleRoot, actual: bundleRoot(leaves) };
}

/** @throws ProofError as lookAtEvidence does */
export async function inspectEvidence(session: Session, bounds: Bounds, { evidence }: ProofEnvelope): Promise<Check<'evidence'>> {
  return checkEvidence(await lookAtEvidence(session, bounds, evidence));
}
