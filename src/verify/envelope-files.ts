import { count, formatBytes } from '../model/report';
import type { Check, RefusalCode } from '../model/verdict';
import { failed, NameList, passed, unchecked } from './check';

/** One file that the envelope names, as it is on disk. */
export interface FileOnDisk {
  readonly name: string;
  readonly sha256: string;
  readonly found: { readonly size: number; readonly sha256: string } | { readonly problem: 'missing' | 'unprovable'; readonly message: string };
}

export interface EnvelopeFiles {
  readonly files: readonly FileOnDisk[];
  /** What `bundle.merkleRoot` is, and what it must be; undefined when the envelope has none. */
  readonly merkleRoot: { readonly stated: string; readonly actual: string } | undefined;
}

/** Every file that the envelope names is there as it says, and the Merkle root is that of the bundle. */
export function checkEnvelopeFiles({ files, merkleRoot }: EnvelopeFiles): Check<'subjects'> {
  const wrong = differences(files);
  if (wrong !== undefined) return wrong;
  if (merkleRoot !== undefined && merkleRoot.stated !== merkleRoot.actual) {
    return failed('subjects', 'ENVELOPE_MISMATCH', `/bundle/merkleRoot is not the Merkle root of the bundle's files, ${merkleRoot.actual}`, { field: '/bundle/merkleRoot', expected: merkleRoot.actual });
  }
  const bytes = files.reduce((sum, { found }) => sum + ('size' in found ? found.size : 0), 0);
  return passed('subjects', `${count(files.length, 'file')}, ${formatBytes(bytes)}: each as the envelope says`, { files: files.length, bytes });
}

function differences(files: readonly FileOnDisk[]): Check<'subjects'> | undefined {
  const lists: [RefusalCode, string, NameList][] = [
    ['SUBJECT_MISMATCH', 'not as proved', new NameList()],
    ['SUBJECT_MISMATCH', 'cannot be proved', new NameList()],
    ['SUBJECT_MISSING', 'missing', new NameList()],
  ];
  for (const { name, sha256, found } of files) {
    if ('sha256' in found) {
      if (found.sha256 !== sha256) lists[0]?.[2].add(name);
    } else if (found.problem === 'missing') lists[2]?.[2].add(name);
    else lists[1]?.[2].add(found.message);
  }
  const wrong = lists.filter(([, , names]) => names.total > 0);
  const [first] = wrong;
  if (first === undefined) return undefined;
  const [mismatched, unprovable, missing] = lists.map(([, , names]) => names.shown);
  return failed('subjects', first[0], wrong.map(([, what, names]) => `${what}: ${names.toString()}`).join('; '), { mismatched, unprovable, missing });
}

/** What was found out about the evidence. */
export interface EvidenceOnDisk {
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Every file of the evidence is as the envelope says, with its lines and its quote. What was not looked at is said. */
export function checkEvidence(found: readonly EvidenceOnDisk[]): Check<'evidence'> {
  const problems = NameList.of(found.flatMap((entry) => entry.problems));
  if (problems.total > 0) return failed('evidence', 'EVIDENCE_MISMATCH', problems.shown.join('; '), { problems: problems.shown });
  const notes = NameList.of(found.flatMap((entry) => entry.notes));
  if (found.length === 0) return unchecked('evidence', 'the envelope names none');
  const checked = found.filter((entry) => entry.notes.length === 0).length;
  if (checked === found.length) return passed('evidence', `${count(found.length, 'file')}: each as the envelope says`);
  return unchecked('evidence', `${checked > 0 ? `${checked} of ${found.length} as the envelope says; ` : ''}${notes.shown.join('; ')}`, { unchecked: notes.shown });
}
